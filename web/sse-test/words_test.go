package ssetest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/browser"
)

// What a server says about its stream stands on the page in words.
func TestThePageSaysWhatTheStreamLacksInAChromium(t *testing.T) {
	b := browser.Start(t)
	for name, test := range map[string]func(*testing.T, *browser.Browser){
		"heartbeats are named in the bytes":        heartbeatsAreNamed,
		"a resume without a reset is told":         resumeIsTold,
		"a reset and a gap say what is missing":    missingIsTold,
		"a notification is an arrow, and no alarm": notificationIsDrawn,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

func heartbeatsAreNamed(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, true)
	f.say(": \n")
	tab.Until("an empty comment is a heartbeat", shows("bytes", "heartbeat: the server is there"))
	f.say(": hello\n\n")
	tab.Until("another one is a comment", shows("bytes", "comment: EventSource does not report it"))
	tab.Until("both are counted", shows("count-comments", "2"))
	require.Empty(t, tab.Complaints())
}

func resumeIsTold(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, false)
	f.say("retry: 10\nevent: start\nid: log-3\ndata\n\n")
	tab.Until("where a log begins, the page says so", shows("events", "The server keeps a log."))
	f.stop()
	f.start()
	require.Equal(t, "log-3", f.client().Get("Last-Event-ID"))
	f.say("data: no id\n\n")
	tab.Until("the first event is there", shows("events", "no id"))
	require.False(t, browser.Value[bool](tab, shows("events", "Resumed")), "it says nothing of what came before")
	f.say("id: log-4\ndata: four\n\nid: log-5\ndata: five\n\n")
	tab.Until("an event with a new id does", shows("events", "Resumed at id log-4. There was no reset: as far as the server says, nothing is missing."))
	tab.Until("and the last one is there, too", shows("events", "five"))
	require.False(t, browser.Value[bool](tab, shows("events", "Resumed at id log-5")), "it is said once")
	require.Empty(t, browser.Value[[]string](tab, `[...document.querySelectorAll('#events .trouble')].map((e) => e.innerText).filter((text) => !/lost/.test(text))`))
}

func missingIsTold(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, false)
	f.say("retry: 10\nid: old-3\ndata: three\n\n")
	tab.Until("the first event is there", shows("events", "three"))
	f.stop()
	f.start()
	f.client()
	f.say("event: reset\nid: new-9\ndata\n\n")
	tab.Until("a reset says what is missing", shows("events", "events are missing before this one"))
	require.False(t, browser.Value[bool](tab, shows("events", "Resumed")), "this is no resume")
	f.say("event: gap\ndata: 1234\n\nevent: gap\ndata: <b>1</b>\n\n")
	tab.Until("a gap says how many events are missing", shows("events", "1,234 events are missing here"))
	tab.Until("and what is no number is not repeated", shows("events", "Events are missing here"))
	require.Equal(t, 3, browser.Value[int](tab, `document.querySelectorAll('#events .event .sse-verdict.trouble').length`))
}

func notificationIsDrawn(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, false)
	f.say(endpoint + "event: notification\nid: log-1\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"news\",\"params\":{\"n\":1}}\n\n")
	tab.Until("a notification is an arrow", `document.getElementById('diagram').textContent.includes('server to this page: news')`)
	tab.Until("and nothing to answer", shows("open-count", "none open"))
	require.Empty(t, tab.Complaints())
}
