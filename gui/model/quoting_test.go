package model_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/internal/app"
	"boxready/internal/exporter"
	"boxready/internal/portal"
	"boxready/internal/report"
	"boxready/internal/report/history"
	"boxready/internal/simtest"
	"boxready/internal/view"
	"boxready/internal/words"
)

// TestQuotedSecrets runs the checks against portals and authorization servers that quote the run's secrets in every field of every
// answer, in more than sixty ways of writing, and searches all that is shown and saved; a report is saved in every case.
func TestQuotedSecrets(t *testing.T) {
	all := simtest.Quotings(t)
	var tried []string
	for _, q := range all {
		tried = append(tried, q.Ways()...)
	}
	slices.Sort(tried)
	if n := len(slices.Compact(tried)); n < 60 {
		t.Errorf("only %d ways of writing", n)
	}
	for i, q := range all {
		t.Run(q.Name, func(t *testing.T) {
			t.Parallel()
			texts, err := words.New([]string{"en", "ru"}[i%2])
			if err != nil {
				t.Fatal(err)
			}
			for place, output := range outputs(t, texts, q.Outcome, i) {
				if leaks := q.Leaks(output); leaks != nil {
					t.Errorf("%s: %d, %.300q", place, len(leaks), leaks)
				}
			}
			if i == 0 && !slices.ContainsFunc(q.Results, func(r checks.Result) bool { return bytes.Contains(view.FactsJSON(r.Facts), []byte("•••")) }) {
				t.Error("nothing was quoted")
			}
		})
	}
}

// outputs is all that is shown and saved of a run, by its place.
func outputs(t *testing.T, texts *words.Texts, o *checks.Outcome, turn int) map[string][]byte {
	t.Helper()
	reporter := &report.Reporter{Words: texts, Version: "test", System: "Linux"}
	all := map[string][]byte{}
	write := func(place string, write func(*bytes.Buffer) error) {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Errorf("%s: %v", place, err)
		}
		all[place] = out.Bytes()
	}
	write("json", func(out *bytes.Buffer) error { return report.WriteJSON(out, reporter.Document(o), true) })
	write("jsonl", func(out *bytes.Buffer) error {
		for _, r := range o.Results {
			if err := report.WriteJSON(out, reporter.Entry(r, o.Target.Address.Display()), false); err != nil {
				return err
			}
		}
		return nil
	})
	write("text", func(out *bytes.Buffer) error {
		return reporter.WriteText(out, o, report.Style{Verbose: true, Width: 80})
	})

	kept := history.Store{Dir: t.TempDir()}
	if err := kept.Add(reporter.Document(o), o.Target.Secrets()...); err != nil {
		t.Error(err)
	}
	contents := report.Contents{Outcome: o, Hide: report.Categories()[:turn%4]}
	bundle, err := app.MakeReport(reporter, contents, app.Rules(o, "test"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bundle.Save(t.TempDir() + "/report.zip"); err != nil {
		t.Error(err)
	}
	for _, f := range bundle.Files {
		all[f.Name] = f.Data
	}
	for _, n := range bundle.Names {
		all["the names to hide"] = fmt.Append(all["the names to hide"], n.Value, "\n")
	}
	all["the name"] = []byte(bundle.Name)
	all["the window"] = inModel(texts, o)
	all["the exporter"] = exported(t, o)
	return all
}

// exported is what Prometheus reads of a run.
func exported(t *testing.T, o *checks.Outcome) []byte {
	e := exporter.New(t.Context(), exporter.Options{Portals: []portal.Address{o.Target.Address}, Interval: exporter.MinInterval, Parallel: 1,
		Run: func(context.Context, portal.Address) (*checks.Outcome, error) { return o, nil }})
	defer e.Close()
	page := httptest.NewRecorder()
	e.Handler().ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/probe?target="+url.QueryEscape(o.Target.Address.Authority()), nil))
	if !bytes.Contains(page.Body.Bytes(), []byte("boxready_probe_success 1")) {
		t.Errorf("the exporter: %d, %.300s", page.Code, page.Body)
	}
	return fmt.Appendf(page.Body.Bytes(), "%v", page.Header())
}

// inModel is what the window shows and copies.
func inModel(texts *words.Texts, o *checks.Outcome) []byte {
	s := sessionOf(o)
	var out bytes.Buffer
	put := func(v any) {
		data, _ := json.Marshal(v)
		out.Write(append(data, '\n'))
		fmt.Fprintf(&out, "%+v\n", v)
	}
	now := o.Finished.Add(time.Minute)
	put(s.Verdict(texts, now))
	put(s.Checklist(texts, now, model.Filter{}))
	places, arrows := s.Picture(texts)
	put(places)
	put(arrows)
	put(s.NotChecked(texts))
	put(s.Compare(texts, true))
	for _, r := range o.Results {
		put(s.Details(texts, r))
		out.WriteString(model.FactsText(r))
	}
	return out.Bytes()
}
