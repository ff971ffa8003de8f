//go:build nogui

package cli_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/cli"
)

// TestExporterOverTLS asserts that the exporter answers over https alone, and takes over files that are replaced under it.
func TestExporterOverTLS(t *testing.T) {
	f := startFleet(t, 1)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	listen, folder := freeAddress(t), t.TempDir()
	cert, key := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	write := func() *x509.Certificate {
		made, certPEM, keyPEM := selfSigned(t)
		for path, data := range map[string][]byte{key: keyPEM, cert: certPEM} {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return made
	}
	first := write()
	var stderr syncBuffer
	ended := make(chan cli.Exit, 1)
	go func() {
		ended <- cli.Run(ctx, "1.2.3", slices.Concat([]string{"--lang", "en", "exporter", "--portals", f.list, "--listen", listen, "--cert", cert, "--key", key}, f.flags),
			cli.IO{In: strings.NewReader(""), Out: io.Discard, Err: &stderr})
	}()
	for !strings.Contains(stderr.String(), "https://"+listen) {
		select {
		case exit := <-ended:
			t.Fatalf("exit %d: %s", exit, stderr.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	get := func(by *x509.Certificate) {
		t.Helper()
		roots := x509.NewCertPool()
		roots.AddCert(by)
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "exporter.test"}}}
		response, err := client.Get("https://" + listen + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if body, _ := io.ReadAll(response.Body); !strings.Contains(string(body), "boxready_exporter_portals 1") {
			t.Errorf("%s", body)
		}
	}
	get(first)
	second := write()
	get(second)
	if err := os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("half")}), 0o600); err != nil {
		t.Fatal(err)
	}
	get(second)
	get(second)
	if n := strings.Count(stderr.String(), "the old one stays"); n != 1 {
		t.Errorf("it is said %d times that the new files can't be used:\n%s", n, stderr.String())
	}
	if response, err := http.Get("http://" + listen + "/metrics"); err == nil {
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			t.Error("it answers without TLS, too")
		}
	}
	stop()
	if exit := <-ended; exit != cli.ExitOK {
		t.Errorf("exit %d: %s", exit, stderr.String())
	}
}

// selfSigned makes a certificate for exporter.test.
func selfSigned(t *testing.T) (made *x509.Certificate, cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"exporter.test"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	if made, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return made, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
}
