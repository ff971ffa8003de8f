package checks

import (
	"testing"

	"boxready/internal/portal"
	"boxready/internal/transport"
)

func TestJudgeBody(t *testing.T) {
	plain := saysError(401, "NO_AUTH_FOUND", "Wrong authorization data")
	facts := func(answers ...*Exchange) *BodyFacts {
		f := &BodyFacts{Plain: *plain}
		for i, x := range answers {
			f.Large = append(f.Large, LargeAnswer{MiB: []int{2, 12}[i], Answer: *x})
		}
		return f
	}
	const tooLarge, odd = "notice body-too-large server-admin", "unknown unexpected-answer server-admin"
	judge(t, BodySizeCheck, append([]verdict{
		{"both get through", facts(plain, plain), nil, results("ok")},
		{"nginx refuses the first", facts(page(413)), nil, results(tooLarge)},
		{"nginx refuses the second", facts(plain, page(413)), nil, results(tooLarge)},
		{"an empty 413", facts(plain, &Exchange{Status: 413, Form: portal.FormEmpty}), nil, results(tooLarge)},
		{"IIS refuses with 404.13", facts(page(404)), nil, results(tooLarge)},
		{"a gateway gives up", facts(page(502)), nil, results(tooLarge)},
		{"reset", facts(plain, failedWith(transport.Reset)), nil, results(tooLarge)},
		{"closed", facts(failedWith(transport.Closed)), nil, results(tooLarge)},
		{"the second takes too long to send", facts(plain, failedWith(transport.Timeout)), nil, results("unknown timeout server-admin")},
		{"another refusal of the portal", facts(saysError(401, "INVALID_REQUEST", "")), nil, results("ok")},
		{"a failure of the portal", facts(saysError(500, "ERROR_CORE", "SQL query error!")), nil, results("unknown refused-with-code server-admin")},
		{"the portal's limit", facts(plain, saysError(503, "QUERY_LIMIT_EXCEEDED", "")), nil, results("skipped because rate-limit")},
		{"a limit in front of the portal", facts(plain, page(429)), nil, results("skipped because rate-limit")},
		{"200 page", facts(page(200)), nil, results(odd)},
		{"a redirect", facts(redirects(302, "https://portal.example/")), nil, results(odd)},
		{"nothing was sent", facts(), nil, results(odd)},
	}, commonFailures(ServerAdmin, func(x *Exchange) Facts { return facts(plain, x) })...))
}
