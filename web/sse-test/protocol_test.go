package ssetest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/browser"
)

// What a two-way server may do wrong, and when a stream is two-way at all. The
// feed says it, frame by frame.
func TestThePageKnowsATwoWayStreamInAChromium(t *testing.T) {
	b := browser.Start(t)
	for name, test := range map[string]func(*testing.T, *browser.Browser){
		"the raw bytes are no second session":            rawIsNoSession,
		"an endpoint elsewhere is refused":               foreignEndpoint,
		"an endpoint in mid-stream is an event like any": endpointInMidStream,
		"what is no request cannot be answered":          noRequest,
		"an answer that does not arrive can be repeated": answerDoesNotArrive,
		"what cannot be seen in a request has a sign":    unseenInRequests,
		"the end of the stream closes what is open":      streamEnds,
		"and what the server gave up before":             streamEndsAfterCancellation,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

const endpoint = "event: endpoint\ndata: responses?session=S1\n\n"

// isTwoWay is a condition: the page is a client of a two-way server.
const isTwoWay = `!document.getElementById('two-way').hidden`

func rawIsNoSession(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, true)
	f.say("retry: 50\n" + endpoint)
	tab.Until("the page is a client", isTwoWay)
	f.gone()
	tab.Until("the page says what it did", shows("events", "would be a second session that no one answers for"))
	require.Equal(t, "S1", session(tab))
	f.stop()
	tab.Until("without its stream there is no session", shows("session", "none"))
	f.start()
	f.client()
	f.say("event: endpoint\ndata: responses?session=S2\n\n")
	tab.Until("the next stream is the next session", shows("session", "S2"))
	require.Empty(t, f.arrived, "on a server that is known as two-way there is no second connection from the start")

	f.stop()
	f.start()
	f.client()
	f.say("data: hello\n\n")
	f.client()
	tab.Until("a server that is one-way again has its bytes read again", `document.getElementById('two-way').hidden && !document.getElementById('bytes-pane').hidden`)
}

func foreignEndpoint(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, false)
	f.say("event: endpoint\ndata: http://127.0.0.1:1/responses?session=S1\n\n")
	tab.Until("a stream cannot send the answers elsewhere", shows("events", "does not name a URL of the stream’s own origin"))
	require.False(t, browser.Value[bool](tab, isTwoWay))
	require.Empty(t, tab.Complaints())
}

func endpointInMidStream(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, true)
	f.say("data: first\n\n" + endpoint)
	tab.Until("the event is there", shows("events", "endpoint no id responses?session=S1"))
	require.False(t, browser.Value[bool](tab, isTwoWay), "only the first event makes a stream two-way")
	require.False(t, browser.Value[bool](tab, `document.getElementById('bytes-pane').hidden`))
	require.Empty(t, tab.Complaints())
}

func noRequest(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, false)
	f.say(endpoint)
	for _, data := range []string{`{`, `null`, `[]`, `{"jsonrpc":"2.0","method":"approve"}`, `{"jsonrpc":"2.0","id":"7"}`, `{"jsonrpc":"2.0","id":{},"method":"approve"}`} {
		f.say("event: request\ndata: " + data + "\n\n")
	}
	tab.Until("each is called what it is", `document.querySelectorAll('.note.trouble').length === 6`)
	f.say("event: notification\ndata: {\n\nevent: notification\ndata: {\"method\":\"notifications/cancelled\"}\n\n")
	f.say("event: request\ndata: {\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"approve\"}\n\n")
	tab.Until("none of it keeps the next request away", shows("open-count", "1 open"))
	f.say("event: notification\ndata: {\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":7}}\n\n")
	tab.Until("an id may be a number, and a reason may lack", shows("settled-requests", "approve id 7 cancelled"))
	require.Empty(t, tab.Complaints())
}
