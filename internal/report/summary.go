package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"boxready/checks"
	"boxready/internal/untrusted"
	"boxready/internal/view"
)

// maxSummaryLines fits into a chat message or a ticket.
const maxSummaryLines = 60

// summary describes a run in few lines, for a chat or a ticket.
func (p *Reporter) summary(n *run, b *Bundle) string {
	say := func(key string, args checks.Args) string { return p.Words.Say("report.summary."+key, args) }
	hidden := ""
	if _, hides := b.tokens(Names); hides {
		hidden = " " + say("hidden", nil)
	}
	var counts []string
	for _, c := range p.counts(n) {
		counts = append(counts, fmt.Sprintf("%s: %d", c.Words, c.N))
	}
	verdict := n.verdict(p.Words)
	head := []string{
		say("portal", checks.Args{"portal": n.display}) + hidden,
		say("verdict", checks.Args{"verdict": verdict.Title}),
		say("checked", checks.Args{"started": moment(n.Started), "version": n.Tool.Version, "system": p.system()}),
		say("report-id", checks.Args{"id": n.ID}),
		say("counts", checks.Args{"counts": strings.Join(counts, ", ")}),
	}
	for _, sentence := range []string{verdict.Inference, verdict.Apart} {
		if sentence != "" {
			head = slices.Insert(head, 2, sentence)
		}
	}
	for _, e := range n.endings(false) {
		head = append(head, e.Text(p.Words, n.Finished))
	}
	var tail []string
	for _, i := range n.view.Acknowledged() {
		tail = append(tail, say("acknowledged", checks.Args{"finding": string(i.Check) + " / " + string(i.Cause), "why": p.Words.Acknowledged(i.Acknowledged)}))
	}
	for _, m := range n.notChecked() {
		tail = append(tail, say("not-checked", checks.Args{"checks": p.Words.CheckNames(m.Checks)}))
	}
	if tail != nil {
		tail = append([]string{""}, tail...)
	}
	var body []string
	left := 0
	for _, owner := range n.view.Owners() {
		for _, i := range owner.Findings {
			if left > 0 {
				left++
				continue
			}
			block := append([]string{"", strings.ToUpper(p.Words.Say("state."+string(i.State), nil)) + " " + string(i.Check) + " / " + string(i.Cause),
				i.Text.Title, say("owner", checks.Args{"owner": p.Words.Code("owner.", string(i.Owner), ".to")})}, p.evidence(i)...)
			if len(head)+len(body)+len(block)+len(tail)+2 > maxSummaryLines {
				left++
				continue
			}
			body = append(body, block...)
		}
	}
	if left > 0 {
		body = append(body, "", p.Words.Count("report.summary.left", left))
	}
	var out strings.Builder
	for _, line := range append(append(head, body...), tail...) {
		fmt.Fprintln(&out, untrusted.Truncate(untrusted.Line(line), 500))
	}
	return out.String()
}

// took is how long a request took, in a suitable unit.
func (p *Reporter) took(r Request) string {
	if r.Times.Total < 1000 {
		return fmt.Sprintf("%d %s", r.Times.Total, p.Words.Say("format.ms", nil))
	}
	return p.Words.Number(float64(r.Times.Total)/1000) + " " + p.Words.Say("format.s", nil)
}

// evidence is what a vendor's support needs first: the answer with its error, time and number, or the certificate.
func (p *Reporter) evidence(i view.Item) []string {
	say := func(key string, args checks.Args) string { return p.Words.Say("report.summary."+key, args) }
	var lines []string
	if i.Check == checks.PortalTLS {
		var f checks.TLSFacts
		if json.Unmarshal(view.FactsJSON(i.Facts), &f) == nil && len(f.Addresses) > 0 && len(f.Addresses[0].Chain) > 0 {
			c := f.Addresses[0].Chain[0]
			lines = append(lines, say("certificate", checks.Args{"until": moment(c.NotAfter), "issuer": c.Issuer, "protocol": f.Addresses[0].Protocol}))
		}
	}
	// The last ones were decisive.
	requests := requestsIn(i.Values)
	for _, r := range requests[max(len(requests)-2, 0):] {
		line := say("answer", checks.Args{"request": r.Request, "answer": p.answer(r), "took": p.took(r), "at": moment(r.At)})
		if r.RequestID != "" {
			line += ", bx24_request_id " + r.RequestID
		}
		lines = append(lines, line)
	}
	return lines
}
