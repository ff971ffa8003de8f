package allowlist_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"boxready/checks"
	"boxready/internal/allowlist"
	"boxready/internal/bitrix"
	"boxready/internal/requirements"
)

func TestMeasured(t *testing.T) {
	portal := func(state checks.State, cause checks.Cause) checks.Result {
		return checks.Result{Check: checks.AuthServerFromPortal, State: state, Cause: cause, Vantage: checks.FromPortal}
	}
	portalTCP := func(state checks.State, cause checks.Cause) checks.Result {
		return checks.Result{Check: checks.PortalTCP, State: state, Cause: cause, Vantage: checks.FromComputer}
	}
	server := func(state checks.State, cause checks.Cause) checks.Result {
		return checks.Result{Check: checks.ServerAuthServer, State: state, Cause: cause, Vantage: checks.FromServer}
	}
	event := func(state checks.State, cause checks.Cause) checks.Result {
		return checks.Result{Check: checks.EventDelivery, State: state, Cause: cause, Vantage: checks.FromPortal}
	}
	outside := func(state checks.State, cause checks.Cause) checks.Result {
		return checks.Result{Check: checks.PortalFromInternet, State: state, Cause: cause, Vantage: checks.FromOutside}
	}
	for name, c := range map[string]struct {
		results []checks.Result
		region  bitrix.Region
		row     string
		want    string // the beginning of the Russian words
	}{
		"the portal reaches the server":       {[]checks.Result{portal(checks.OK, "")}, bitrix.CIS, "oauth", "открыто, видно через портал"},
		"one of two regions' servers":         {[]checks.Result{portal(checks.OK, "")}, "", "oauth", "открыт сервер одного из двух регионов"},
		"the portal doesn't reach it":         {[]checks.Result{portal(checks.Problem, checks.AuthServerUnreachable)}, bitrix.CIS, "oauth", "закрыто, видно через портал"},
		"neither of two":                      {[]checks.Result{portal(checks.Problem, checks.AuthServerUnreachable)}, "", "oauth-w", "портал не связался со своим сервером авторизации, одним из этих двух"},
		"the server refuses the licence":      {[]checks.Result{portal(checks.Problem, checks.LicenceRejected)}, bitrix.CIS, "oauth", "открыто, видно через портал"},
		"the server refuses the credentials":  {[]checks.Result{portal(checks.Problem, checks.PortalCredentialsRefused)}, bitrix.CIS, "oauth", "открыто, видно через портал"},
		"the portal isn't registered":         {[]checks.Result{portal(checks.Problem, checks.PortalNotRegistered)}, bitrix.CIS, "oauth", "проверялось"},
		"no consent":                          {[]checks.Result{portal(checks.Unknown, checks.NeedsDeep)}, bitrix.CIS, "oauth", "проверялось"},
		"skipped":                             {[]checks.Result{portal(checks.Skipped, "")}, bitrix.CIS, "oauth", "ещё не проверялось"},
		"not in the run":                      {nil, bitrix.CIS, "oauth", "ещё не проверялось"},
		"no check can tell":                   {[]checks.Result{portal(checks.OK, "")}, bitrix.CIS, "dev", "отсюда не проверить"},
		"an old portal's server":              {[]checks.Result{portal(checks.OK, "")}, bitrix.CIS, "oauth-old", "отсюда не проверить"},
		"a real token takes precedence":       {[]checks.Result{portal(checks.Unknown, checks.NeedsDeep), {Check: checks.TokenAccepted, State: checks.OK, Vantage: checks.FromPortal}}, bitrix.CIS, "oauth", "открыто, видно через портал"},
		"a real token tells nothing":          {[]checks.Result{portal(checks.OK, ""), {Check: checks.TokenAccepted, State: checks.Unknown, Cause: checks.TimedOut, Vantage: checks.FromPortal}}, bitrix.CIS, "oauth", "открыто, видно через портал"},
		"an untrusted report":                 {[]checks.Result{{Check: checks.PortalTCP, State: checks.OK, Vantage: "moon"}}, bitrix.CIS, "app-rest", "проверялось"},
		"an event came through":               {[]checks.Result{portal(checks.Unknown, checks.NeedsDeep), event(checks.OK, "")}, bitrix.CIS, "oauth", "открыто, видно через портал"},
		"an event didn't":                     {[]checks.Result{event(checks.Problem, checks.EventNotDelivered)}, bitrix.CIS, "oauth", "проверялось"},
		"the server reaches it":               {[]checks.Result{portal(checks.Unknown, checks.NeedsDeep), server(checks.OK, "")}, bitrix.CIS, "oauth", "открыто, видно с сервера портала"},
		"the server doesn't":                  {[]checks.Result{portal(checks.Skipped, ""), server(checks.Problem, checks.AuthServerUnreachable)}, bitrix.CIS, "oauth", "закрыто, видно с сервера портала"},
		"the server's REST goes past a proxy": {[]checks.Result{server(checks.Problem, checks.ProxyNotForREST)}, bitrix.CIS, "oauth", "закрыто, видно с сервера портала"},
		"the server's roots are old":          {[]checks.Result{server(checks.Problem, checks.CABundleOutdated)}, bitrix.CIS, "oauth", "открыто, видно с сервера портала"},
		"TLS is intercepted":                  {[]checks.Result{server(checks.Problem, checks.TLSIntercepted)}, bitrix.CIS, "oauth", "проверялось"},
		"the portal takes precedence":         {[]checks.Result{server(checks.Problem, checks.AuthServerUnreachable), portal(checks.OK, "")}, bitrix.CIS, "oauth", "открыто, видно через портал"},
		"reachable from the internet":         {[]checks.Result{outside(checks.OK, ""), portalTCP(checks.Problem, checks.TCPTimeout)}, bitrix.CIS, "app-rest", "открыто, видно из интернета"},
		"unreachable from the internet":       {[]checks.Result{portalTCP(checks.OK, ""), outside(checks.Problem, checks.NotSeenFromOutside)}, bitrix.CIS, "app-rest", "закрыто, видно из интернета"},
		"the run outside tells nothing":       {[]checks.Result{outside(checks.Unknown, checks.UnexpectedAnswer), portalTCP(checks.OK, "")}, bitrix.CIS, "app-rest", "открыто с этого компьютера"},
		"the port is open from here":          {[]checks.Result{portalTCP(checks.OK, "")}, bitrix.CIS, "app-rest", "открыто с этого компьютера"},
		"IPv6 is dead":                        {[]checks.Result{portalTCP(checks.Notice, checks.IPv6Dead)}, bitrix.CIS, "app-rest", "открыто с этого компьютера"},
		"the port is closed":                  {[]checks.Result{portalTCP(checks.Problem, checks.TCPTimeout)}, bitrix.CIS, "app-rest", "закрыто с этого компьютера"},
	} {
		t.Run(name, func(t *testing.T) {
			o := options()
			o.Region = c.region
			o.Outcome = &checks.Outcome{Finished: noon, Results: c.results}
			r := rules(t, o)
			i := slices.IndexFunc(r.Rows, func(row allowlist.Row) bool { return row.ID() == c.row })
			got := r.Rows[i].State(texts(t, "ru"))
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("%q, expected %q", got, c.want)
			}
			if r.Rows[i].Measured.State != "" && !strings.Contains(got, "23.11.2026") {
				t.Errorf("when is missing: %q", got)
			}
		})
	}
}

// A measurement of the portal's connection says nothing about the handlers' connection to the authorization server.
func TestOneVantageIsNotAnother(t *testing.T) {
	o := options()
	o.Handlers = requirements.LAN
	o.Outcome = &checks.Outcome{Finished: noon, Results: []checks.Result{
		{Check: checks.AuthServerFromPortal, State: checks.OK, Vantage: checks.FromPortal},
		{Check: checks.AuthServerFromComputer, State: checks.OK, Vantage: checks.FromComputer},
		{Check: checks.QueueFeed, State: checks.OK, Vantage: checks.FromComputer},
	}}
	for _, row := range rules(t, o).Rows {
		if row.Direction == bitrix.AppOut || row.Direction == bitrix.AppIn {
			if row.Measured != (allowlist.Measurement{}) {
				t.Errorf("%s: %+v", summary(row), row.Measured)
			}
		}
	}
}

func TestChecksToRepeat(t *testing.T) {
	if got, want := rules(t, options()).Checks(), []checks.ID{checks.TokenAccepted, checks.AuthServerFromPortal, checks.PortalTCP}; !slices.Equal(got, want) {
		t.Errorf("%v, expected %v", got, want)
	}
	for _, id := range rules(t, options()).Checks() {
		if !slices.ContainsFunc(checks.Catalog(), func(c *checks.Check) bool { return c.ID == id }) {
			t.Errorf("no check %s", id)
		}
	}
}

// The region is that of the authorization server of a sign-in, or a person's choice; nothing else decides.
func TestRegionOfTheRun(t *testing.T) {
	signedIn := func(state checks.State, facts checks.Facts) *checks.Outcome {
		return &checks.Outcome{Finished: noon, Results: []checks.Result{{Check: checks.SignIn, State: state, Facts: facts}}}
	}
	world := &checks.SignInFacts{AuthAnswer: checks.AuthAnswer{Server: "https://oauth.bitrix.info"}}
	for name, c := range map[string]struct {
		chosen   bitrix.Region
		run      *checks.Outcome
		want     bitrix.Region
		detected bool
	}{
		"no run":                  {"", nil, "", false},
		"signed in":               {"", signedIn(checks.OK, world), bitrix.World, true},
		"signed in, saved":        {"", signedIn(checks.OK, json.RawMessage(`{"server":"https://oauth.bitrix24.tech"}`)), bitrix.CIS, true},
		"a choice goes before it": {bitrix.CIS, signedIn(checks.OK, world), bitrix.CIS, false},
		"the sign-in failed":      {"", signedIn(checks.Problem, world), "", false},
		"some other server":       {"", signedIn(checks.OK, json.RawMessage(`{"server":"https://oauth.example"}`)), "", false},
		"no facts":                {"", signedIn(checks.OK, nil), "", false},
		"facts of another kind":   {"", signedIn(checks.OK, json.RawMessage(`[]`)), "", false},
	} {
		o := options()
		o.Region, o.Outcome = c.chosen, c.run
		if r := rules(t, o); r.Region != c.want || r.Detected != c.detected {
			t.Errorf("%s: %q, detected %v", name, r.Region, r.Detected)
		}
	}
}

func TestClosed(t *testing.T) {
	o := options()
	o.Region, o.Handlers, o.Lists = "", requirements.LAN, nil
	o.Outcome = &checks.Outcome{Finished: noon, Results: []checks.Result{
		{Check: checks.AuthServerFromPortal, State: checks.Problem, Cause: checks.AuthServerUnreachable, Vantage: checks.FromPortal},
		{Check: checks.PortalTCP, State: checks.OK, Vantage: checks.FromComputer},
	}}
	all := rules(t, o)
	before := len(all.Rows)
	closed := all.Closed()
	var ids []string
	for _, row := range closed.Rows {
		ids = append(ids, row.ID())
	}
	if !slices.Equal(ids, []string{"oauth", "oauth-w"}) || len(all.Rows) != before {
		t.Errorf("closed are %q, and of %d rows %d are left", ids, before, len(all.Rows))
	}
	text := write(t, closed, allowlist.MikroTik, allowlist.Add, "en")
	for _, host := range []string{"oauth.bitrix24.tech", "oauth.bitrix.info"} {
		if !strings.Contains(text, host) {
			t.Errorf("no %s in\n%s", host, text)
		}
	}
	// The event queue is not among them, so nothing is said about its addresses.
	if strings.Contains(text, bitrix.Feed(bitrix.CIS)) || strings.Contains(text, "1c-bitrix") {
		t.Errorf("more than what is closed in\n%s", text)
	}
	if left := rules(t, options()).Closed(); len(left.Rows) != 0 {
		t.Errorf("without a run, %d rows are closed", len(left.Rows))
	}
}
