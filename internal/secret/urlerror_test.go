package secret

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestURLError(t *testing.T) {
	const grant = "https://me:s3cr3t@h/oauth/token/?client_secret=s3cr3t&code=s3cr3t#s3cr3t"
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	inner := &url.Error{Op: "Get", URL: grant, Err: refused}
	parse := func(raw string) error {
		_, err := url.Parse(raw)
		return err
	}
	_, requestErr := http.NewRequest("GET", "https://h/%zzs3cr3t", nil)

	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"plain":         {inner, `Get "https://h/oauth/token/": dial tcp: connection refused`},
		"wrapped":       {fmt.Errorf("refresh: %w", inner), `refresh: Get "https://h/oauth/token/": dial tcp: connection refused`},
		"wrapped twice": {fmt.Errorf("a: %w", fmt.Errorf("b: %w", inner)), `a: b: Get "https://h/oauth/token/": dial tcp: connection refused`},
		"joined":        {errors.Join(io.EOF, inner), "EOF\n" + `Get "https://h/oauth/token/": dial tcp: connection refused`},
		"nested":        {&url.Error{Op: "Post", URL: "https://h/?x=s3cr3t", Err: inner}, `Post "https://h/": Get "https://h/oauth/token/": dial tcp: connection refused`},
		"webhook":       {&url.Error{Op: "Post", URL: "https://h/rest/1/s3cr3t/profile", Err: io.EOF}, `Post "https://h/rest/1/•••/profile": EOF`},
		"text only":     {fmt.Errorf("redirect to https://h/a?code=s3cr3t, stopped"), `redirect to https://h/a, stopped`},
		"cause quotes":  {&url.Error{Op: "Get", URL: "https://h/", Err: errors.New(`bad Location "https://h/?auth=s3cr3t"`)}, `Get "https://h/": bad Location "https://h/"`},
		"parse, port":   {parse("https://me:s3cr3t/x@h"), `parse "•••": invalid port "•••" after host`},
		"parse, other":  {parse("https://h/?s3cr3t=\x7fs3cr3t"), `parse "•••": net/url: invalid control character in URL`},
		"request":       {fmt.Errorf("build: %w", requestErr), `build: parse "•••": invalid URL escape "•••"`},
		"opaque":        {&url.Error{Op: "Get", URL: "mailto:s3cr3t@h", Err: io.EOF}, `Get "mailto:•••": EOF`},
		"no secret":     {io.ErrUnexpectedEOF, "unexpected EOF"},
		"no cause":      {&url.Error{Op: "Get", URL: "https://h/?s3cr3t"}, `Get "https://h/": unknown cause`},
	} {
		t.Run(name, func(t *testing.T) {
			got := URLError(c.err)
			if got.Error() != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			for _, verb := range []string{"%v", "%+v", "%#v", "%q"} {
				var e *url.Error
				errors.As(got, &e)
				if strings.Contains(fmt.Sprintf(verb+verb, got, e), "s3cr3t") {
					t.Errorf("%s prints the secret", verb)
				}
			}
		})
	}

	if URLError(nil) != nil {
		t.Error("nil became an error")
	}
	if got := URLError(io.EOF); got != io.EOF {
		t.Error("an error without a secret was replaced")
	}
	wrapped := URLError(fmt.Errorf("a: %w", inner))
	var op *net.OpError
	if !errors.As(wrapped, &op) || op != refused || !errors.Is(wrapped, refused) {
		t.Error("the cause is lost")
	}
	late := URLError(fmt.Errorf("a: %w", &url.Error{Op: "Get", URL: grant, Err: context.DeadlineExceeded}))
	var timeout net.Error
	if !errors.Is(late, context.DeadlineExceeded) || !errors.As(late, &timeout) || !timeout.Timeout() {
		t.Error("a time-out is no longer one")
	}
	if strings.Contains(timeout.Error(), "s3cr3t") {
		t.Error("the secret comes back with errors.As")
	}
}
