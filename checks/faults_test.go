// Nothing here is about ML-KEM, which would make thousands of handshakes twice as long.
//
//go:debug tlsmlkem=0
package checks_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boxready/assets"
	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/receiver"
	"boxready/internal/report"
	"boxready/internal/requirements"
	"boxready/internal/secret"
	"boxready/internal/serverprobe"
	"boxready/internal/simportal"
	"boxready/internal/simtest"
	"boxready/internal/simtest/testenv"
	"boxready/internal/transport"
	"boxready/internal/words"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard) // as main does
	// Runs mostly wait for connections, the rate limit and events, so many can run in parallel on few processors. The command
	// line takes precedence, as it is parsed later.
	if err := flag.Set("test.parallel", "32"); err != nil {
		panic(err)
	}
	debug.SetGCPercent(800) // a simulated portal's certificates and pages are short-lived
	goleak.VerifyTestMain(testenv.M{M: m})
}

// scenario is one run of the checklist against a simulated portal.
type scenario struct {
	address string // the portal's own if empty
	faults  []string
	with    []string // what the run must do to find the faults, as in simportal.Fault
	trust   bool     // the private CA's root is trusted too
	moved   bool     // the owner confirmed the address again
	ctx     context.Context

	timeoutScale float64                    // of the network; 0: as the faults need it
	usualPace    bool                       // with the real rate limit
	region       *bitrix.Region             // instead of the faults' own
	requirements *requirements.Requirements // instead of the faults' own
	probe        *serverprobe.Probe
	known        []checks.KnownPortal
	agreed       []checks.Consent // besides those that the faults need
	outside      *checks.Outside
	prepare      func(*simportal.Sim) // before the run
	answer       func(http.ResponseWriter, simportal.Request) bool
	observer     checks.Observer // nil: none
}

type scenarioResult struct {
	*checks.Outcome
	sim     *simportal.Sim
	window  time.Duration   // in which the portal may get 12 requests
	secrets []secret.String // used in the run
}

// usual is the time in which a portal gets at most 12 requests.
const usual = 10 * time.Second

func (s scenario) execute(t *testing.T) scenarioResult {
	t.Helper()
	options := simportal.Options{Faults: s.faults, Answer: s.answer}
	scale := simtest.Shorten(&options)
	sim := simtest.Simulate(t, options, s.with...)
	sim.TimeoutScale = cmp.Or(s.timeoutScale, scale)
	if s.prepare != nil {
		s.prepare(sim.Sim)
	}
	window := usual
	if !s.usualPace && !simtest.AtUsualPace(s.faults...) {
		window, sim.PaceWindow = simtest.Fast, simtest.Fast
	}
	target := sim.Target()
	var err error
	if s.address != "" {
		if target.Address, err = portal.ParseAddress(s.address); err != nil {
			t.Fatal(err)
		}
	}
	if s.region != nil {
		target.Region = *s.region
	}
	if s.requirements != nil {
		target.Requirements = s.requirements
	}
	target.Moved, target.ServerProbe, target.Outside = s.moved, s.probe, s.outside
	target.Consents = append(target.Consents, s.agreed...)
	if s.known != nil {
		target.Known = s.known
	}
	if simtest.EventLost(s.faults...) {
		target.EventWait = time.Second // it never arrives; elsewhere it does
	}
	if s.trust {
		if target.Trust, err = transport.ParseRoots(sim.Sim.PrivateCAPEM()); err != nil {
			t.Fatal(err)
		}
	}
	ctx := s.ctx
	if ctx == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(t.Context(), 60*time.Second)
		defer cancel()
	}
	var held []secret.String
	if target.SignIn != nil {
		held = append(held, target.SignIn.Held().Refresh, target.SignIn.Held().Access)
	}
	if sim.TimeoutScale == 1 {
		target.Timeout = 4 * checks.Budget(target) // no time-out is wanted, on however busy a machine
	}
	recorder := &verdictRecorder{Observer: s.observer, pending: checks.Plan(target)}
	outcome := checks.Run(ctx, sim.Net(), target, recorder)
	recorder.assert(t, outcome)
	if target.SignIn != nil {
		held = append(held, target.SignIn.Held().Refresh, target.SignIn.Held().Access)
	}
	if target.Webhook != nil {
		held = append(held, target.Webhook.Code)
	}
	return scenarioResult{outcome, sim.Sim, window, held}
}

func (p scenarioResult) causes() []string {
	var causes []string
	for _, r := range p.Results {
		if r.Cause != "" {
			causes = append(causes, string(r.Check)+"/"+string(r.Cause))
		}
	}
	return causes
}

func (p scenarioResult) result(id checks.ID) checks.Result {
	for _, r := range p.Results {
		if r.Check == id {
			return r
		}
	}
	return checks.Result{}
}

// assertRequestRules asserts the rules for requests: their rate, tokens, and that nothing was written.
func (p scenarioResult) assertRequestRules(t *testing.T, deep bool) {
	t.Helper()
	var sentAt []time.Time
	for _, r := range p.sim.Log() {
		if r.Server == "portal" || r.Server == "portal-http" {
			sentAt = append(sentAt, r.At)
			if !strings.HasPrefix(r.Header.Get("User-Agent"), "BoxReady/") {
				t.Errorf("%s %s: User-Agent %q", r.Method, r.Path, r.Header.Get("User-Agent"))
			}
			if strings.HasPrefix(r.Path, "/rest/") && r.RequestID == "" && r.Method == "POST" {
				t.Errorf("%s %s: no bx24_request_id", r.Method, r.Path)
			}
		}
		if r.Server == "events" && !strings.HasPrefix(r.Header.Get("User-Agent"), "BoxReady/") {
			continue // the event queue's
		}
		toPortal := r.Server == "portal" && r.TLS && r.Host == p.sim.Host()
		for _, held := range p.secrets {
			carried := strings.Contains(r.Path, held.Reveal()) || strings.Contains(r.RawQuery, held.Reveal()) || strings.Contains(string(r.Body), held.Reveal())
			switch {
			case !carried:
			case p.Target.Webhook != nil && p.Target.Webhook.Code.Equal(held):
				if !toPortal || p.tokensForbidden() {
					t.Errorf("the webhook's code went to %s (host %s, TLS %t) with %v", r.Server, r.Host, r.TLS, p.causes())
				}
			case strings.HasPrefix(r.Server, "auth-") && r.TLS:
			case toPortal && (strings.Contains(string(r.RawQuery), held.Reveal()) || held.Equal(p.Target.SignIn.Held().Refresh)):
				t.Errorf("%s %s of the portal got what only the authorization server should, or in its address", r.Method, r.Path)
			}
		}
		if strings.HasPrefix(r.Server, "auth-") && p.Target.SignIn != nil {
			continue // the server that may receive the sign-in's secrets
		}
		if len(r.Tokens) == 0 {
			if r.Path == "/oauth/token/" && r.RawQuery != "" {
				t.Errorf("/oauth/token/ of %s was asked with %q", r.Server, r.RawQuery)
			}
			continue
		}
		switch {
		case r.Server == "events" && r.Header.Get("Authorization") == "Bearer "+r.Tokens[0] && len(r.Tokens) == 1 && mailboxKey.MatchString(r.Tokens[0]):
			// the receiver's own
		case !deep:
			t.Errorf("a token went to %s %s without consent", r.Server, r.Path)
		case !toPortal:
			t.Errorf("a token went to %s (host %s, TLS %t)", r.Server, r.Host, r.TLS)
		case p.tokensForbidden():
			t.Errorf("a token went to a portal with %v", p.causes())
		case p.held() && !p.Target.Moved:
			t.Errorf("a token went to a portal although the authorization server holds another address")
		}
	}
	if left := p.sim.Bindings(); slices.ContainsFunc(left, ours) && !p.leftBound() {
		t.Errorf("handlers were left bound: %+v", left)
	}
	for i := range sentAt {
		n := 0
		for _, at := range sentAt[i:] {
			if at.Sub(sentAt[i]) < p.window {
				n++
			}
		}
		if n > 12 {
			t.Errorf("%d requests to the portal in %s", n, p.window)
		}
	}
	for _, r := range p.sim.Log() {
		if strings.HasPrefix(r.Path, "/oauth/authorize") {
			t.Errorf("%s was asked", r.Path)
		}
	}
	for _, reported := range p.sim.ReportedAddresses() {
		if reported != "https://"+p.sim.Host() {
			t.Errorf("the portal reported %q as its address", reported)
		}
	}
}

// mailboxKey matches the key of a receiver's mailbox; no token of a portal's has this form.
var mailboxKey = regexp.MustCompile(`^[A-Z2-7]{52}$`)

// ours reports whether BoxReady bound a handler.
func ours(b simportal.Binding) bool {
	return strings.HasPrefix(b.Connector, "boxready-") || receiver.IsMailbox(b.Handler)
}

// held reports whether the run found that the authorization server holds another address.
func (p scenarioResult) held() bool {
	return slices.ContainsFunc(p.Results, func(r checks.Result) bool {
		return r.Cause == checks.AddressDiffers || r.Cause == checks.AddressHeldAsHTTP
	})
}

// leftBound reports whether the run reported that unbinding its handler failed.
func (p scenarioResult) leftBound() bool {
	return slices.ContainsFunc(p.Results, func(r checks.Result) bool {
		f, ok := r.Facts.(interface{ HandlerLeft() bool })
		return ok && f.HandlerLeft()
	})
}

// tokensForbidden reports whether the results forbid sending a token to this portal.
func (p scenarioResult) tokensForbidden() bool {
	for _, r := range p.Results {
		switch {
		case (r.Check == checks.PortalTLS || r.Check == checks.HTTPSSeen) && (r.State == checks.Problem || r.State == checks.Unknown || r.State == checks.Skipped):
			return true
		case r.Cause == checks.RedirectOtherHost:
			return true
		}
	}
	return false
}

// runVariants are the options with which every fault is tested, besides those that it needs.
var runVariants = []struct {
	name string
	with []string
}{
	{"", nil},
	{"deep", []string{"deep"}},
	{"all", []string{"deep", "webhook", "sign-in", "event-test", "receiver"}},
}

// TestEveryFaultIsFound runs the checklist against every fault of the simulated portal.
func TestEveryFaultIsFound(t *testing.T) {
	t.Parallel()
	healthy := healthyRuns{}
	faults := simportal.Faults()
	// A run at the usual pace waits for most of its time, so it starts first.
	slow := slices.IndexFunc(faults, func(f simportal.Fault) bool { return simtest.AtUsualPace(f.Name) })
	faults[0], faults[slow] = faults[slow], faults[0]
	for _, fault := range faults {
		for i, way := range runVariants {
			with := slices.Clone(way.with)
			for _, w := range fault.With {
				if !slices.Contains(with, w) {
					with = append(with, w)
				}
			}
			if way.name != "" && len(with) == len(fault.With) {
				continue // it has these options anyway
			}
			t.Run(strings.TrimSuffix(fault.Name+"/"+way.name, "/"), func(t *testing.T) {
				t.Parallel()
				p := scenario{faults: []string{fault.Name}, with: with}.execute(t)
				deep := slices.Contains(with, "deep") || slices.Contains(with, "sign-in")
				p.assertRequestRules(t, deep)
				p.assertFewMore(t, fault.Name, healthy.requests(t, with, fault.Needs, p.Target.Requirements))
				for _, cause := range fault.Causes {
					if deep && strings.HasSuffix(cause, "/needs-deep") {
						continue // it needs --deep
					}
					if !slices.Contains(p.causes(), cause) && !p.foundElsewhere(cause) {
						t.Errorf("%s not found; found %v", cause, p.causes())
					}
				}
				if len(fault.Causes) == 0 && way.name == "deep" && fault.Name != "token-echoed" && !slices.Contains(with, "sign-in") && slices.ContainsFunc(p.Results, func(r checks.Result) bool { return r.State == checks.Problem }) {
					t.Errorf("%s is no problem, found %v", fault.Name, p.causes())
				}
				p.assertTexts(t)
				p.assertReported(t, i%2 == 0)
				p.assertOnlyDeclared(t)
				p.assertJudgedAgain(t)
			})
		}
	}
}

// Requests that rest-route sends only after an answer that doesn't say whose it is.
const (
	askOptions = "OPTIONS /rest/app.info"
	askAdmin   = "GET /bitrix/admin/"
)

// furtherRequests are those that each fault makes necessary; no other fault may.
var furtherRequests = map[string][]string{
	"errors-replaced": {askOptions},
	"rest-blocked":    {askOptions},
	"rest-not-found":  {askOptions, askAdmin},
	"site-not-served": {askOptions, askAdmin},
}

// assertFewMore asserts that the portal got the further requests that the fault makes necessary, and hardly more than a portal
// without a fault gets in such a run.
func (p scenarioResult) assertFewMore(t *testing.T, fault string, healthy int) {
	t.Helper()
	var further []string
	for _, r := range p.toPortal() {
		if request := r.Method + " " + r.Path; request == askOptions || request == askAdmin {
			further = append(further, request)
		}
	}
	if want := furtherRequests[fault]; !slices.Equal(further, want) {
		t.Errorf("further requests %q, want %q", further, want)
	}
	if got := p.requests(); got > healthy+2 {
		t.Errorf("the portal got %d requests, without the fault %d", got, healthy)
	}
}

// requests counts the requests to the portal. A look at the event table is repeated until the event is there, so it counts once.
func (p scenarioResult) requests() int {
	n, looked := 0, false
	for _, r := range p.toPortal() {
		look := strings.HasSuffix(r.Path, "/event.offline.get")
		if !look || !looked {
			n++
		}
		looked = looked || look
	}
	return n
}

// healthyRuns are runs against a portal without faults, by what they do.
type healthyRuns struct {
	mu   sync.Mutex
	runs map[string]func() int
}

// requests is how many requests the portal gets in a run that does this.
func (h *healthyRuns) requests(t *testing.T, with, needs []string, r *requirements.Requirements) int {
	t.Helper()
	key := strings.Join(slices.Concat(with, needs), " ")
	h.mu.Lock()
	run := h.runs[key]
	if run == nil {
		run = sync.OnceValue(func() int { return scenario{with: with, requirements: r}.execute(t).requests() })
		if h.runs == nil {
			h.runs = map[string]func() int{}
		}
		h.runs[key] = run
	}
	h.mu.Unlock()
	return run()
}

// portalRequests are the requests to the portal, without what differs from run to run.
func (p scenarioResult) portalRequests() []string {
	lines := []string{}
	for _, r := range p.toPortal() {
		path, _, _ := strings.Cut(r.Path, "/1/") // before an invented webhook's code
		lines = append(lines, r.Server+" "+r.Method+" "+path)
	}
	slices.Sort(lines)
	return lines
}

// TestNothingElseIsAsked asserts that these findings need no request that a run doesn't make anyway, and that nothing more is asked
// where somebody else answers.
func TestNothingElseIsAsked(t *testing.T) {
	t.Parallel()
	whole := scenario{}.execute(t).portalRequests()
	const plain = "portal-http POST /rest/app.info"
	for fault, want := range map[string][]string{
		"captive-portal":             {},
		"captive-portal-http":        {plain},
		"redirect-loses-path":        whole,
		"redirect-wrong-port-http":   whole,
		"tls-expired-issuer-renewed": whole,
	} {
		if got := (scenario{faults: []string{fault}}).execute(t).portalRequests(); !slices.Equal(got, want) {
			t.Errorf("%s: the portal was asked for %v, want %v", fault, got, want)
		}
	}
	// https redirects: what needs the route isn't asked, and the redirect isn't followed.
	for _, asked := range (scenario{faults: []string{"redirect-wrong-port"}}).execute(t).portalRequests() {
		if !slices.Contains(whole, asked) {
			t.Errorf("redirect-wrong-port: the portal was asked for %s", asked)
		}
	}
}

// TestDeadAddressCostsNoTime asserts that a run uses the address that answers when another one is silent: the same requests, and
// no wait for a time-out. The finding takes longer only where the rest of the run is shorter.
func TestDeadAddressCostsNoTime(t *testing.T) {
	t.Parallel()
	const scale = 4 // so that a wait for a time-out is longer than a run on a busy machine
	whole := scenario{with: []string{"dns"}}.execute(t)
	for _, fault := range []string{"address-partly-dead", "address-partly-dead-silent"} {
		p := scenario{faults: []string{fault}, with: []string{"dns"}, timeoutScale: scale}.execute(t)
		if got, want := p.portalRequests(), whole.portalRequests(); !slices.Equal(got, want) {
			t.Errorf("%s: the portal was asked for %v, without the dead address for %v", fault, got, want)
		}
		if took := p.Finished.Sub(p.Started); took > scale*4*time.Second { // the time-out of an address; that of a connection is twice as long
			t.Errorf("%s: the run took %s", fault, took)
		}
		t.Logf("%s: %s, without it %s", fault, p.Finished.Sub(p.Started), whole.Finished.Sub(whole.Started))
	}
}

// foundElsewhere reports whether a cause is one that a check with more evidence found too, which then tells it alone.
func (p scenarioResult) foundElsewhere(cause string) bool {
	check, code, _ := strings.Cut(cause, "/")
	return slices.ContainsFunc(p.Results, func(r checks.Result) bool {
		return r.Check == checks.ID(check) && r.State == checks.Skipped && slices.Contains(p.causes(), string(r.Because)+"/"+code)
	})
}

// assertOnlyDeclared asserts that no check yields a cause that isn't in the catalogue.
func (p scenarioResult) assertOnlyDeclared(t *testing.T) {
	t.Helper()
	declared := declaredCauses()
	for _, r := range p.Results {
		switch {
		case r.Cause == "" || slices.Contains(checks.CommonCauses(), r.Cause):
		case !slices.Contains(declared, string(r.Check)+"/"+string(r.Cause)):
			t.Errorf("%s yields the undeclared cause %s", r.Check, r.Cause)
		}
		if r.Cause == checks.InternalError {
			t.Errorf("%s crashed: %+v", r.Check, r.Facts)
		}
		if (r.State == checks.OK || r.State == checks.Skipped) != (r.Owner == "") || (r.State == checks.OK || r.State == checks.Skipped) != (r.Cause == "") {
			t.Errorf("%s: state %s with cause %q and owner %q", r.Check, r.State, r.Cause, r.Owner)
		}
		if (r.State == checks.Skipped) != (r.Because != "") {
			t.Errorf("%s: state %s because of %q", r.Check, r.State, r.Because)
		}
	}
}

// assertJudgedAgain asserts that facts read back from JSON lead to the same conclusions.
func (p scenarioResult) assertJudgedAgain(t *testing.T) {
	t.Helper()
	seen := checks.FactsByCheck{}
	for _, c := range checks.Catalog() {
		for _, r := range p.Results {
			if r.Check != c.ID || r.Facts == nil || (r.Vantage == checks.FromOutside) != (c.Vantage == checks.FromOutside) {
				continue
			}
			data, err := json.Marshal(r.Facts)
			if err != nil {
				t.Fatal(err)
			}
			if seen[c.ID], err = c.UnmarshalFacts(data); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, results := range checks.Conclusions(seen) {
		for _, again := range results {
			if !slices.ContainsFunc(p.Results, func(r checks.Result) bool {
				return r.Check == again.Check && r.State == again.State && r.Cause == again.Cause && r.Owner == again.Owner
			}) {
				t.Errorf("judged again from its facts, %s is %s %s", again.Check, again.State, again.Cause)
			}
		}
	}
}

func declaredCauses() []string {
	causes := []string{string(checks.SelfClock) + "/" + string(checks.ClockWrong)}
	for _, c := range checks.Catalog() {
		for _, cause := range c.Causes {
			causes = append(causes, string(c.ID)+"/"+string(cause))
		}
	}
	return causes
}

// Causes that follow from the address alone; TestAddress produces them.
var addressCauses = []string{"portal-address/address-is-ip", "portal-address/address-is-cloud", "portal-address/address-was-http"}

func TestEveryCauseHasAFault(t *testing.T) {
	produced := slices.Concat(addressCauses, serverCauses(), []string{"portal-from-internet/not-seen-from-outside"})
	for _, fault := range simportal.Faults() {
		produced = append(produced, fault.Causes...)
	}
	for _, cause := range declaredCauses() {
		if !slices.Contains(produced, cause) {
			t.Errorf("no simulated fault produces %s", cause)
		}
	}
}

var resultSchema = sync.OnceValue(func() *jsonschema.Schema {
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(assets.ResultSchema))
	if err != nil {
		panic(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("result.json", schema); err != nil {
		panic(err)
	}
	return compiler.MustCompile("result.json")
})

var allWords = sync.OnceValue(func() map[string]*words.Texts {
	all := map[string]*words.Texts{}
	for _, lang := range words.Languages() {
		words, err := words.New(lang)
		if err != nil {
			panic(err)
		}
		all[lang] = words
	}
	return all
})

// assertTexts asserts that the outcome has all its texts in both languages, that its JSON is valid by the schema, and that
// neither contains secrets.
func (p scenarioResult) assertTexts(t *testing.T) {
	t.Helper()
	for lang, words := range allWords() {
		reporter := &report.Reporter{Words: words, Version: "test"}
		var data, text bytes.Buffer
		if err := report.WriteJSON(&data, reporter.Document(p.Outcome), false); err != nil {
			t.Fatal(err)
		}
		if lang == "en" { // for the schema, all texts are alike
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			if err := resultSchema().Validate(value); err != nil {
				t.Error(err)
			}
		}
		if err := reporter.WriteText(&text, p.Outcome, report.Style{Verbose: true}); err != nil {
			t.Fatal(err)
		}
		for _, r := range p.Results {
			f := words.Finding(r, p.Target.Address.Display())
			texts := []string{f.Title, f.Saw, f.Breaks}
			for _, step := range f.Steps {
				texts = append(texts, step.String())
			}
			for _, text := range texts {
				flaw := func(sign string) bool { return strings.Contains(text+" ", sign) }
				if textKey.MatchString(text) || slices.ContainsFunc([]string{"<no value>", "{{", "  ", " . ", " ,", ": .", "«»", "“”", "need.", "host-fault.", "keeper."}, flaw) {
					t.Errorf("%s %s/%s has the text %q", lang, r.Check, r.Cause, text)
				}
			}
		}
		shown := data.String() + text.String()
		for _, held := range p.secrets {
			if strings.Contains(shown, held.Reveal()) {
				t.Errorf("%s: the output shows a secret of the owner's", lang)
			}
		}
		for _, request := range p.sim.Log() {
			for _, token := range append(request.Tokens, webhookCode(request.Path)) {
				if token != "" && strings.Contains(shown, token) {
					t.Errorf("%s: the output shows %q", lang, token)
				}
			}
		}
	}
}

// textKey matches a key in place of its missing text.
var textKey = regexp.MustCompile(`(^| )[a-z-]+\.([a-z-]+\.)?(name|ok|title|saw|breaks|do\.\d)( |$)`)

func webhookCode(path string) string {
	if parts := strings.Split(path, "/"); len(parts) == 5 && parts[1] == "rest" {
		return parts[3]
	}
	return ""
}

// verdictRecorder records the verdict of a run as soon as nothing that is pending should change it.
type verdictRecorder struct {
	checks.Observer
	results []checks.Result
	pending []checks.ID
	verdict checks.Verdict
	waiting []checks.ID // when the verdict was settled
}

func (f *verdictRecorder) Started(id checks.ID) {
	if f.Observer != nil {
		f.Observer.Started(id)
	}
}

func (f *verdictRecorder) Finished(id checks.ID, results []checks.Result) {
	f.results = append(f.results, results...)
	f.pending = slices.DeleteFunc(f.pending, func(other checks.ID) bool { return other == id })
	if verdict, settled := checks.Settled(f.results, f.pending); settled && f.verdict == "" {
		f.verdict, f.waiting = verdict, slices.Clone(f.pending)
	}
	if f.Observer != nil {
		f.Observer.Finished(id, results)
	}
}

func (f *verdictRecorder) assert(t *testing.T, o *checks.Outcome) {
	t.Helper()
	if len(f.pending) > 0 || f.verdict != o.Verdict {
		t.Errorf("the verdict %s was settled while %v were pending; it is %s, and %v never ended", f.verdict, f.waiting, o.Verdict, f.pending)
	}
	for _, c := range checks.Catalog() {
		if c.Minor && slices.ContainsFunc(f.results, func(r checks.Result) bool { return r.Check == c.ID && r.State == checks.Problem }) {
			t.Errorf("%s is minor and found a problem", c.ID)
		}
	}
}

func (f *verdictRecorder) Leg(id checks.ID, leg checks.Leg) {
	if watcher, ok := f.Observer.(checks.LegWatcher); ok {
		watcher.Leg(id, leg)
	}
}
