package transport

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"iter"
	"sync"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// MozillaRoots are the certification authorities of Mozilla's list, with the limits that Mozilla puts on some of them.
// They represent what an application's server trusts; the operating system's store may also contain corporate roots,
// which application servers don't trust.
var MozillaRoots = sync.OnceValue(func() *x509.CertPool { return poolOf(bundle.Roots()) })

func poolOf(roots iter.Seq[bundle.Root]) *x509.CertPool {
	pool := x509.NewCertPool()
	for root := range roots {
		cert, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			continue // Go can't verify a chain with it either
		}
		if root.Constraint != nil {
			pool.AddCertWithConstraint(cert, root.Constraint)
			continue
		}
		pool.AddCert(cert)
	}
	return pool
}

// ErrNoCertificate means that a PEM text holds no certificate that can be read.
var ErrNoCertificate = errors.New("no certificate in it")

// ParseRoots reads a PEM text that holds one or more certificates.
func ParseRoots(text []byte) ([]*x509.Certificate, error) {
	var roots []*x509.Certificate
	for {
		var block *pem.Block
		block, text = pem.Decode(text)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(roots)+1, err)
		}
		roots = append(roots, cert)
	}
	if len(roots) == 0 {
		return nil, ErrNoCertificate
	}
	return roots, nil
}

// Pool makes a pool of certificates.
func Pool(roots []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, root := range roots {
		pool.AddCert(root)
	}
	return pool
}
