package transport

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

func TestMozillaRoots(t *testing.T) {
	pool, trusted, limited := MozillaRoots(), 0, 0
	for root := range bundle.Roots() {
		cert, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			continue
		}
		if root.Constraint != nil {
			limited++
			continue
		}
		_, err = cert.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: cert.NotBefore.Add(time.Hour), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		if err != nil {
			t.Errorf("%s: %v", cert.Subject, err)
			continue
		}
		trusted++
	}
	if trusted <= 100 {
		t.Errorf("%d roots are trusted", trusted)
	}
	t.Logf("%d roots, and %d with a constraint", trusted, limited)
	if pool != MozillaRoots() || New(Options{}).Roots() != pool {
		t.Error("made more than once")
	}
	if own := testCA.pool(); New(Options{Roots: own}).Roots() != own {
		t.Error("the given roots are not used")
	}
}

func TestRootConstraint(t *testing.T) {
	leaf := must(x509.ParseCertificate(testCA.server("portal.test").Certificates[0].Certificate[0]))
	refused := errors.New("issued too late")
	for name, c := range map[string]struct {
		constraint func([]*x509.Certificate) error
		ok         bool
	}{
		"none":      {nil, true},
		"fulfilled": {func([]*x509.Certificate) error { return nil }, true},
		"broken": {func(chain []*x509.Certificate) error {
			if len(chain) == 0 || !chain[0].Equal(leaf) {
				t.Errorf("asked about a chain of %d", len(chain))
			}
			return refused
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			pool := poolOf(listOf(bundle.Root{Certificate: []byte("damaged")}, bundle.Root{Certificate: testCA.cert.Raw, Constraint: c.constraint}))
			if _, err := leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: "portal.test"}); (err == nil) != c.ok {
				t.Error(err)
			}
		})
	}
}

func listOf(roots ...bundle.Root) iter.Seq[bundle.Root] { return slices.Values(roots) }

func TestNoProcessWideRoots(t *testing.T) {
	if processWideRoots {
		t.Error("roots were set for the whole process")
	}
}

// SetFallbackRoots panics if it was called before, as the package beside the bundle does.
func hasProcessWideRoots() (has bool) {
	defer func() { has = recover() != nil }()
	x509.SetFallbackRoots(x509.NewCertPool())
	return false
}

func TestParseRoots(t *testing.T) {
	one, two := string(testCA.pem()), string(newAuthority().pem())
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("secret")}))
	damaged := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("damaged")}))
	for name, c := range map[string]struct {
		in   string
		want int
		bad  bool
	}{
		"one":                  {in: one, want: 1},
		"two":                  {in: one + two, want: 2},
		"text around":          {in: "# our CA\n" + one + "\nand\n" + two + "end", want: 2},
		"Windows line ends":    {in: strings.ReplaceAll(one, "\n", "\r\n"), want: 1},
		"a key beside":         {in: key + one, want: 1},
		"empty":                {in: "", bad: true},
		"no PEM":               {in: "certificate", bad: true},
		"only a key":           {in: key, bad: true},
		"damaged":              {in: damaged, bad: true},
		"damaged after a good": {in: one + damaged, bad: true},
		"DER":                  {in: string(testCA.cert.Raw), bad: true},
		"cut off":              {in: one[:len(one)/2], bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			roots, err := ParseRoots([]byte(c.in))
			if len(roots) != c.want || (err != nil) != c.bad {
				t.Errorf("%d, %v", len(roots), err)
			}
			if c.bad && !strings.Contains(name, "damaged") && !errors.Is(err, ErrNoCertificate) {
				t.Error(err)
			}
			if err == nil && !Pool(roots).Equal(poolOf(func(yield func(bundle.Root) bool) {
				for _, root := range roots {
					yield(bundle.Root{Certificate: root.Raw})
				}
			})) {
				t.Error("the pool holds something else")
			}
		})
	}
}
