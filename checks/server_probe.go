package checks

import (
	"context"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"boxready/internal/portal"
	"boxready/internal/requirements"
	"boxready/internal/serverprobe"
)

// Causes of server-probe.
const (
	ProbeOtherPortal Cause = "probe-other-portal"
	ProbeOld         Cause = "probe-old"
	ProbeDamaged     Cause = "probe-damaged"
)

// Older answers may have faults that were fixed since.
const probeOldAfter = 24 * time.Hour

// missingProbe and missingPart return the reason if nothing was pasted, or not the part that a check needs.
func missingProbe(t *Target) Reason {
	if t.ServerProbe == nil {
		return NeedsServerProbe
	}
	return ""
}

func missingPart(has func(*serverprobe.Probe) bool) func(*Target) Reason {
	return func(t *Target) Reason {
		if t.ServerProbe == nil || t.ServerProbe.Damage != "" || !has(t.ServerProbe) {
			return NeedsServerProbe
		}
		return ""
	}
}

// ServerProbeFacts are which portal's server answered, and when.
type ServerProbeFacts struct {
	At     time.Time               `json:"at"`                 // of this run
	Portal string                  `json:"portal" hide:"host"` // being checked
	Kinds  []serverprobe.Kind      `json:"kinds,omitempty"`
	Log    bool                    `json:"log,omitempty"` // of the product's own check
	Nonce  string                  `json:"nonce,omitempty"`
	Time   *time.Time              `json:"time,omitempty"` // of the answer, by the server's clock
	SAPI   string                  `json:"sapi,omitempty"`
	Asked  string                  `json:"asked,omitempty" hide:"host"` // the portal for which the script was printed
	Names  []string                `json:"names,omitempty" hide:"host"` // the answering portal's own names
	Damage serverprobe.PasteReason `json:"damage,omitempty"`
	Failed map[string]string       `json:"failed,omitempty" hide:"text"`
	Ended  string                  `json:"ended,omitempty" hide:"text"` // why the script ended early
	// LeftOut is how many entries of lists were not read: a list has at most 1000, a chain 6 certificates.
	LeftOut int `json:"entries_left_out,omitempty"`
	// OtherMember means that the answering portal has another member_id than the sign-in's.
	OtherMember bool `json:"other_member,omitempty"`
}

func observeProbe(_ context.Context, env *Env) (*ServerProbeFacts, error) {
	return probeFacts(&env.target, env.now()), nil
}

// LookAtProbe judges the pasted answer as a run against t that starts at that time would: whose it is, its age, and whether it is
// complete.
func LookAtProbe(t Target, at time.Time) []Result {
	for _, c := range Catalog() {
		if c.ID == ServerProbe {
			return c.Judge(probeFacts(&t, at), nil)
		}
	}
	return nil
}

func probeFacts(t *Target, at time.Time) *ServerProbeFacts {
	p := t.ServerProbe
	f := &ServerProbeFacts{At: at.UTC(), Portal: t.Address.Authority(), Kinds: p.Kinds, Log: p.SystemCheck != nil, Nonce: p.Nonce, SAPI: p.SAPI,
		Asked: p.PortalHost, Names: p.Names, Damage: p.Damage, Failed: p.Failed, Ended: p.Stopped, LeftOut: p.LeftOut}
	if !p.Time.IsZero() {
		f.Time = &p.Time
	}
	if t.SignIn != nil && p.Registration != nil {
		own, other := t.SignIn.Held().MemberID, p.Registration.MemberID
		f.OtherMember = own != "" && other != "" && !strings.EqualFold(own, other)
	}
	return f
}

func judgeProbe(f *ServerProbeFacts, _ FactsByCheck) []Result {
	args := Args{"asked": f.Asked, "names": f.Names, "reason": string(f.Damage), "parts": slices.Sorted(maps.Keys(f.Failed)), "ended": f.Ended,
		"product": f.Failed["product"], "known": f.Asked != "" || len(f.Names) > 0, "left_out": f.LeftOut}
	var results []Result
	if f.Time != nil {
		args["time"], args["age"] = *f.Time, f.At.Sub(*f.Time)
		if f.At.Sub(*f.Time) > probeOldAfter {
			results = append(results, notice(ProbeOld, You))
		}
	}
	if f.otherPortal() {
		return about(one(problem(ProbeOtherPortal, You)), args)
	}
	if f.Damage != "" || f.Ended != "" || len(f.Failed) > 0 {
		results = append(results, notice(ProbeDamaged, You))
	}
	return about(orOK(results), args)
}

// otherPortal reports whether another portal answered. A portal has several names, and which of them its server knows varies; so
// a script printed for this portal is assumed to have run there.
func (f *ServerProbeFacts) otherPortal() bool {
	named := slices.ContainsFunc(f.Names, func(name string) bool { return sameHost(name, f.Portal) })
	switch {
	case f.OtherMember:
		return true
	case f.Portal == "" || named || sameHost(f.Asked, f.Portal):
		return false
	case f.Asked != "":
		return true
	}
	return slices.ContainsFunc(f.Names, func(name string) bool { return isName(hostOf(name)) })
}

func sameHost(a, b string) bool { return a != "" && hostOf(a) == hostOf(b) }

// hostOf is the host in an address or a name as a server writes it, with or without a scheme and a port.
func hostOf(address string) string {
	a, err := portal.ParseAddress(address)
	if err != nil {
		return strings.ToLower(address)
	}
	return a.Host
}

// isName reports whether a host has a name of its own, not an IP address or a name such as localhost.
func isName(host string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err != nil && strings.Contains(host, ".") && net.ParseIP(host) == nil
}

// probe is the pasted answer if it is this portal's; otherwise nil.
func (env *Env) probe() *serverprobe.Probe {
	if p := env.target.ServerProbe; p != nil && p.Damage == "" && env.blocker(ServerProbe) == "" {
		return p
	}
	return nil
}

// moduleVersions are those of the installed modules by the portal's server, nil if it didn't report them. Partners' modules are
// left out unless they are required: their names have a dot, and may identify the portal.
func (env *Env) moduleVersions() map[string]string {
	p := env.probe()
	if p == nil || p.Modules == nil {
		return nil
	}
	versions := maps.Clone(p.Modules)
	maps.DeleteFunc(versions, func(name, _ string) bool {
		return strings.Contains(name, ".") && !slices.ContainsFunc(env.target.required().Modules, func(m requirements.Module) bool { return strings.EqualFold(m.Name, name) })
	})
	return versions
}
