package server

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// certificate is the server's own, read again when its file has changed: it is renewed more often than the server is started.
type certificate struct {
	cert, key string // files

	mu       sync.Mutex
	loaded   *tls.Certificate
	modified time.Time // of the file
}

// TLS returns a configuration that serves a certificate and its key from PEM files.
func TLS(cert, key string) (*tls.Config, error) {
	c := &certificate{cert: cert, key: key}
	if _, err := c.get(nil); err != nil {
		return nil, err
	}
	return &tls.Config{GetCertificate: c.get, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}, nil
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	file, err := os.Stat(c.cert)
	if err == nil && c.loaded != nil && file.ModTime().Equal(c.modified) {
		return c.loaded, nil
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	switch {
	case err == nil:
		c.loaded, c.modified = &pair, file.ModTime()
	case c.loaded == nil:
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	return c.loaded, nil // the old one, while the new one is only half written
}
