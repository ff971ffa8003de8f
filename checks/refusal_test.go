package checks

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
)

// errorPlaces are the places at which an error can come, with the check that judges it there.
var errorPlaces = []struct {
	at    bitrix.Place
	check ID
	judge func(x Exchange) Facts
}{
	{bitrix.AtRoute, RESTRoute, func(x Exchange) Facts { return &RouteFacts{Exchange: x} }},
	{bitrix.AtInventedWebhook, HTTPSSeen, func(x Exchange) Facts { return &HTTPSFacts{Exchange: x} }},
	{bitrix.AtInventedToken, AuthServerFromPortal, func(x Exchange) Facts {
		return &AuthFacts{Deep: true, Tokens: []TokenAnswer{{Carrier: portal.InForm, Exchange: x}}}
	}},
	{bitrix.AtWebhook, WebhookCheck, func(x Exchange) Facts { return &WebhookFacts{Answer: &x} }},
	{bitrix.AtFreshToken, TokenAccepted, func(x Exchange) Facts { return &AcceptedFacts{Answer: &x} }},
	{bitrix.AtCommand, UserRights, func(x Exchange) Facts {
		return &RightsFacts{Call: Call{Credential: ByWebhook, Command: "user.admin", Exchange: x}}
	}},
	{bitrix.AtLookup, MethodInventory, func(x Exchange) Facts {
		m := MethodFacts{Name: coreMethods[0], Exchange: x}
		m.Present = m.shows()
		return &InventoryFacts{Methods: []MethodFacts{m}}
	}},
	{bitrix.AtRefresh, SignIn, func(x Exchange) Facts {
		return &SignInFacts{AuthAnswer: AuthAnswer{Server: "https://auth.example", Status: x.Status, Error: x.Error, ErrorDescription: x.ErrorDescription}}
	}},
}

// answerWith is the answer of a portal, or of another program if it has no sign of the product, to a call.
func answerWith(t *testing.T, code, description string, signed bool) Exchange {
	t.Helper()
	body, err := json.Marshal(map[string]string{"error": code, "error_description": description})
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	if signed {
		header.Set("X-Powered-CMS", "Bitrix Site Manager (0123456789abcdef)")
	}
	reply, err := portal.ReadReply(&http.Response{StatusCode: 401, Header: header, Body: io.NopCloser(strings.NewReader(string(body)))})
	if err != nil {
		t.Fatal(err)
	}
	return *exchange(routeRequest, portal.Answer{Reply: reply}, portal.Address{Host: "portal.example", Port: 443})
}

// TestEveryCodeAtEveryPlace judges every known error, with each of its descriptions and one that nobody knows, wherever it can come.
func TestEveryCodeAtEveryPlace(t *testing.T) {
	declared := map[ID][]Cause{}
	for _, c := range Catalog() {
		declared[c.ID] = append(slices.Clone(c.Causes), CommonCauses()...)
	}
	owners := []Owner{PortalAdmin, ServerAdmin, NetworkAdmin, Vendor, Bitrix24, You}
	for _, code := range bitrix.Codes() {
		for _, description := range append(slices.Clone(code.Descriptions), "", "ganz andere Worte") {
			for _, place := range errorPlaces {
				name := code.Code + " “" + description + "” at " + string(place.at)
				meaning := bitrix.MeaningOf(code.Code, description, place.at)
				x := answerWith(t, code.Code, description, true)
				for _, r := range find(t, place.check).Judge(place.judge(x), nil) {
					switch {
					case r.Cause == UnexpectedAnswer:
						t.Errorf("%s settles nothing", name)
					case r.State == OK || r.State == Skipped:
						continue
					case !slices.Contains(declared[place.check], r.Cause):
						t.Errorf("%s yields %s, which %s doesn't have", name, r.Cause, place.check)
					case !slices.Contains(owners, r.Owner):
						t.Errorf("%s is for %q", name, r.Owner)
					case r.Cause == RefusedWithCode && string(r.Owner) != meaning.Owner:
						t.Errorf("%s is for %s, want %s", name, r.Owner, meaning.Owner)
					}
					if r.Cause != CoreMethodMissing && (r.Args["error"] != x.Error || r.Args["description"] != x.ErrorDescription) {
						t.Errorf("%s is reported as %q, %q", name, r.Args["error"], r.Args["description"])
					}
				}
			}
		}
	}
}

// TestUnknownCodeAtEveryPlace judges an error that nobody knows: beside a sign of the product it is the portal's, without one
// another program's.
func TestUnknownCodeAtEveryPlace(t *testing.T) {
	for _, place := range errorPlaces {
		if place.at == bitrix.AtRefresh {
			continue // over a verified connection, nobody else answers
		}
		x := answerWith(t, "SOMETHING_NEW", "Etwas Neues", true)
		found := find(t, place.check).Judge(place.judge(x), nil)
		if len(found) != 1 || found[0].Cause != RefusedWithCode || found[0].State != Unknown || found[0].Args["error"] != "SOMETHING_NEW" || found[0].Args["description"] != "Etwas Neues" {
			t.Errorf("at %s the portal's: %+v", place.at, found)
		}
		x = answerWith(t, "SOMETHING_NEW", "Etwas Neues", false)
		want := UnexpectedAnswer
		if place.check == RESTRoute {
			want = RESTNotBitrix
		}
		if found = find(t, place.check).Judge(place.judge(x), nil); len(found) != 1 || found[0].Cause != want {
			t.Errorf("at %s another program's: %+v", place.at, found)
		}
	}
}

// TestSharedCodesOfOthers proves that what everybody says proves nothing about the portal.
func TestSharedCodesOfOthers(t *testing.T) {
	for _, code := range bitrix.Codes() {
		if !code.Shared {
			continue
		}
		for _, place := range errorPlaces {
			if place.at == bitrix.AtRefresh {
				continue
			}
			found := find(t, place.check).Judge(place.judge(answerWith(t, code.Code, "no words of the portal", false)), nil)
			if len(found) != 1 || found[0].State == OK || found[0].Cause != UnexpectedAnswer && found[0].Cause != RESTNotBitrix {
				t.Errorf("%s of nobody at %s: %+v", code.Code, place.at, found)
			}
		}
	}
}

// TestFollowingCodes proves that the table of codes names causes, checks and owners that exist.
func TestFollowingCodes(t *testing.T) {
	for _, m := range bitrix.Meanings() {
		for _, place := range errorPlaces {
			switch follows := m.At(place.at); follows {
			case "", bitrix.Accepted, string(RateLimit), string(RESTLicence):
			default:
				if c := find(t, place.check); !slices.Contains(c.Causes, Cause(follows)) {
					t.Errorf("%s at %s: %s doesn't have the cause %s", m.Name, place.at, c.ID, follows)
				}
			}
		}
	}
}
