package server

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// certificate is a server's own, read again when its files have changed: it is renewed more often than the server is started.
type certificate struct {
	cert, key string // files
	log       *slog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate
	// State of the files that it was read from, and of those that couldn't be read.
	read, refused string
}

// TLS returns a configuration that serves a certificate and its key from PEM files. When they change and can't be used, the old ones
// stay, and log, which may be nil, says why.
func TLS(cert, key string, log *slog.Logger) (*tls.Config, error) {
	c := &certificate{cert: cert, key: key, log: cmp.Or(log, slog.New(slog.DiscardHandler))}
	if _, err := c.get(nil); err != nil {
		return nil, err
	}
	return &tls.Config{GetCertificate: c.get, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}, nil
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	state := stateOf(c.cert) + stateOf(c.key)
	if c.loaded != nil && state == c.read {
		return c.loaded, nil
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	switch {
	case err == nil:
		if c.loaded != nil {
			c.log.Info("certificate read again", "file", c.cert)
		}
		c.loaded, c.read = &pair, state
	case c.loaded == nil:
		return nil, fmt.Errorf("read the certificate: %w", err)
	case state != c.refused: // once, not at every connection
		c.refused = state
		c.log.Warn("the new certificate can't be used, the old one stays", "file", c.cert, "key", c.key, "error", err)
	}
	return c.loaded, nil // the old one, while the new one is only half written
}

// stateOf changes when a file does.
func stateOf(path string) string {
	file, err := os.Stat(path)
	if err != nil {
		return "none "
	}
	return fmt.Sprint(file.ModTime().UnixNano(), " ", file.Size(), " ")
}
