//go:build integration && linux

package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/studio-agent/studio-agent/connectors/pixelz/pixelzsim"
)

// order makes a task of the first n photos, as ProStudio's document has it:
// select images, external retouch, integration, template, save.
func (b *browser) order(n int) {
	b.t.Helper()
	b.click(`a[href="/tasks"]`)
	b.click(`a[href^="/tasks/new"]`)
	b.await(`location.pathname == "/tasks/new"`)
	if b.count(`#order`) == 0 {
		b.click(`.benchpick a`)
	}
	b.await(`document.querySelectorAll(".shot").length > 0`)
	for i := range n {
		b.click(fmt.Sprintf(`.shot:nth-of-type(%d) label`, i+1))
	}
	b.click(`input[name=account][value=pixelz]`)
	b.await(`document.querySelector("input[name=template]")`)
	b.click(`input[name=template][value="White BG"]`)
	b.keep("new-task")
	b.click(`#order .save`)
	b.await(`location.pathname.startsWith("/tasks") && !location.pathname.startsWith("/tasks/new")`)
}

// openTask opens the newest task.
func (b *browser) openTask() {
	b.t.Helper()
	if b.is(`/^\/tasks\/[0-9a-f]+/.test(location.pathname)`) {
		return
	}
	b.await(`document.querySelector("main a[href^='/tasks/']:not([href^='/tasks/new'])")`)
	b.open(run(b, chromedp.Evaluate[string](`document.querySelector("main a[href^='/tasks/']:not([href^='/tasks/new'])").getAttribute("href")`)))
}

// group waits until a group of the open task has n pictures.
func (b *browser) group(key string, n int) {
	b.t.Helper()
	b.await(fmt.Sprintf(`document.querySelector("#%s-title")?.dataset.count == %q`, key, fmt.Sprint(n)))
}

func (s *studio) ordered(n int) []pixelzsim.Order {
	s.t.Helper()
	s.await(fmt.Sprintf("%d orders", n), func() bool { return len(s.pixelz.Orders()) >= n })
	return s.pixelz.Orders()
}

func TestTheProcessOfProStudioInABrowser(t *testing.T) {
	s := newStudio(t)
	s.shoot(6)
	b := s.browser()
	b.await(`document.querySelectorAll("main img").length >= 6`)
	b.await(`[...document.querySelectorAll("main img")].every(i => i.complete && i.naturalWidth > 0)`)
	b.keep("benches")
	b.judge("benches")
	b.order(5)
	orders := s.ordered(5)
	if len(orders) != 5 || orders[0].Template != "102" { // as the simulator numbers White BG
		t.Errorf("%d orders, the first of template %q", len(orders), orders[0].Template)
	}
	b.openTask()
	b.group("retouch", 5)
	b.judge("a task at retouch")
	b.mark()

	// The vendor works; the page shows it, and nobody loads it anew.
	for _, o := range orders[:3] {
		must(t, s.pixelz.Produce(o.Ticket))
	}
	must(t, s.pixelz.Fail(orders[3].Ticket, "the colour profile is missing"))
	b.group("ready", 3)
	b.group("error", 1)
	b.group("retouch", 1)
	if text := b.text(`[data-group=error]`); !strings.Contains(text, "colour profile is missing") {
		t.Errorf("the error says %q", text)
	}
	b.await(`[...document.querySelectorAll("[data-group=ready] img")].every(i => i.complete && i.naturalWidth > 0)`)
	b.keep("task")
	b.judge("a task of which some is ready")

	// Import one that is selected, then all.
	b.click(`[data-group=ready] li:nth-of-type(2) .pick`)
	b.click(`[data-group=ready] .acts button[formaction="/do/import/picked"]`)
	b.group("imported", 1)
	s.await("one in the import folder", func() bool { return len(s.landed()) == 1 })
	b.group("ready", 2)
	b.click(`#ready-all button`)
	b.group("imported", 3)
	b.wantNoReload()

	// What failed is ordered again, and now succeeds.
	b.click(`[data-group=error] li .pick`)
	b.click(`[data-group=error] .acts button[formaction="/do/reorder/picked"]`)
	again := s.ordered(6)
	must(t, s.pixelz.Produce(again[5].Ticket))
	must(t, s.pixelz.Produce(orders[4].Ticket))
	b.group("ready", 2)
	b.click(`#ready-all button`)
	b.group("imported", 5)
	b.wantNoReload()
	s.await("all in the import folder", func() bool { return len(s.landed()) == 5 })
	if twice := s.pixelz.OrderedTwice(); len(twice) > 0 {
		t.Errorf("ordered twice: %q", twice)
	}
	names := s.landed()
	slices.Sort(names)
	if n := len(slices.Compact(names)); n != 5 {
		t.Errorf("landed %q", names)
	}
}

func TestEachPageCanBeUsedByEverybody(t *testing.T) {
	s := newStudio(t)
	s.shoot(3)
	b := s.browser()
	b.order(2)
	s.ordered(2)
	for _, path := range []string{"/", "/tasks", "/tasks/new?bench=packshot-1", "/files", "/accounts"} {
		b.open(path)
		b.judge(path)
		b.keep("page" + strings.ReplaceAll(strings.SplitN(path, "?", 2)[0], "/", "-"))
	}
	b.open("/files")
	b.click(`main a[href^="/files/life"]`)
	b.await(`location.pathname == "/files/life"`)
	b.judge("the life of a file")
	b.keep("life")
}

func TestAnOpenPageSurvivesTheAgent(t *testing.T) {
	s := newStudio(t)
	s.shoot(1)
	b := s.browser()
	b.await(`document.querySelectorAll("main img").length == 1`)
	s.kill()
	b.await(`document.querySelector("#lost") && !document.querySelector("#lost").hidden`)
	b.keep("lost")
	s.start()
	b.await(`!document.querySelector("#lost") || document.querySelector("#lost").hidden`)
	s.shoot(1)
	b.await(`document.querySelectorAll("main img").length == 2`)
}

func TestThePageIsUsedByKeyboard(t *testing.T) {
	s := newStudio(t)
	s.shoot(3)
	b := s.browser()
	b.do(chromedp.KeyEvent("g"), chromedp.KeyEvent("t"))
	b.await(`location.pathname == "/tasks" && document.readyState == "complete"`)
	b.do(chromedp.KeyEvent("?"))
	b.await(`document.querySelector("dialog[open]")`)
	b.judge("the help of keys")
}
