//go:build integration && linux

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// A browser is one open tab.
type browser struct {
	t    testing.TB
	ctx  context.Context
	base string
	said []string // by the console: errors and exceptions
}

func (s *studio) browser() *browser {
	s.t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.WindowSize(1600, 1000), chromedp.ExecPath("chromium"))
	ctx, stopAll := chromedp.NewExecAllocator(context.Background(), options...)
	s.t.Cleanup(stopAll)
	ctx, stop := chromedp.NewContext(ctx)
	s.t.Cleanup(stop)
	b := &browser{t: s.t, ctx: ctx, base: "http://" + s.page}
	b.do(chromedp.Navigate("about:blank"))
	heard := make(chan struct{})
	listening, deaf := context.WithCancel(ctx)
	go func() {
		defer close(heard)
		for message, err := range chromedp.Console(listening) {
			if err == nil && message.Type == chromedp.ConsoleException {
				b.said = append(b.said, message.Text)
			}
		}
	}()
	b.open("/")
	s.t.Cleanup(func() {
		deaf()
		<-heard
		for _, text := range b.said {
			s.t.Errorf("the page's script failed: %s", text)
		}
		if s.t.Failed() {
			b.keep("failed-" + strings.ReplaceAll(s.t.Name(), "/", "-"))
		}
	})
	return b
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	run(b, chromedp.Steps(actions...))
}

// run does one thing in the browser. Two minutes are far beyond what any of it
// takes.
func run[T any](b *browser, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 2*time.Minute)
	defer cancel()
	if chromedp.FromContext(b.ctx).Browser == nil {
		ctx = b.ctx // the first one starts the browser, which lives as long as its context
	}
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		b.t.Fatal(err)
	}
	return value
}

func (b *browser) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.base + path))
	b.await(`document.readyState == "complete"`) // only then its script listens to keys
}

// click presses what css finds.
func (b *browser) click(css string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(css), chromedp.Click(css))
}

// is evaluates an expression on the page.
func (b *browser) is(expression string) bool {
	b.t.Helper()
	return run(b, chromedp.Evaluate[bool]("!!("+expression+")"))
}

// await waits until an expression is true on the page, which is not loaded anew
// for it.
func (b *browser) await(expression string) {
	b.t.Helper()
	for end := time.Now().Add(time.Minute); !b.is(expression); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("the page never came to: %s\nit says:\n%s", expression, b.text("body"))
		}
	}
}

func (b *browser) text(css string) string {
	b.t.Helper()
	return run(b, chromedp.Text(css))
}

// count is how many elements css finds now.
func (b *browser) count(css string) int {
	b.t.Helper()
	return run(b, chromedp.Evaluate[int](fmt.Sprintf("document.querySelectorAll(%q).length", css)))
}

// mark leaves a mark in the page that a reload would take away.
func (b *browser) mark() { b.is("window.marked = true") }

func (b *browser) wantNoReload() {
	b.t.Helper()
	if !b.is("window.marked") {
		b.t.Error("the page was loaded anew: it was to stay true by itself")
	}
}

// keep writes a screenshot where STUDIO_AGENT_SHOTS says, if it does.
func (b *browser) keep(name string) {
	dir := os.Getenv("STUDIO_AGENT_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Logf("no screenshot: %v", err)
		return
	}
	must(b.t, os.MkdirAll(dir, 0o755))
	must(b.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}

// judge has axe-core look at the page as it stands, dark and light.
func (b *browser) judge(what string) {
	b.t.Helper()
	cache, err := os.UserCacheDir()
	must(b.t, err)
	found, err := filepath.Glob(filepath.Join(cache, "studio-agent-browser", "axe-*.js"))
	if err != nil || len(found) == 0 {
		b.t.Fatal("axe-core is not there: run integration/browser")
	}
	axe, err := os.ReadFile(found[len(found)-1])
	must(b.t, err)
	for _, scheme := range []string{"dark", "light"} {
		run(b, prefers(scheme))
		run(b, chromedp.Evaluate[bool](string(axe)+";true"))
		report := run(b, chromedp.Evaluate[string](askAxe, chromedp.EvalAwaitPromise))
		var result struct {
			Passes     int
			Violations []struct {
				ID, Impact, Help string
				Nodes            []string
			}
		}
		must(b.t, json.Unmarshal([]byte(report), &result))
		if result.Passes == 0 {
			b.t.Errorf("%s, %s: nothing was judged", what, scheme)
		}
		for _, v := range result.Violations {
			if v.Impact == "serious" || v.Impact == "critical" {
				b.t.Errorf("%s, %s: %s (%s): %s\n  %s", what, scheme, v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n  "))
			}
		}
	}
}

const askAxe = `axe.run().then(r => JSON.stringify({passes: r.passes.length, violations: r.violations.map(v =>
	({id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.map(n => n.html.slice(0, 200) + " " + n.failureSummary)}))}))`

// prefers has the page shown as somebody wants it: dark or light.
func prefers(scheme string) chromedp.Action[struct{}] {
	return func(ctx context.Context, t *chromedp.Target) (struct{}, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return struct{}{}, err
	}
}
