package checks

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"boxready/internal/lazyregexp"
	"boxready/internal/transport"
)

// Certificate is one of the certificates that a portal sends.
type Certificate struct {
	Subject      string    `json:"subject" hide:"subject"`
	Issuer       string    `json:"issuer" hide:"subject"`
	Names        []string  `json:"names,omitempty" hide:"host"`          // subject alternative names
	MoreNames    int       `json:"more_names,omitempty"`                 // that aren't in Names
	CommonName   string    `json:"common_name,omitempty" hide:"subject"` // used as the host name by old software
	NotBefore    time.Time `json:"not_before"`
	NotAfter     time.Time `json:"not_after"`
	Key          string    `json:"key"` // e.g. "RSA 2048"
	RSABits      int       `json:"rsa_bits,omitempty"`
	Signature    string    `json:"signature"` // algorithm
	SelfSigned   bool      `json:"self_signed,omitempty"`
	SerialNumber string    `json:"serial_number" hide:"certificate"`
	SHA256       string    `json:"sha256" hide:"certificate"` // of the DER form, hexadecimal
}

// Of more names, the first are enough. Texts are cut as those of answers are: the portal's server may send any.
const maxNames = 30

func describe(c *x509.Certificate) Certificate {
	sum := sha256.Sum256(c.Raw)
	d := Certificate{
		Subject: short(c.Subject.String()), Issuer: short(c.Issuer.String()), CommonName: short(c.Subject.CommonName),
		NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(), Signature: c.SignatureAlgorithm.String(),
		SelfSigned: isSelfSigned(c), SerialNumber: short(c.SerialNumber.Text(16)), SHA256: hex.EncodeToString(sum[:]),
	}
	for _, name := range c.DNSNames[:min(len(c.DNSNames), maxNames)] {
		d.Names = append(d.Names, short(name))
	}
	for _, ip := range c.IPAddresses[:min(len(c.IPAddresses), maxNames-len(d.Names))] {
		d.Names = append(d.Names, ip.String())
	}
	d.MoreNames = len(c.DNSNames) + len(c.IPAddresses) - len(d.Names)
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		d.RSABits = key.N.BitLen()
		d.Key = fmt.Sprintf("RSA %d", d.RSABits)
	case *ecdsa.PublicKey:
		d.Key = "ECDSA " + key.Curve.Params().Name
	case ed25519.PublicKey:
		d.Key = "Ed25519"
	default:
		d.Key = c.PublicKeyAlgorithm.String()
	}
	return d
}

func isSelfSigned(c *x509.Certificate) bool {
	if c.Subject.String() != c.Issuer.String() {
		return false
	}
	err := c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature)
	var insecure x509.InsecureAlgorithmError
	return err == nil || errors.As(err, &insecure)
}

// Trust is the result of verifying the chain, question by question: one fault must not hide another.
type Trust struct {
	Public bool `json:"public"`          // the chain leads to a public root; the dates of the portal's own certificate don't count
	Given  bool `json:"given,omitempty"` // it leads to a root that the user named
	// ExpiredIssuer is the subject of an expired intermediate that the chain needs.
	ExpiredIssuer string `json:"expired_issuer,omitempty" hide:"subject"`
	// EarlyIssuer is that of one that isn't valid yet.
	EarlyIssuer string    `json:"early_issuer,omitempty" hide:"subject"`
	NameMatches bool      `json:"name_matches"`
	DatesGood   bool      `json:"dates_good"` // of the portal's own certificate
	Weak        bool      `json:"weak,omitempty"`
	AIA         *AIAFacts `json:"aia,omitempty"`
}

func (t *Trust) good() bool {
	return t != nil && (t.Public || t.Given) && t.NameMatches && t.DatesGood && !t.Weak && t.ExpiredIssuer == "" && t.EarlyIssuer == ""
}

// AIAFacts are the result of fetching the issuer from the certificate's URL (Authority Information Access, RFC 5280,
// 4.2.2.1). It explains a failure but doesn't make the chain valid: the servers of applications don't fetch.
type AIAFacts struct {
	URL       string            `json:"url,omitempty" hide:"certificate"` // "": the certificate has none
	Failure   transport.Failure `json:"failure,omitempty"`
	Issuer    string            `json:"issuer,omitempty" hide:"subject"` // subject of the fetched certificate
	Completes bool              `json:"completes"`                       // with it, the chain leads to a public root
	Private   bool              `json:"private,omitempty"`               // it is a root that isn't public
}

// examine verifies the chain as an application's server would: public roots and only the intermediates that were sent.
func (env *Env) examine(ctx context.Context, chain []*x509.Certificate) *Trust {
	trust := env.examineCached(chain)
	if len(chain) > 0 && !trust.Public && !trust.Given && trust.ExpiredIssuer == "" {
		if last := lastLink(chain); !isSelfSigned(last) {
			trust.AIA = env.fetchIssuer(ctx, chain, last)
		}
	}
	return trust
}

// lastLink is the end of the chain that begins with the first certificate; see TLSSeen.lastLink.
func lastLink(chain []*x509.Certificate) *x509.Certificate {
	last := chain[0]
	for range chain {
		i := slices.IndexFunc(chain, func(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, last.RawIssuer) && !c.Equal(last) })
		if i < 0 || isSelfSigned(last) {
			break
		}
		last = chain[i]
	}
	return last
}

// examined is the cached result of examineOffline: all connections of a run get the same chain.
type examined struct {
	chain []*x509.Certificate
	trust Trust
}

// examineCached is examineOffline for the portal, once per chain and run.
func (env *Env) examineCached(chain []*x509.Certificate) *Trust {
	same := func(e examined) bool { return slices.EqualFunc(e.chain, chain, (*x509.Certificate).Equal) }
	env.mu.Lock()
	i := slices.IndexFunc(env.examined, same)
	if i >= 0 {
		defer env.mu.Unlock()
		trust := env.examined[i].trust
		return &trust
	}
	env.mu.Unlock()
	trust := env.examineOffline(chain, env.target.Address.Host, env.target.Trust)
	env.mu.Lock()
	defer env.mu.Unlock()
	env.examined = append(env.examined, examined{chain, *trust})
	return trust
}

// examineOffline is examine for any host, without fetching the issuer.
func (env *Env) examineOffline(chain []*x509.Certificate, host string, given []*x509.Certificate) *Trust {
	trust := &Trust{}
	if len(chain) == 0 {
		return trust
	}
	leaf, now := chain[0], env.now()
	trust.NameMatches = leaf.VerifyHostname(host) == nil
	trust.DatesGood = !outdated(leaf, now)
	within := clamp(now, leaf.NotBefore, leaf.NotAfter)
	trust.Public = leadsToRoot(chain, nil, env.net.Roots(), within)
	if len(given) > 0 {
		trust.Given = leadsToRoot(chain, nil, transport.Pool(given), within)
	}
	if !trust.Public && !trust.Given {
		path := outdatedPath(chain, nil, env.net.Roots(), now)
		trust.Public = path != nil
		if len(given) > 0 && path == nil {
			valid := slices.DeleteFunc(slices.Clone(given), func(c *x509.Certificate) bool { return outdated(c, now) })
			path = outdatedPath(chain, valid, transport.Pool(valid), now)
			trust.Given = path != nil
		}
		trust.noteIssuers(path, now)
	}
	trust.Weak = slices.ContainsFunc(chain, func(c *x509.Certificate) bool { d := describe(c); return d.weak(trust.Public) })
	return trust
}

// noteIssuers notes which of the issuers on the way to a root are outside their dates.
func (t *Trust) noteIssuers(path []*x509.Certificate, now time.Time) {
	for _, c := range path[min(len(path), 1):] {
		switch {
		case now.After(c.NotAfter):
			t.ExpiredIssuer = c.Subject.String()
		case now.Before(c.NotBefore):
			t.EarlyIssuer = c.Subject.String()
		}
	}
}

// maxSent is how many of the certificates that were sent are looked at; chains have two to four.
const maxSent = 10

// outdatedPath returns the certificates by which a chain leads to one of the roots apart from its dates, nil if it doesn't or all of
// them are within their dates. Each link is verified at a time of its own: there may be none at which all certificates are valid,
// e.g. when the issuer was renewed after the portal's certificate had ended.
func outdatedPath(chain, extra []*x509.Certificate, roots *x509.CertPool, now time.Time) []*x509.Certificate {
	issuers := append(slices.Clone(chain[1:min(len(chain), maxSent)]), extra...)
	var follow func(c *x509.Certificate) []*x509.Certificate
	follow = func(c *x509.Certificate) []*x509.Certificate {
		if leadsToRoot([]*x509.Certificate{c}, nil, roots, clamp(now, c.NotBefore, c.NotAfter)) {
			return []*x509.Certificate{c}
		}
		for i, issuer := range issuers {
			if issuer == nil || !bytes.Equal(issuer.RawSubject, c.RawIssuer) || c.CheckSignatureFrom(issuer) != nil {
				continue
			}
			issuers[i] = nil // each once: two may certify each other
			if path := follow(issuer); path != nil {
				return append([]*x509.Certificate{c}, path...)
			}
		}
		return nil
	}
	path := follow(chain[0])
	if !slices.ContainsFunc(path, func(c *x509.Certificate) bool { return outdated(c, now) }) {
		return nil // what keeps it from verifying isn't time
	}
	return path
}

func outdated(c *x509.Certificate, now time.Time) bool {
	return now.Before(c.NotBefore) || now.After(c.NotAfter)
}

// leadsToRoot reports whether the chain, with the extra certificates, leads to one of the roots at the given time. The name is
// not checked.
func leadsToRoot(chain, extra []*x509.Certificate, roots *x509.CertPool, at time.Time) bool {
	intermediates := transport.Pool(append(slices.Clone(chain[1:]), extra...))
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: at})
	return err == nil
}

const (
	aiaTimeout  = 6 * time.Second
	maxAIABytes = 64 << 10
)

// fetchIssuer fetches the issuer of the chain's last certificate, one hop only.
func (env *Env) fetchIssuer(ctx context.Context, chain []*x509.Certificate, last *x509.Certificate) *AIAFacts {
	i := slices.IndexFunc(last.IssuingCertificateURL, func(s string) bool {
		u, err := url.Parse(s)
		return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
	})
	if i < 0 {
		return &AIAFacts{}
	}
	facts := &AIAFacts{URL: last.IssuingCertificateURL[i]}
	issuer, err := env.fetchCertificate(ctx, facts.URL)
	if err != nil {
		facts.Failure = transport.FailureOf(err)
		return facts
	}
	facts.Issuer = issuer.Subject.String()
	now, with := env.now(), []*x509.Certificate{issuer}
	within := clamp(now, chain[0].NotBefore, chain[0].NotAfter)
	facts.Completes = leadsToRoot(chain, with, env.net.Roots(), within) || !outdated(issuer, now) && outdatedPath(chain, with, env.net.Roots(), now) != nil
	facts.Private = !facts.Completes && isSelfSigned(issuer) && leadsToRoot(chain, nil, transport.Pool(with), within)
	return facts
}

func (env *Env) fetchCertificate(ctx context.Context, from string) (*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, aiaTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, err
	}
	client := env.net.HTTPClient()
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	der, err := io.ReadAll(io.LimitReader(response.Body, maxAIABytes))
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(der); block != nil {
		der = block.Bytes
	}
	return x509.ParseCertificate(der)
}

// Go verifies an RSA key of 1024 bits without complaint, and reports SHA-1 as something else; other TLS stacks refuse both. If
// the chain leads to a public root nevertheless, a SHA-1 certificate sent along isn't part of it.
func (c *Certificate) weak(public bool) bool {
	return c.RSABits > 0 && c.RSABits < 2048 || !public && c.weakSignature()
}

func (c *Certificate) weakSignature() bool {
	// A root's own signature is never checked.
	return !c.SelfSigned && (strings.Contains(c.Signature, "SHA1") || strings.Contains(c.Signature, "MD5") || strings.Contains(c.Signature, "MD2"))
}

// nationalCAs issue certificates that browsers and servers outside their country don't trust.
var nationalCAs = []namedIssuer{
	{"Russian Trusted Root CA", lazyregexp.New(`(?i)russian trusted (root|sub) ca`)},
	{"Минцифры России", lazyregexp.New(`(?i)минцифры россии|the ministry of digital development and communications`)},
	{"НУЦ Республики Казахстан", lazyregexp.New(`(?i)ұлттық куәландырушы|qaznet|национальный удостоверяющий центр|information security certification authority`)},
	{"ГосСУОК", lazyregexp.New(`(?i)корневой удостоверяющий центр госсуок|республиканский удостоверяющий центр`)},
}

// interceptors are products that replace certificates. The issuer names them; short names need word boundaries.
var interceptors = slices.Concat(securityPrograms, gateways)

// securityPrograms run on the computer whose connections they open.
var securityPrograms = []namedIssuer{
	{"Kaspersky", lazyregexp.New(`(?i)kaspersky`)},
	{"ESET", lazyregexp.New(`\bESET\b`)},
	{"Dr.Web", lazyregexp.New(`(?i)\bdr\.? ?web\b|doctor web`)},
	{"Avast", lazyregexp.New(`(?i)\bavast\b`)},
	{"AVG", lazyregexp.New(`\bAVG\b`)},
	{"Bitdefender", lazyregexp.New(`(?i)bitdefender`)},
	{"AdGuard", lazyregexp.New(`(?i)adguard`)},
	{"mitmproxy", lazyregexp.New(`(?i)mitmproxy`)},
	{"Fiddler", lazyregexp.New(`(?i)do_not_trust_fiddler`)},
	{"Burp", lazyregexp.New(`(?i)portswigger`)},
	{"Charles", lazyregexp.New(`(?i)charles proxy`)},
}

// gateways are on the way from the network to the internet.
var gateways = []namedIssuer{
	{"Fortinet", lazyregexp.New(`(?i)fortinet|fortigate`)},
	{"Zscaler", lazyregexp.New(`(?i)zscaler`)},
	{"Check Point", lazyregexp.New(`(?i)\bcheck ?point\b`)},
	{"UserGate", lazyregexp.New(`(?i)usergate`)},
	{"Palo Alto Networks", lazyregexp.New(`(?i)\bpalo ?alto\b|\bPAN-OS\b`)},
	{"Sophos", lazyregexp.New(`(?i)\bsophos\b`)},
	{"Cisco Umbrella", lazyregexp.New(`(?i)cisco umbrella|\bcisco\b.*(umbrella|secure access|ironport)`)},
	{"Netskope", lazyregexp.New(`(?i)netskope|goskope`)},
	{"Forcepoint", lazyregexp.New(`(?i)forcepoint|websense`)},
	{"McAfee / Skyhigh Web Gateway", lazyregexp.New(`(?i)mcafee|skyhigh`)},
	{"Blue Coat", lazyregexp.New(`(?i)blue ?coat`)},
	{"Barracuda", lazyregexp.New(`(?i)barracuda`)},
	{"SonicWall", lazyregexp.New(`(?i)sonicwall`)},
	{"WatchGuard", lazyregexp.New(`(?i)watchguard`)},
	{"Kerio Control", lazyregexp.New(`(?i)\bkerio\b`)},
	{"SkyDNS", lazyregexp.New(`(?i)skydns`)},
	{"Solar webProxy", lazyregexp.New(`(?i)solar (dozor|webproxy)`)},
	{"Traffic Inspector", lazyregexp.New(`(?i)traffic inspector|smart-soft`)},
	{"Ideco", lazyregexp.New(`(?i)\bideco\b`)},
	{"Squid", lazyregexp.New(`(?i)\bsquid\b`)},
}

// runsHere reports whether an interceptor is a program on this computer.
func runsHere(interceptor string) bool {
	return slices.ContainsFunc(securityPrograms, func(p namedIssuer) bool { return p.name == interceptor })
}

// namedIssuer is identified by the issuer of a certificate.
type namedIssuer struct {
	name   string
	issuer func() *regexp.Regexp
}

// nameIn looks for one of them among the issuers of all certificates that were sent.
func nameIn(chain []Certificate, known []namedIssuer) string {
	for _, c := range chain {
		for _, k := range known {
			if k.issuer().MatchString(c.Issuer) {
				return k.name
			}
		}
	}
	return ""
}

func clamp(t, from, until time.Time) time.Time { return earlier(later(t, from), until) }

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
