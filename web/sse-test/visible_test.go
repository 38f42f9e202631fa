package ssetest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/browser"
)

// A right-to-left override turns round what follows it, and other characters have
// no look at all: from peers they come as signs.
const override, unlooked = "\u202e", "\u061c\U000e0041\u00ad\x1b\u0085"

// unseen is what the page shows that cannot be seen.
func unseen(tab *browser.Tab) []string {
	return browser.Value[[]string](tab, `(document.body.innerText.match(/[^\n\t]/gu) ?? []).filter((c) => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(c)).map(escape)`)
}

func unseenInEvents(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, true)
	frame := "event: t" + override + "ick\nid: 4" + override + "2\ndata: a" + override + "b\ndata: c" + unlooked + "d\n\n"
	f.say(frame)
	tab.Until("the type is a type now", shows("events", "has no listener: tU+202Eick."))
	f.say(frame)
	tab.Until("id and data have signs", shows("events", "id 4U+202E2 aU+202Eb cU+061CU+E0041U+00ADU+001BU+0085d"))
	require.Equal(t, "tU+202Eick", browser.Value[string](tab, `document.querySelector('#events .type').innerText`))
	tab.Until("so have the bytes", shows("bytes", "data: aU+202EbLF data: cU+061CU+E0041U+00ADU+001BU+0085dLF"))
	tab.Until("and the last event ID is escaped", shows("last-id", `4\u202e2`))
	require.Empty(t, unseen(tab), "these stand on the page as they came")
	require.Empty(t, tab.Complaints())
}

func unseenInRequests(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, false)
	f.say("event: endpoint\ndata: responses?session=S" + override + "1\n\n")
	f.say("event: request\ndata: {\"jsonrpc\":\"2.0\",\"id\":\"7" + override + "\",\"method\":\"app" + override + "rove\",\"params\":{\"to\":\"Ann" + override + "\"}}\n\n")
	tab.Until("method and id have signs, and the params are escaped", shows("open-requests", `appU+202Erove id 7U+202E open`))
	require.True(t, browser.Value[bool](tab, shows("open-requests", `{"to":"Ann\u202e"}`)))
	f.say("event: notification\ndata: {\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":\"7" + override + "\",\"reason\":\"ti" + override + "me\"}}\n\n")
	tab.Until("so has the reason", shows("settled-requests", "The server gave up waiting: tiU+202Eme"))
	tab.Until("and the diagram has signs for them", `document.getElementById('diagram').textContent.includes('cancelled 7U+202E')`)
	tab.Click("diagram .seq-row")
	tab.Until("so have the bytes", `document.querySelector('#diagram .seq-pre')?.textContent.includes('appU+202Erove')`)
	require.Empty(t, unseen(tab), "these stand on the page as they came")
	require.NotContains(t, browser.Value[string](tab, `document.getElementById('diagram').textContent + document.getElementById('session').textContent`), override)
	require.Empty(t, tab.Complaints())
}

func unseenInOutcomes(t *testing.T, b *browser.Browser) {
	x := newExchange(t)
	tab := x.connected(b)
	tab.Click("fire")
	tab.Until("the request is there", shows("open-count", "1 open"))
	browser.Value[bool](tab, `(document.querySelector('#open-requests textarea').value = '"a`+override+`b"', true)`)
	tab.Click("open-requests .answer")
	tab.Until("the result is escaped", shows("trigger-outcomes", `result "a\u202eb"`))
	require.Empty(t, unseen(tab), "these stand on the page as they came")
	require.Empty(t, tab.Complaints())
}
