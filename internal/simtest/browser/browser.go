// Package browser starts a real browser for tests. Only tests import it.
package browser

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Start returns a context in which every tab belongs to one headless Chromium, which ends with the test. The browser contacts nobody by
// itself and uses no proxy, unless options, which come last, say so. Without Chromium the test is skipped, and fails where CI is "true".
func Start(t *testing.T, options ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no browser, but the tests have to run in one here: %v", err)
		}
		t.Skipf("NOT TESTED IN A REAL BROWSER: %v (apt-get install chromium)", err)
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), slices.Concat([]chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.Env("TMPDIR=" + t.TempDir()), chromedp.WSURLReadTimeout(time.Minute),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("no-proxy-server", true),
	}, options)...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // its context must have no deadline
		t.Fatalf("start %s: %v", path, err)
	}
	return ctx
}
