package ssetest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/browser"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// What is left of a request when its stream has ended: no promise says that a
// cancellation comes first, and one may.

// unanswerable is a condition: nothing on the page can be answered, or written into
// an answer.
const unanswerable = `[...document.querySelectorAll('#asked .request button')].every((button) => button.offsetParent === null) &&
	[...document.querySelectorAll('#asked .request textarea')].every((area) => area.readOnly)`

const (
	request      = "event: request\ndata: {\"jsonrpc\":\"2.0\",\"id\":\"7\",\"method\":\"approve\"}\n\n"
	cancellation = "event: notification\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":\"7\"}}\n\n"
)

func answerDoesNotArrive(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, false)
	f.say(endpoint + request)
	tab.Until("the request is there", shows("open-count", "1 open"))
	tab.Click("open-requests .answer")
	tab.Until("the page says that no response came", shows("open-requests", "Sent the result: No response"))
	require.True(t, browser.Value[bool](tab, shows("open-requests", "approve id 7 open")), "while the stream is open, one can try again")
}

func streamEnds(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, false)
	f.say(endpoint + request)
	tab.Until("the request is there", shows("open-count", "1 open"))
	f.stop()
	tab.Until("with the stream, the request is closed", shows("settled-requests", "approve id 7 closed"))
	require.True(t, browser.Value[bool](tab, shows("settled-requests", "The stream ended")), "the page says why")
	require.True(t, browser.Value[bool](tab, unanswerable))
}

func streamEndsAfterCancellation(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, false)
	f.say(endpoint + request)
	tab.Until("the request is there", shows("open-count", "1 open"))
	f.say(cancellation)
	tab.Until("the server gave up", shows("settled-requests", "approve id 7 cancelled"))
	require.False(t, browser.Value[bool](tab, unanswerable), "a late answer can be tried")
	browser.Value[bool](tab, `(document.querySelector('#settled-requests .again').focus(), true)`)
	f.stop()
	tab.Until("after the end of the stream it cannot", unanswerable)
	require.True(t, browser.Value[bool](tab, shows("settled-requests", "approve id 7 cancelled")), "what became of it stays")
	require.Equal(t, "requests-title", browser.Value[string](tab, `document.activeElement.id`), "the focus goes from a button that is gone to the list's head")
}

func serverShutsDown(t *testing.T, b *browser.Browser) {
	x := newExchange(t)
	tab := x.connected(b)
	got := x.fire(cleanup.Trigger{Session: session(tab), Method: "early"})
	tab.Until("the first request is there", shows("open-count", "1 open"))
	tab.Click("open-requests .answer")
	<-got
	tab.Until("it is answered", shows("settled-requests", "early id 1 answered"))
	x.fire(cleanup.Trigger{Session: session(tab), Method: "approve"})
	tab.Until("the second request is there", shows("open-count", "1 open"))
	tab.Type("open-requests textarea", `"half a thought`)
	require.False(t, browser.Value[bool](tab, unanswerable))
	x.stop()
	tab.Until("after shutdown nothing is open", shows("open-count", "none open"))
	tab.Until("and nothing can be answered", unanswerable)
	require.Regexp(t, `^(closed|cancelled)$`, browser.Value[string](tab, `document.querySelector('#settled-requests li').dataset.state`))
	require.Equal(t, `"half a thought`, browser.Value[string](tab, `document.activeElement.value`), "what a person was typing is still under the cursor")
	tab.Click("fire")
	tab.Until("there is no session to ask", shows("trigger-trouble", "This page has no session"))
	browser.Value[bool](tab, `(document.getElementById('trigger-whom').value = 'all', true)`)
	tab.Click("fire")
	tab.Until("a trigger that finds no server says so", shows("trigger-outcomes", "No response"))
}
