package checks_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"boxready/checks"
	"boxready/internal/simportal"
)

// recordedAnswer is what a real server answered where the portal should have, and what is to be found then.
type recordedAnswer struct {
	Name   string            `json:"name"`
	On     string            `json:"on"` // which requests: see answers
	Status int               `json:"status"`
	Header map[string]string `json:"header"`
	Body   json.RawMessage   `json:"body"` // text, or the JSON itself
	With   []string          `json:"with"` // as in scenario
	Want   []string          `json:"want"` // checks and causes, without those that follow from them
}

// answers reports whether the answer is for that request; the simulated portal answers the others.
func (a recordedAnswer) answers(r simportal.Request) bool {
	segments := strings.Split(strings.Trim(r.Path, "/"), "/")
	switch a.On {
	case "everything":
		return r.Server == "portal"
	case "/rest/":
		return r.Server == "portal" && segments[0] == "rest"
	case "POST /rest/":
		return r.Server == "portal" && r.Method == http.MethodPost && segments[0] == "rest"
	case "webhook": // a real one: the invented one asks for another method
		return len(segments) == 4 && segments[3] == "app.info"
	case "token":
		return r.Server == "portal" && len(r.Tokens) > 0
	case "token-page":
		return r.Server == "portal" && r.Path == "/oauth/token/"
	}
	panic("answers to " + a.On)
}

func (a recordedAnswer) write(w http.ResponseWriter) {
	for name, value := range a.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(a.Status)
	var text string
	if json.Unmarshal(a.Body, &text) != nil {
		text = string(a.Body)
	}
	_, _ = fmt.Fprint(w, text)
}

// TestRecordedAnswers replays answers from public reports, vendors' lists of errors and shipped configurations, all of which were
// once taken for something else.
func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/answers.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded []recordedAnswer
	if err := json.Unmarshal(data, &recorded); err != nil {
		t.Fatal(err)
	}
	for _, a := range recorded {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			p := scenario{with: a.With, answer: func(w http.ResponseWriter, r simportal.Request) bool {
				if !a.answers(r) {
					return false
				}
				a.write(w)
				return true
			}}.execute(t)
			deep := slices.Contains(a.With, "deep")
			p.assertRequestRules(t, deep)
			p.assertTexts(t)
			p.assertOnlyDeclared(t)
			p.assertJudgedAgain(t)
			var found []string
			for _, r := range p.Results {
				if r.Cause != "" && r.Cause != checks.NeedsDeep || slices.Contains(a.Want, string(r.Check)+"/"+string(r.Cause)) {
					found = append(found, string(r.Check)+"/"+string(r.Cause))
				}
			}
			if !slices.Equal(found, a.Want) {
				t.Errorf("found %v, want %v", found, a.Want)
			}
			for _, r := range p.Results {
				proves := r.Check == checks.RESTRoute || r.Check == checks.HTTPSSeen || r.Check == checks.MethodInventory || r.Check == checks.AuthServerFromPortal
				if a.On == "everything" && proves && r.State == checks.OK {
					t.Errorf("%s is ok, though nothing of the portal answered", r.Check)
				}
			}
		})
	}
}
