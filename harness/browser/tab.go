package browser

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience is how long a tab waits for what a test expects. Nothing waits for
// it to pass: a wait ends with the change in the page that it is for. A busy machine
// compiles all lessons within it.
const patience = 2 * time.Minute

// Tab is a page that is open in a Browser. It is for the one goroutine of its
// test; what goes wrong ends the test, with a picture of the page in words.
type Tab struct {
	tb      testing.TB
	ctx     context.Context
	console func() (chromedp.ConsoleMessage, error, bool)
	asked   int // how often Complaints was called
}

// Open opens url in a new tab, width pixels wide, and returns when it is
// loaded. The tab closes with the test.
func (b *Browser) Open(tb testing.TB, url string, width int) *Tab {
	tb.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	tb.Cleanup(cancel)
	console, stop := iter.Pull2(chromedp.Console(ctx))
	tb.Cleanup(stop)
	t := &Tab{tb: tb, ctx: ctx, console: console}
	t.Do("open "+url, chromedp.EmulateViewport(int64(width), 800), chromedp.Navigate(url))
	return t
}

// Close closes the tab as a person does, in the middle of whatever its page is
// at. Nothing else can be done with it then.
func (t *Tab) Close() {
	t.tb.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	if err := chromedp.Cancel(ctx); err != nil {
		t.tb.Fatalf("could not close the tab: %v", err)
	}
}

// Do carries out actions; what says what they are for.
func (t *Tab) Do(what string, actions ...chromedp.Action[chromedp.Void]) {
	t.tb.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.tb.Fatalf("could not %s: %v", what, err)
	}
}

// Click clicks the element with the id, as a mouse does. After the id may follow
// a selector, for the first such element in the one with the id.
func (t *Tab) Click(id string) {
	t.tb.Helper()
	t.Do("click "+id, chromedp.Click(chromedp.CSS("#"+id)))
}

// Type replaces the text of the input or text area with the id, key by key. It
// may end in "\r", for Enter.
func (t *Tab) Type(id, text string) {
	t.tb.Helper()
	t.Do("look at "+id, chromedp.Focus(chromedp.CSS("#"+id)))
	Value[chromedp.Void](t, "document.activeElement.select()")
	t.Do("type into "+id, chromedp.KeyEvent(kb.Backspace+text))
}

// Until waits until condition, a JavaScript expression, is true. It is asked
// again after each change in the page's document. sentence says what a person
// should see by then.
func (t *Tab) Until(sentence, condition string) {
	t.tb.Helper()
	_, err := evaluate[bool](t, When(condition))
	if err != nil {
		t.tb.Fatalf("%s\nwaited for  %s\nbut         %v\nthe page    %s", sentence, condition, err, t.text())
	}
}

// When returns a JavaScript expression for the promise that condition, an expression
// too, is true one day. It is asked again after each change in the page's document.
func When(condition string) string {
	return fmt.Sprintf(`new Promise((resolve) => {
		const met = () => (%s) && (watcher.disconnect(), resolve(true));
		const watcher = new MutationObserver(met);
		watcher.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
		met();
	})`, condition)
}

// Complaints returns the warnings and errors in the tab's console since it was
// last asked: of scripts, of the network, of the Content-Security-Policy.
func (t *Tab) Complaints() []string {
	t.tb.Helper()
	t.asked++
	end := fmt.Sprintf("console read %d times", t.asked)
	Value[chromedp.Void](t, fmt.Sprintf("console.debug(%q)", end))
	var complaints []string
	for {
		message, err, ok := t.console()
		if err != nil || !ok {
			t.tb.Fatalf("reading the console: %v", err)
		}
		switch message.Type {
		case chromedp.ConsoleWarning, chromedp.ConsoleError, chromedp.ConsoleException:
			complaints = append(complaints, message.String())
		}
		if message.Text == end {
			return complaints
		}
	}
}

// Value evaluates a JavaScript expression in the tab; a promise is waited for.
func Value[T any](t *Tab, expression string) T {
	t.tb.Helper()
	v, err := evaluate[T](t, expression)
	if err != nil {
		t.tb.Fatalf("could not evaluate %s: %v", expression, err)
	}
	return v
}

func evaluate[T any](t *Tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// text is what the page shows, in one line.
func (t *Tab) text() string {
	text, err := evaluate[string](t, "document.body.innerText")
	if err != nil {
		return "cannot be read: " + err.Error()
	}
	return strings.Join(strings.Fields(text), " ")
}
