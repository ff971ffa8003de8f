package simportal

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"boxready/internal/bitrix"

	"golang.org/x/net/dns/dnsmessage"
)

// portalAddresses are the portal's addresses in DNS.
func portalAddresses(f *faultSet) []string {
	switch f.in("dns") {
	case "dns-not-found", "dns-failed", "dns-failed-silent":
		return nil
	case "dns-private-only":
		return []string{addrPrivate}
	case "dns-sinkhole":
		return []string{addrSinkhole}
	case "dns-sinkhole-loopback":
		return []string{addrLoopback}
	}
	switch {
	case deadAddress(f) != "":
		return []string{addrPortalTwo, addrPortal, addrPortalSix}
	case f.on("tls-second-address"):
		return []string{addrPortal, addrPortalTwo}
	}
	return []string{addrPortal, addrPortalSix}
}

// deadAddress is the fault of the portal's other address, if that is dead.
func deadAddress(f *faultSet) string {
	return f.any("address-partly-dead", "address-partly-dead-silent")
}

// hostAddresses are the addresses of all other hosts in DNS.
func hostAddresses() map[string]string {
	return map[string]string{
		hostOf(bitrix.AuthServer(bitrix.CIS)): addrAuthCIS, hostOf(bitrix.AuthServer(bitrix.World)): addrAuthWorld,
		hostOf(bitrix.Feed(bitrix.CIS)): addrFeedCIS, hostOf(bitrix.Feed(bitrix.World)): addrFeedWorld,
		hostOf(bitrix.BrowserLibrary(bitrix.CIS)): addrLibrary, hostOf(bitrix.BrowserLibrary(bitrix.World)): addrLibrary,
		aiaHost: addrAIA, dohGoogle: addrDoHGoogle, dohYandex: addrDoHYandex,
	}
}

// answerDNS answers a message; a nil answer means no answer. outside is the public resolver's view.
func (s *Sim) answerDNS(message []byte, outside bool) (answer []byte, question dnsmessage.Question, err error) {
	var p dnsmessage.Parser
	head, err := p.Start(message)
	if err != nil {
		return nil, question, fmt.Errorf("read DNS message: %w", err)
	}
	question, err = p.Question()
	if err != nil {
		return nil, question, fmt.Errorf("read DNS question: %w", err)
	}
	f := s.faults.Load()
	addresses, code, silent := s.lookUpZone(f, strings.TrimSuffix(question.Name.String(), "."), outside)
	if silent {
		return nil, question, nil
	}
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{
		ID: head.ID, Response: true, RecursionDesired: head.RecursionDesired, RecursionAvailable: true, RCode: code,
	})
	b.EnableCompression()
	if err := b.StartQuestions(); err != nil {
		return nil, question, err
	}
	if err := b.Question(question); err != nil {
		return nil, question, err
	}
	if err := b.StartAnswers(); err != nil {
		return nil, question, err
	}
	resource := dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET, TTL: 60}
	for _, text := range addresses {
		a, err := netip.ParseAddr(text)
		switch {
		case err != nil:
		case a.Is4() && question.Type == dnsmessage.TypeA:
			err = b.AResource(resource, dnsmessage.AResource{A: a.As4()})
		case a.Is6() && question.Type == dnsmessage.TypeAAAA:
			err = b.AAAAResource(resource, dnsmessage.AAAAResource{AAAA: a.As16()})
		}
		if err != nil {
			return nil, question, err
		}
	}
	answer, err = b.Finish()
	return answer, question, err
}

// lookUpZone looks a name up.
func (s *Sim) lookUpZone(f *faultSet, name string, outside bool) (addresses []string, code dnsmessage.RCode, silent bool) {
	name = strings.ToLower(name)
	if name == appHost || name == appSite {
		return []string{appAddress(f)}, dnsmessage.RCodeSuccess, false
	}
	if name == HandlerHost {
		return []string{eventsAddress(f)}, dnsmessage.RCodeSuccess, false
	}
	if a, ok := hostAddresses()[name]; ok {
		return []string{a}, dnsmessage.RCodeSuccess, false
	}
	if name != strings.ToLower(s.opt.Host) && name != strings.ToLower(s.otherHost()) {
		return nil, dnsmessage.RCodeNameError, false
	}
	switch fault := f.in("dns"); {
	case fault == "dns-not-found", fault == "dns-differs-absent" && outside:
		return nil, dnsmessage.RCodeNameError, false
	case fault == "dns-failed", fault == "dns-failed-silent" && outside:
		return nil, dnsmessage.RCodeServerFailure, false
	case fault == "dns-failed-silent":
		return nil, 0, true
	case fault == "dns-differs" && outside:
		return []string{addrOther}, dnsmessage.RCodeSuccess, false
	}
	return portalAddresses(f), dnsmessage.RCodeSuccess, false
}

// answerPlainDNS records a question over UDP or TCP and answers it.
func (s *Sim) answerPlainDNS(message []byte, id int, proto string) []byte {
	answer, question, err := s.answerDNS(message, false)
	if err != nil {
		return nil
	}
	entry := &Request{
		At: time.Now(), Server: "dns", Proto: proto, Conn: id,
		Host: strings.TrimSuffix(question.Name.String(), "."), Method: typeName(question.Type),
	}
	if len(answer) > 3 {
		entry.Status = int(answer[3] & 15)
	}
	s.record(entry)
	return answer
}

func typeName(t dnsmessage.Type) string { return strings.TrimPrefix(t.String(), "Type") }

// serveDNS starts the DNS server on one port for UDP and TCP; for TCP alone where there is no UDP (Go's doesn't work in Wine).
func (s *Sim) serveDNS() (string, error) {
	const tries = 10
	for try := 1; ; try++ {
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", err
		}
		udp, err := net.ListenPacket("udp", tcp.Addr().String())
		if err != nil && try < tries {
			_ = tcp.Close()
			continue
		}
		if err == nil {
			s.onClose(func() { _ = udp.Close() })
			s.goRun(func() { s.serveUDP(udp) })
		}
		s.onClose(func() { _ = tcp.Close() })
		s.goRun(func() { s.serveTCP(&listener{Listener: tcp, sim: s}) })
		return tcp.Addr().String(), nil
	}
}

func (s *Sim) serveUDP(c net.PacketConn) {
	buf := make([]byte, 4096)
	for {
		n, from, err := c.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		answer := s.answerPlainDNS(buf[:n], 0, "udp")
		if answer == nil {
			continue
		}
		_, _ = c.WriteTo(answer, from)
	}
}

func (s *Sim) serveTCP(ln *listener) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		s.goRun(func() {
			defer func() { _ = c.Close() }()
			id := 0
			if sc, ok := c.(*conn); ok {
				id = sc.id
			}
			for {
				var size [2]byte
				if _, err := io.ReadFull(c, size[:]); err != nil {
					return
				}
				message := make([]byte, binary.BigEndian.Uint16(size[:]))
				if _, err := io.ReadFull(c, message); err != nil {
					return
				}
				answer := s.answerPlainDNS(message, id, "tcp")
				if answer == nil {
					continue
				}
				if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil { // #nosec G115 -- answers of a simulated zone are short
					return
				}
			}
		})
	}
}

// dohServer is a public resolver over HTTPS (RFC 8484).
func (s *Sim) dohServer(h *request) {
	const media = "application/dns-message"
	message := h.body
	switch {
	case h.r.URL.Path != "/dns-query":
		h.page(http.StatusNotFound, nginxPage("404 Not Found", ""))
		return
	case h.r.Method == http.MethodGet:
		var err error
		if message, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(h.r.URL.Query().Get("dns"), "=")); err != nil {
			h.page(http.StatusBadRequest, nginxPage("400 Bad Request", ""))
			return
		}
	case h.r.Method != http.MethodPost:
		h.page(http.StatusMethodNotAllowed, nginxPage("405 Not Allowed", ""))
		return
	case h.r.Header.Get("Content-Type") != media:
		h.page(http.StatusUnsupportedMediaType, nginxPage("415 Unsupported Media Type", ""))
		return
	}
	answer, question, err := s.answerDNS(message, true)
	if err != nil || answer == nil {
		h.page(http.StatusBadRequest, nginxPage("400 Bad Request", ""))
		return
	}
	s.update(func() {
		h.entry.Question = typeName(question.Type) + " " + strings.TrimSuffix(question.Name.String(), ".")
	})
	h.w.Header().Set("Cache-Control", "max-age=60")
	h.send(http.StatusOK, media, answer)
}

// Resolver returns a resolver that asks DNS. Go's resolver may keep connections open after its caller has gone; Close closes them.
func (s *Sim) Resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, s.DNS())
		if err == nil {
			s.onClose(func() { conn.Close() })
		}
		return conn, err
	}}
}
