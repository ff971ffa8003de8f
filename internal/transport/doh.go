package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Public resolvers that speak DNS over HTTPS (RFC 8484), asked in this order until one answers: Google's
// (developers.google.com/speed/public-dns/docs/doh) and Yandex's (dns.yandex.ru), of which one is reachable almost anywhere.
var publicResolvers = []string{"https://dns.google/dns-query", "https://common.dot.dns.yandex.net/dns-query"}

const (
	publicLookupTimeout = 5 * time.Second
	maxDNSMessage       = 64 << 10
)

// errNoName is the answer for a name that doesn't exist or has no address. It isn't a *net.DNSError because one of those may be
// about the resolver's own name.
var errNoName = errors.New("no such host")

// LookupPublic asks a public resolver for the addresses of host and returns them with the resolver's name. It sends the name to
// it, so the owner's consent is required. For a name that doesn't exist the error is a *net.DNSError with IsNotFound, without it
// if no resolver answered.
func (n *Net) LookupPublic(ctx context.Context, host string) ([]netip.Addr, string, error) {
	client := n.HTTPClient()
	defer client.CloseIdleConnections()
	var failed []error
	for _, resolver := range publicResolvers {
		name := resolverName(resolver)
		addrs, err := lookupOver(ctx, client, resolver, host)
		switch {
		case err == nil:
			return addrs, name, nil
		case errors.Is(err, errNoName):
			return nil, name, atStage(StageDNS, &net.DNSError{Err: err.Error(), Name: host, Server: name, IsNotFound: true})
		case ctx.Err() != nil:
			return nil, "", atStage(StageDNS, ctx.Err())
		}
		failed = append(failed, fmt.Errorf("ask %s: %w", name, err))
	}
	// Only the errors' text: a resolver's name that doesn't exist must not be taken for host's.
	return nil, "", atStage(StageDNS, &net.DNSError{Err: errors.Join(failed...).Error(), Name: host, IsTemporary: true})
}

func resolverName(resolver string) string {
	u, err := url.Parse(resolver)
	if err != nil {
		return resolver
	}
	return u.Hostname()
}

func lookupOver(ctx context.Context, client *http.Client, resolver, host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, publicLookupTimeout)
	defer cancel()
	var addrs []netip.Addr
	for _, kind := range []dnsmessage.Type{dnsmessage.TypeA, dnsmessage.TypeAAAA} {
		found, err := queryResolver(ctx, client, resolver, host, kind)
		if err != nil {
			return nil, err
		}
		addrs = append(addrs, found...)
	}
	if len(addrs) == 0 {
		return nil, errNoName
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	return slices.Compact(addrs), nil
}

func queryResolver(ctx context.Context, client *http.Client, resolver, host string, kind dnsmessage.Type) ([]netip.Addr, error) {
	name, err := dnsmessage.NewName(host + ".")
	if err != nil {
		return nil, fmt.Errorf("name %q: %w", host, err)
	}
	// The id is 0 so that caches may answer (RFC 8484, 4.1).
	question, err := (&dnsmessage.Message{
		Header:    dnsmessage.Header{RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: name, Type: kind, Class: dnsmessage.ClassINET}},
	}).Pack()
	if err != nil {
		return nil, fmt.Errorf("pack the question: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, resolver, bytes.NewReader(question))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/dns-message")
	request.Header.Set("Accept", "application/dns-message")
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %s", response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxDNSMessage))
	if err != nil {
		return nil, err
	}
	var answer dnsmessage.Message
	if err := answer.Unpack(body); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	switch answer.RCode {
	case dnsmessage.RCodeSuccess:
	case dnsmessage.RCodeNameError:
		return nil, errNoName
	default:
		return nil, fmt.Errorf("answer %s", answer.RCode)
	}
	var addrs []netip.Addr
	for _, resource := range answer.Answers {
		switch r := resource.Body.(type) {
		case *dnsmessage.AResource:
			addrs = append(addrs, netip.AddrFrom4(r.A))
		case *dnsmessage.AAAAResource:
			addrs = append(addrs, netip.AddrFrom16(r.AAAA))
		}
	}
	return addrs, nil
}
