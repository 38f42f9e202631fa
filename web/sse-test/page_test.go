package ssetest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/browser"
)

// patience is how long a test waits for the browser, where nothing comes.
const patience = 30 * time.Second

const wide, phone = 1280, 360

// state is a condition: the page says that it is in the state.
func state(name string) string {
	return fmt.Sprintf(`document.querySelector('#state').dataset.state === %q`, name)
}

// shows is a condition: the element's text, with its white space folded, contains text.
func shows(id, text string) string {
	return fmt.Sprintf(`document.getElementById(%q).innerText.replace(/\s+/g, ' ').includes(%q)`, id, text)
}

// connected opens the feed's page and connects, with or without the raw bytes.
func connected(t *testing.T, b *browser.Browser, f *feed, raw bool) *browser.Tab {
	t.Helper()
	tab := b.Open(t, f.page(), wide)
	if !raw {
		tab.Click("raw")
	}
	tab.Click("connect")
	f.client()
	if raw {
		f.client()
	}
	tab.Until("a stream that is open is live", state("live"))
	return tab
}

func TestThePageInAChromium(t *testing.T) {
	b := browser.Start(t)
	for name, test := range map[string]func(*testing.T, *browser.Browser){
		"events appear beside their bytes":               eventsAppear,
		"what EventSource hides is in the bytes":         hiddenThings,
		"a type nobody listened for is learnt":           typeIsLearnt,
		"the server goes and comes and the page resumes": resumes,
		"an event cut in the middle is none":             cutEvent,
		"disconnect stops and stays stopped":             disconnectStops,
		"the wrong content type ends it for good":        wrongContentType,
		"events named error and open are events":         eventsNamedLikeStates,
		"what a stream sends is text":                    markupIsText,
		"what cannot be seen has a sign":                 unseenInEvents,
		"a phone's width needs no scrolling sideways":    fitsAPhone,
		"on a one-way server nothing is cut off":         nothingIsCutOff,
		"the view stays with the newest, unless paused":  followsTheNewest,
		"the log is bounded":                             logIsBounded,
		"a URL is preset and not connected to by itself": presetURL,
		"a host that the policy forbids is named":        forbiddenHost,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

func eventsAppear(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := b.Open(t, f.page(), wide)
	tab.Until("before anything else the page is idle", state("idle"))
	tab.Type("url", "/events\r") // by keyboard alone
	f.client()
	f.client()
	tab.Until("an open stream is live", state("live"))

	f.say("id: 42\nevent: tick\ndata: {\"n\":1}\ndata: second line\n\n")
	tab.Until("an event has its type and id", shows("events", "tick id 42"))
	tab.Until("an event has its data, line by line", shows("events", `{"n":1} second line`))
	tab.Until("the bytes have their line feeds", shows("bytes", `id: 42LF event: tickLF data: {"n":1}LF data: second lineLF LF`))
	tab.Until("the last event ID can be read", shows("last-id", "42"))
	tab.Until("events are counted", shows("count-events", "1"))
	arrived := browser.Value[string](tab, `document.querySelector('.event time').dateTime`)
	_, err := time.Parse(time.RFC3339, arrived)
	require.NoError(t, err, "an event has its time of arrival")
	require.Empty(t, tab.Complaints())
}

func hiddenThings(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, true)
	f.say(": beat\n\n")
	tab.Until("a comment is in the bytes", shows("bytes", ": beatLF"))
	tab.Until("comments are counted", shows("count-comments", "1"))
	f.say("retry: 2500\n\n")
	tab.Until("the reconnection time is read from the bytes", shows("retry", "2,500 ms"))
	f.say("Data: wrong\r\n\r\n")
	tab.Until("a CR LF is seen as one", shows("bytes", "Data: wrongCRLF"))
	tab.Until("a field that no browser takes is called out", shows("bytes", "ignored"))
	f.say("id: 1\r")
	f.say("\n\ufeffdata: a\tb\x00\r")
	f.say("\n\r\n")
	tab.Until("a CR LF in two pieces ends one line, and odd characters are seen", shows("bytes", "id: 1CRLF BOMdata: aTABbNULCRLFignored"))
	require.Equal(t, "0", browser.Value[string](tab, `document.getElementById('count-events').innerText`), "none of all this is an event")
	require.Empty(t, tab.Complaints())
}

func typeIsLearnt(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, true)
	f.say("event: zebra\ndata: first\n\n")
	tab.Until("the new type stands among those listened for", shows("events", "has no listener: zebra"))
	require.Equal(t, "message, tick, notice, zebra", browser.Value[string](tab, `document.getElementById('types').value`))
	f.say("event: zebra\ndata: second\n\n")
	tab.Until("from then on EventSource hands it over", shows("events", "second"))
	require.Empty(t, tab.Complaints())
}

func resumes(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, false) // without raw bytes, the one connection is the browser's own
	f.say("retry: 50\nid: sept-7\ndata: before\n\n")
	tab.Until("an event comes before the fall", shows("events", "before"))
	f.stop()
	tab.Until("a lost connection is seen", state("reconnecting"))
	tab.Until("the page says what the browser will send", shows("events", "will send Last-Event-ID: sept-7"))
	f.start()
	require.Equal(t, "sept-7", f.client().Get("Last-Event-ID"), "the browser tells the server where it stopped")
	tab.Until("the stream is live again", state("live"))
	tab.Until("the page says what the browser sent", shows("events", "reconnected with Last-Event-ID: sept-7"))
	tab.Until("reconnects are counted", shows("count-reconnects", "1"))
	f.say("data: after\n\n")
	tab.Until("events go on", shows("events", "after"))
}

func cutEvent(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, true)
	f.say("retry: 50\nid: 1\ndata: whole\n\nid: 2\ndata: half\n")
	tab.Until("bytes are seen before their event is whole", shows("bytes", "data: halfLF"))
	tab.Until("the event before it is there", shows("last-id", "1"))
	f.stop()
	tab.Until("the page says what became of it", shows("bytes", "cut off"))
	f.start()
	require.Equal(t, "1", f.client().Get("Last-Event-ID"), "an id counts once its event is whole")
	require.Equal(t, "1", f.client().Get("Last-Event-ID"), "the bytes resume where the events do")
	f.say("data: next\n\n")
	tab.Until("the bytes go on after the reconnect", shows("bytes", "data: nextLF"))
	require.False(t, browser.Value[bool](tab, shows("events", "half")), "half an event is none")
}

func disconnectStops(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, true)
	tab.Click("disconnect")
	f.gone()
	f.gone()
	tab.Until("the page is idle", state("idle"))
	require.True(t, browser.Value[bool](tab, `document.getElementById('disconnect').disabled`))
	require.Empty(t, tab.Complaints(), "closing is no error")
	tab.Click("connect")
	f.client()
	f.client()
	tab.Until("one can connect again", state("live"))
}

func wrongContentType(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := b.Open(t, f.page(), wide)
	tab.Type("url", "/plain\r")
	tab.Until("the browser gives up at once", state("closed"))
	tab.Until("the page says that this is for good", shows("events", "gave up for good"))
	tab.Until("the page shows what the server said", shows("bytes", "HTTP 200, Content-Type: text/plain"))
	require.True(t, browser.Value[bool](tab, `document.getElementById('disconnect').disabled`), "there is nothing left to disconnect")
}

func eventsNamedLikeStates(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, true)
	f.say("event: error\ndata: x\n\nevent: open\ndata: y\n\n")
	tab.Until("both are types now", shows("events", "has no listener: open."))
	f.say("event: error\ndata: disk full\n\nevent: open\ndata: at nine\n\n")
	tab.Until("an event named error is shown", shows("events", "disk full"))
	tab.Until("an event named open is shown", shows("events", "at nine"))
	require.True(t, browser.Value[bool](tab, state("live")), "a message is no state")
	require.Equal(t, "0", browser.Value[string](tab, `document.getElementById('count-reconnects').innerText`))
}

func markupIsText(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, true)
	const markup = `<img src=x onerror="document.title='owned'">`
	f.say("event: " + markup + "\ndata: nobody listens yet\n\n")
	tab.Until("even a type is text", shows("events", "has no listener: "+markup))
	f.say("event: " + markup + "\nid: " + markup + "\ndata: " + markup + "\n\n")
	tab.Until("markup in data is shown as text", shows("events", "id "+markup+" "+markup))
	tab.Until("markup in the bytes is shown as text", shows("bytes", "data: "+markup+"LF"))
	require.Zero(t, browser.Value[int](tab, `document.images.length`), "nothing of it became an element")
	require.Equal(t, "Event stream test page", browser.Value[string](tab, `document.title`))
	require.Empty(t, tab.Complaints())
}

func fitsAPhone(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := b.Open(t, f.page(), phone)
	tab.Click("connect")
	f.client()
	f.client()
	long := strings.Repeat("wide", 200)
	f.say("id: " + long + "\ndata: " + long + "\n\n")
	tab.Until("the long event is there", shows("events", long))
	tab.Until("the long line is there", shows("bytes", long))
	require.Empty(t, tooWide(tab), "these are wider than the room they have")
	require.LessOrEqual(t, browser.Value[int](tab, `document.documentElement.scrollWidth`), phone)
	require.Empty(t, tab.Complaints())
}

// tooWide names the elements whose content is wider than they are. An input
// scrolls what is typed there, and may.
func tooWide(tab *browser.Tab) []string {
	return browser.Value[[]string](tab, `[...document.querySelectorAll('body, body *:not(input)')]
		.filter((e) => e.scrollWidth > e.clientWidth && getComputedStyle(e).overflowX !== 'hidden' && e.clientWidth > 0 && getComputedStyle(e).display !== 'inline')
		.map((e) => e.tagName + '#' + e.id + '.' + e.className)`)
}

func followsTheNewest(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, true)
	// The view follows within a frame, so two frames later it is there.
	atEnd := func(id string) bool {
		return browser.Value[bool](tab, fmt.Sprintf(`new Promise((resolve) => {
			const log = document.getElementById(%q);
			const ask = () => resolve(log.scrollHeight - log.scrollTop - log.clientHeight < 8);
			requestAnimationFrame(() => requestAnimationFrame(ask));
		})`, id))
	}
	f.say("retry: 50\n\n" + strings.Repeat("data: x\n\n", 50) + "data: half\n")
	tab.Until("the bytes are there", shows("bytes", "half"))
	require.True(t, atEnd("bytes"), "the newest bytes are in view")
	f.stop()
	tab.Until("the verdict is there", shows("bytes", "cut off"))
	require.True(t, atEnd("bytes"), "what the page says of the cut is in view too")
	f.start()
	f.client()
	f.client()
	tab.Click("pause")
	f.say(strings.Repeat("data: y\n\n", 50))
	tab.Until("rows go on being added", `document.querySelectorAll('.event').length === 100`)
	require.False(t, atEnd("events"), "a paused view stays where it was")
	tab.Click("pause")
	require.True(t, atEnd("events"), "and catches up")
}

func logIsBounded(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := connected(t, b, f, true)
	f.say(strings.Repeat("data: x\n\n", 600) + "data: last\n\n")
	tab.Until("the newest event is there", `document.querySelector('#events li:last-child').textContent.includes('last')`)
	tab.Until("the newest bytes are there", `document.querySelector('#bytes li:last-child').textContent.includes('last')`)
	require.Equal(t, 500, browser.Value[int](tab, `document.getElementById('events').children.length`))
	require.Equal(t, 500, browser.Value[int](tab, `document.getElementById('bytes').children.length`))
	tab.Click("clear")
	require.Zero(t, browser.Value[int](tab, `document.querySelectorAll('.pane li').length`))
}

func presetURL(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := b.Open(t, f.page()+"?url=/elsewhere", wide)
	require.Equal(t, "/elsewhere", browser.Value[string](tab, `document.getElementById('url').value`))
	require.True(t, browser.Value[bool](tab, state("idle")), "a link alone must not make the page connect")
}

func forbiddenHost(t *testing.T, b *browser.Browser) {
	f := newFeed(t)
	tab := b.Open(t, f.page(), wide)
	tab.Type("url", "http://192.0.2.1/events\r")
	tab.Until("the page names what stopped it", shows("events", "may not connect to http://192.0.2.1/events"))
	tab.Until("nothing retries", state("closed"))
}
