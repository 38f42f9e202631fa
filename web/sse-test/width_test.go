package ssetest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/browser"
)

// widths are those of a full window, of one beside an editor, and of a phone.
var widths = []int{1280, 1000, 400}

// uncut requires that the page is as wide as its window, and all words are whole.
func uncut(t *testing.T, tab *browser.Tab, width int) {
	t.Helper()
	require.LessOrEqual(t, browser.Value[int](tab, `document.documentElement.scrollWidth`), width)
	require.Empty(t, browser.Value[[]string](tab, cutOff), "these words are cut off in a window %d pixels wide", width)
}

// cutOff names what is wider than its room: text, and what a field shows that nobody
// has typed into. What a field has beside its text (a spinner, an arrow) takes 20
// pixels. What is there for screen readers only has no room, and is left out.
const cutOff = `(() => {
	const name = (e) => e.tagName + '#' + e.id + ': ' + (e.placeholder || e.textContent).slice(0, 60);
	const boxes = [...document.querySelectorAll('body, body *:not(input, select, textarea, .seq-hidden)')]
		.filter((e) => e.clientWidth > 0 && getComputedStyle(e).display !== 'inline' && e.scrollWidth > e.clientWidth);
	const brush = document.createElement('canvas').getContext('2d');
	const fields = [...document.querySelectorAll('input[placeholder], select')].filter((e) => {
		const { font, paddingLeft, paddingRight } = getComputedStyle(e);
		brush.font = font;
		const words = e.placeholder ? [e.placeholder] : [...e.options].map((option) => option.textContent);
		const needed = Math.max(...words.map((text) => brush.measureText(text).width)) + parseFloat(paddingLeft) + parseFloat(paddingRight) + 20;
		return e.clientWidth > 0 && needed > e.clientWidth;
	});
	return [...boxes, ...fields].map(name);
})()`

func nothingIsCutOff(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	for _, width := range widths {
		tab := b.Open(t, f.page(), width)
		uncut(t, tab, width)
		tab.Click("connect")
		f.client()
		f.client()
		f.say("event: tick\nid: 1\ndata: {\"n\":1,\"time\":\"2026-11-28T09:15:27Z\"}\n\n")
		tab.Until("the event is there", shows("events", "tick id 1"))
		uncut(t, tab, width)
		tab.Close()
		f.stop()
		f.start()
	}
}

func nothingIsCutOffOfTwoWays(t *testing.T, b *browser.Browser) {
	x := newExchange(t)
	for _, width := range widths {
		tab := b.Open(t, x.http.URL+"/web/sse-test.html", width)
		tab.Click("connect")
		tab.Until("the endpoint is there", isTwoWay)
		for _, button := range []string{".answer", ".refuse"} {
			tab.Click("fire")
			tab.Until("the request is there", shows("open-count", "1 open"))
			tab.Click("open-requests " + button)
			tab.Until("and settled", shows("open-count", "none open"))
		}
		tab.Click("fire")
		tab.Until("another is open", shows("open-count", "1 open"))
		uncut(t, tab, width)
		tab.Close()
	}
}
