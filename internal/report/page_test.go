package report_test

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boxready/internal/report"
	"boxready/internal/simtest/browser"
	"boxready/internal/words"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// pages returns reports on runs with many findings, by name.
func pages(t *testing.T) map[string][]byte {
	t.Helper()
	broken := runDemo(t, "tls-self-signed", "dns-differs", "redirect-other-host-http", "ipv6-dead")
	unreachable := runDemo(t, "auth-server-unreachable", "tls-expires-soon")
	files := map[string][]byte{}
	for _, lang := range words.Languages() {
		files["broken-"+lang] = bundle(t, reporter(t, lang), report.Contents{Outcome: broken}).File(report.HTMLFile)
		files["unreachable-"+lang] = bundle(t, reporter(t, lang), report.Contents{Outcome: unreachable, Hide: report.Categories()}).File(report.HTMLFile)
	}
	files["healthy-ru"] = bundle(t, reporter(t, "ru"), report.Contents{Outcome: runDemo(t)}).File(report.HTMLFile)
	return files
}

// tools installs the programs that check the pages.
func tools(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("../../packaging/npm", "testdata/page").Output()
	if err != nil {
		needed(t, "html-validate and axe-core", err)
	}
	return strings.TrimSpace(string(out))
}

func TestPageIsValid(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		needed(t, "node", err)
	}
	folder := t.TempDir()
	files := pages(t)
	hostile := newCanaries(t).outcome(t)
	hostile.Results = hostile.Results[:20]
	files["hostile"] = bundle(t, reporter(t, "en"), report.Contents{Outcome: hostile}).File(report.HTMLFile)
	args := []string{filepath.Join(tools(t), "node_modules/html-validate/bin/html-validate.js"), "--config", "testdata/page/.htmlvalidate.json"}
	for name, data := range files {
		path := filepath.Join(folder, name+".html")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
		if match := regexp.MustCompile(`(?i)<script|<link|<img|<iframe|\son[a-z]+=|@import|url\(|\sstyle=|<meta[^>]+refresh`).Find(data); match != nil {
			t.Errorf("%s: %s isn't allowed in a report", name, match)
		}
	}
	if out, err := exec.CommandContext(t.Context(), node, args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// events are the browser's requests and log messages while a page is open.
type events struct {
	mu       sync.Mutex
	requests []string
	console  []string
}

func (e *events) add(event any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch v := event.(type) {
	case *network.EventRequestWillBeSent:
		e.requests = append(e.requests, v.Request.URL)
	case *runtime.EventConsoleAPICalled:
		e.console = append(e.console, fmt.Sprint(v.Type))
	case *runtime.EventExceptionThrown:
		e.console = append(e.console, v.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		e.console = append(e.console, v.Entry.Text)
	}
}

const stepTimeout = 60 * time.Second

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func get[T any](t *testing.T, ctx context.Context, a chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func media(print bool, scheme string) chromedp.Action[chromedp.Void] {
	medium := ""
	if print {
		medium = "print"
	}
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Media: medium, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}

func screenshot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	image := get(t, ctx, chromedp.FullScreenshot(100))
	if _, err := png.Decode(bytes.NewReader(image)); err != nil {
		t.Errorf("screenshot %s: %v", name, err)
	}
	folder := filepath.Join("..", "..", "build", "screenshots")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "report-"+name+".png"), image, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestPageInBrowser opens reports in a real browser: light and dark, wide, narrow and printed.
func TestPageInBrowser(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(filepath.Join(tools(t), "node_modules/axe-core/axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	ctx := browser.Start(t, chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"))
	seen := &events{}
	if err := chromedp.Listen(ctx, seen.add); err != nil {
		t.Fatal(err)
	}
	enable := chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
			return err
		}
		_, err := chromedp.Call(ctx, log.Enable, cdp.Empty{})
		return err
	})
	do(t, ctx, enable)
	folder := t.TempDir()
	for name, data := range pages(t) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(folder, name+".html")
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			address := (&url.URL{Scheme: "file", Path: path}).String()
			for _, scheme := range []string{"light", "dark"} {
				for size, width := range map[string]int64{"wide": 1000, "narrow": 360} {
					do(t, ctx, media(false, scheme), chromedp.EmulateViewport(width, 800), chromedp.Navigate(address))
					screenshot(t, ctx, name+"-"+scheme+"-"+size)
					if got := get(t, ctx, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); got > width {
						t.Errorf("%s %s: the page is %d pixels wide", scheme, size, got)
					}
					if got := get(t, ctx, chromedp.Evaluate[string](`getComputedStyle(document.querySelector("main")).maxWidth`)); got != "832px" {
						t.Errorf("the policy blocks the style (%s)", got)
					}
					// With the evidence open, everything is checked.
					do(t, ctx, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
						_, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: `document.querySelectorAll("details").forEach(d => d.open = true)` + ";" + string(axe)})
						return err
					}))
					violations := get(t, ctx, chromedp.Evaluate[string](`axe.run().then(r => r.violations.map(v => v.id + ": " + v.help + " " +
						v.nodes.slice(0, 3).map(n => n.target + " " + n.failureSummary).join("; ")).join("\n"))`, chromedp.EvalAwaitPromise))
					if violations != "" {
						t.Errorf("%s %s: axe finds\n%s", scheme, size, violations)
					}
				}
			}
			do(t, ctx, media(true, "dark"), chromedp.EmulateViewport(794, 1123), chromedp.Navigate(address))
			screenshot(t, ctx, name+"-paper")
			if got := get(t, ctx, chromedp.Evaluate[string](`getComputedStyle(document.body).backgroundColor`)); got != "rgb(255, 255, 255)" {
				t.Errorf("the paper is %s", got)
			}
			pdf := print(t, ctx)
			if pdfPages := len(regexp.MustCompile(`/Type\s*/Page\b`).FindAll(pdf, -1)); pdfPages < 1 || pdfPages > 12 || !regexp.MustCompile(`/MediaBox\s*\[0 0 59[45][.0-9]* 84[12]`).Match(pdf) {
				t.Errorf("%d sheets of paper, or not A4", pdfPages)
			}
			get(t, ctx, chromedp.Evaluate[bool](`document.querySelectorAll("details").forEach(d => d.open = true); true`))
			if broken := get(t, ctx, chromedp.Evaluate[string](brokenNames)); broken != "" {
				t.Errorf("names of facts break inside words: %s", broken)
			}
			assertTitleOnEverySheet(t, pdf, get(t, ctx, chromedp.Title()))
		})
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	for _, request := range seen.requests {
		if !strings.HasPrefix(request, "file://"+folder) {
			t.Errorf("a report asked for %s", request)
		}
	}
	if len(seen.requests) == 0 {
		t.Error("the browser reported no requests, not even of the pages")
	}
	if console := slices.Compact(seen.console); len(console) > 0 {
		t.Errorf("console: %v", console)
	}
}

// brokenNames lists the words of facts' names that take more than one line.
const brokenNames = `[...document.querySelectorAll(".facts dt")].flatMap(name => [...name.childNodes]).filter(node => {
	const range = document.createRange();
	range.selectNodeContents(node);
	return node.nodeType == Node.TEXT_NODE && range.getClientRects().length > 1;
}).map(node => node.data).join(", ")`

// assertTitleOnEverySheet asserts that each sheet of paper says which portal it is about, when it was checked, and by which version.
func assertTitleOnEverySheet(t *testing.T, pdf []byte, title string) {
	t.Helper()
	if !regexp.MustCompile(`https://.+, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, BoxReady 1\.2\.3$`).MatchString(title) {
		t.Errorf("the title is %q", title)
	}
	pdftotext, err := exec.LookPath("pdftotext")
	if err != nil {
		needed(t, "pdftotext (poppler-utils)", err)
	}
	extract := exec.CommandContext(t.Context(), pdftotext, "-layout", "-", "-")
	extract.Stdin = bytes.NewReader(pdf)
	out, err := extract.Output()
	if err != nil {
		t.Fatal(err)
	}
	sheets := strings.Split(strings.TrimSuffix(string(out), "\f"), "\f")
	for i, sheet := range sheets {
		words := strings.Join(strings.Fields(sheet), " ")
		if !strings.Contains(words, strings.Join(strings.Fields(title), " ")) || !strings.Contains(strings.ReplaceAll(words, " ", ""), fmt.Sprintf("%d/%d", i+1, len(sheets))) {
			t.Errorf("sheet %d doesn't say %q: %.200s", i+1, title, words)
		}
	}
}

func print(t *testing.T, ctx context.Context) []byte {
	t.Helper()
	yes := true
	return get(t, ctx, func(ctx context.Context, _ *chromedp.Target) ([]byte, error) {
		result, err := chromedp.Call(ctx, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: &yes})
		return result.Data, err
	})
}
