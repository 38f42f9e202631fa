package ssetest_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/browser"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

func noJSON(t *testing.T, b *browser.Browser) {
	x := newExchange(t)
	tab := x.connected(b)
	tab.Type("trigger-params", `{"amount": 12`)
	tab.Click("fire")
	tab.Until("params that are no JSON are said to be none", shows("two-way", "This is not valid JSON: "))
	require.Zero(t, arrows(t, tab), "nothing was sent")
	tab.Type("trigger-params", "")
	tab.Until("the complaint goes with the first key", `![...document.querySelectorAll('.wrong')].some((e) => e.textContent)`)
	tab.Click("fire")
	tab.Until("without params is fine", shows("open-requests", "approve id 1"))
	tab.Type("open-requests textarea", `{approved`)
	tab.Click("open-requests .answer")
	tab.Until("an answer that is no JSON is said to be none", shows("open-requests", "This is not valid JSON: "))
	require.Equal(t, "{approved", browser.Value[string](tab, `document.activeElement.value`), "the text stays, and the cursor is in it")
	require.Equal(t, "true", browser.Value[string](tab, `document.activeElement.getAttribute('aria-invalid')`))
	require.Equal(t, 2, arrows(t, tab), "nothing was sent but trigger and request")
	tab.Type("open-requests textarea", `null`)
	tab.Click("open-requests .answer")
	tab.Until("null is JSON", shows("settled-requests", "Sent the result: 202 Accepted"))
	require.Empty(t, tab.Complaints())
}

func keyboardIsEnough(t *testing.T, b *browser.Browser) {
	x := newExchange(t)
	tab := x.connected(b)
	tab.Type("trigger-method", "approve\r")
	tab.Until("Enter fires", shows("open-count", "1 open"))
	tab.Type("trigger-method", "second\r")
	tab.Until("and again", shows("open-count", "2 open"))
	browser.Value[bool](tab, `(document.getElementById('delay').focus(), true)`)
	tab.Do("tab from the delay over the first result to its button, and press it", chromedp.KeyEvent("\t\t\r"))
	tab.Until("the first is answered", shows("settled-requests", "approve id 1 answered"))
	require.Equal(t, "second, request 2", browser.Value[string](tab, `document.activeElement.closest('li').ariaLabel`), "the focus goes on to the next request")
	tab.Do("press it", chromedp.KeyEvent(" "))
	tab.Until("the second is answered", shows("settled-requests", "second id 2 answered"))
	require.Equal(t, "requests-title", browser.Value[string](tab, `document.activeElement.id`), "with none left, the focus is at the list's head")
	require.Empty(t, tab.Complaints())
}

func paramsAreText(t *testing.T, b *browser.Browser) {
	const markup = `<img src=x onerror="document.title='owned'">`
	x := newExchange(t)
	tab := x.connected(b)
	params := strconv.Quote(markup)
	x.fire(cleanup.Trigger{Session: session(tab), Method: markup, Params: []byte(params)})
	tab.Until("a method is text", shows("open-requests", markup+" id 1"))
	tab.Type("trigger-method", markup)
	tab.Type("trigger-params", params)
	tab.Click("fire")
	tab.Until("the second is there", shows("open-count", "2 open"))
	tab.Click("open-requests .answer")
	tab.Until("the first is settled", shows("open-count", "1 open"))
	tab.Type("open-requests textarea", params)
	tab.Click("open-requests .answer")
	tab.Until("a result is text", shows("trigger-outcomes", "result "+params))
	require.Zero(t, browser.Value[int](tab, `document.images.length`))
	require.Empty(t, tab.Complaints())
}

func tooManyRequests(t *testing.T, b *browser.Browser) {
	x := newExchange(t)
	tab := x.connected(b)
	for range 50 {
		x.fire(cleanup.Trigger{Session: session(tab), Method: "approve"})
	}
	tab.Until("fifty can be open", shows("open-count", "50 open"))
	got := <-x.fire(cleanup.Trigger{Session: session(tab), Method: "approve"})
	require.Equal(t, answer{http.StatusOK, `{"error":{"code":-32000,"message":"this page already has 50 open requests"}}`}, got)
	require.Equal(t, 50, browser.Value[int](tab, `document.getElementById('open-requests').children.length`))
}

func diagramIsBounded(t *testing.T, b *browser.Browser) {
	x := newExchange(t)
	tab := x.connected(b)
	tab.Type("delay", "0")
	tab.Click("by-itself")
	for range 8 {
		<-x.fire(cleanup.Trigger{Session: session(tab), Method: "approve"})
	}
	tab.Until("the newest message is there", `document.getElementById('diagram').textContent.includes('202 for 8')`)
	require.Equal(t, 20, arrows(t, tab))
	require.True(t, browser.Value[bool](tab, shows("diagram", "Older messages left out: 4")))
}

func twoWayFitsAPhone(t *testing.T, b *browser.Browser) {
	x := newExchange(t)
	tab := b.Open(t, x.http.URL+"/web/sse-test.html", phone)
	tab.Click("connect")
	tab.Until("the endpoint is there", `!document.getElementById('two-way').hidden`)
	long := strings.Repeat("wide", 100)
	browser.Value[bool](tab, fmt.Sprintf(`(document.getElementById('trigger-method').value = %q, document.getElementById('trigger-params').value = '%q', true)`, long, long))
	for _, button := range []string{".answer", ".refuse"} {
		tab.Click("fire")
		tab.Until("a long request is there", shows("open-requests", long))
		tab.Click("open-requests " + button)
		tab.Until("and settled", shows("open-count", "none open"))
	}
	tab.Click("fire")
	tab.Until("another is open", shows("open-requests", long))
	require.Empty(t, tooWide(tab), "these are wider than the room they have")
	require.LessOrEqual(t, browser.Value[int](tab, `document.documentElement.scrollWidth`), phone)
	overlong := browser.Value[[]string](tab, `[...document.querySelectorAll('#diagram text')]
		.filter((e) => e.getBBox().x < 0 || e.getBBox().x + e.getBBox().width > document.getElementById('diagram').clientWidth)
		.concat([...document.querySelectorAll('#diagram .seq-label')].filter((e) => {
			const shaft = e.closest('li').querySelector('.seq-shaft');
			return e.getBoundingClientRect().top < shaft.getBoundingClientRect().bottom;
		}))
		.map((e) => e.textContent)`)
	require.Empty(t, overlong, "these words stand over an arrow, or outside the drawing")
	require.Empty(t, tab.Complaints())
}
