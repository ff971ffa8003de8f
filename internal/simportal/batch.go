package simportal

import (
	"net/url"
	"regexp"
	"strings"

	"boxready/internal/bitrix"
)

const batchLimit = 50

var reference = regexp.MustCompile(`\$result((?:\[[^\]]*\])+)`)

// runBatch calls up to 50 methods; their answers are in maps by key
// (https://apidocs.bitrix24.com/settings/how-to-call-rest-api/batch.html).
func (s *Sim) runBatch(c *call) (any, *restError) {
	result, failed, total, next, times := newArray(), newArray(), newArray(), newArray(), newArray()
	cmd, _ := c.params.fold("cmd")
	commands, ok := cmd.(*array)
	if !ok {
		commands = newArray()
	}
	halt, _ := c.params.fold("halt")
	for i, key := range commands.keys {
		name, query, _ := strings.Cut(phpText(commands.get(key)), "?")
		inner := &call{request: c.request, faults: c.faults, https: c.https, auth: c.auth, started: s.portalNow(c.faults)}
		inner.params = parseQuery(reference.ReplaceAllStringFunc(query, func(r string) string { return resolve(result, r) }))
		answer, err := s.runInBatch(inner, i, name)
		if err != nil {
			failed.set(key, err.array())
			if isTrue(halt) {
				break
			}
			continue
		}
		result.set(key, answer.get("result"))
		if n, ok := answer.values["total"]; ok {
			total.set(key, n)
		}
		if n, ok := answer.values["next"]; ok {
			next.set(key, n)
		}
		times.set(key, s.timeBlock(inner))
	}
	return assoc("result", result, "result_error", failed, "result_total", total, "result_next", next, "result_time", times), nil
}

func (s *Sim) runInBatch(c *call, position int, name string) (*array, *restError) {
	if position >= batchLimit {
		return nil, &restError{code: bitrix.CodeBatchLengthExceeded, text: "Max batch length exceeded"}
	}
	switch strings.ToLower(name) {
	case "batch", "download", "upload":
		return nil, &restError{code: bitrix.CodeBatchMethodNotAllowed, text: "Method is not allowed for batch usage"}
	}
	m := c.faults.inv.lookup(name)
	switch {
	case m == nil:
		return nil, errorMethodNotFound()
	case !c.auth.may(m.scopes):
		return nil, refuse(bitrix.CodeInsufficientScope, "")
	}
	return s.run(c, m)
}

// resolve replaces  by a value of an earlier command's result.
func resolve(results *array, ref string) string {
	var v any = results
	for key := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(ref, "$result["), "]"), "][") {
		a, ok := v.(*array)
		if !ok {
			return ""
		}
		v = a.get(key)
	}
	return url.QueryEscape(phpText(v))
}
