// Package browser opens a real Chromium for tests of the pages: what such a test
// sees is what a person would see. It drives the browser by chromedp and is
// imported by tests alone, so that no program of the workbook links it.
package browser

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"
)

// names are what a Chromium is called, from the likeliest on. The last is
// where macOS keeps it, outside PATH.
var names = []string{
	"chromium",
	"chromium-browser",
	"google-chrome",
	"google-chrome-stable",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
}

// Browser is one running Chromium with a profile of its own. Its tabs may be
// used by tests that run at the same time, each tab by one of them.
type Browser struct {
	ctx context.Context
}

// Start starts a Chromium without a window, which ends with the test. On a
// machine that has none it skips the test; where CI is set it fails it,
// so that a green run there has seen the pages.
func Start(tb testing.TB) *Browser {
	tb.Helper()
	path := find()
	if path == "" && os.Getenv("CI") != "" {
		tb.Fatalf("no Chromium on this machine, and a CI run must look at the pages: install one of %v", names)
	}
	if path == "" {
		tb.Skipf("no Chromium on this machine, so nobody looks at the pages: install one of %v to run this test", names)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options(path)...)
	ctx, _ := chromedp.NewContext(allocator)
	tb.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			tb.Errorf("closing the browser: %v", err)
		}
		stop()
	})
	if err := chromedp.Do(ctx); err != nil {
		tb.Fatalf("%s does not start: %v", path, err)
	}
	return &Browser{ctx: ctx}
}

func find() string {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// options keep the browser quiet: chromedp's own, and what else would reach
// for the network or for a graphics card. Chromium's sandbox does not start for
// root, nor in many a CI container; the pages that it opens are our own.
func options(path string) []chromedp.ExecAllocatorOption {
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-component-update", true),
	)
	if os.Geteuid() == 0 || os.Getenv("CI") != "" {
		opts = append(opts, chromedp.NoSandbox)
	}
	return opts
}
