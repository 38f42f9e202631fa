package site_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/browser"
	"example.com/sseworkbook/harness/trace"
)

// demoDesk serves a desk with a demo that does not rest.
func demoDesk(t *testing.T) *desk {
	d := newDesk(t)
	d.pages.Demo = trace.NewDemo(0, []string{"05-correlation"})
	return d.serve()
}

func TestTheDemoInAChromium(t *testing.T) {
	b := browser.Start(t)
	for name, test := range map[string]func(*testing.T, *browser.Browser){
		"each message is an arrow":                    arrowsAreDrawn,
		"slider and keys walk through the messages":   walks,
		"a click or Enter shows the bytes":            showsBytes,
		"it may grow while it is open":                grows,
		"messages come as slowly as one can read":     onePerMoment,
		"it runs again":                               runsAgain,
		"a phone's width needs no scrolling sideways": demoFitsAPhone,
		"a server that has gone is said to have":      serverGone,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

// allAtOnce has each message shown as it comes.
func allAtOnce(tab *browser.Tab) {
	tab.Until("the page runs", `!document.getElementById('all').disabled`)
	tab.Click("all")
}

// played opens the page, and returns when the conversation is over.
func played(t *testing.T, b *browser.Browser, width int) *browser.Tab {
	t.Helper()
	tab := b.Open(t, demoDesk(t).url+"/demo", width)
	allAtOnce(tab)
	tab.Until("the conversation comes to its end", `document.getElementById('status').textContent.includes('That was all')`)
	return tab
}

func arrowsAreDrawn(t *testing.T, b *browser.Browser) {
	tab := played(t, b, wide)
	require.Equal(t, []string{"shop", "server", "alice", "bob"}, browser.Value[[]string](tab, `[...document.querySelectorAll('.seq-heads text')].map((e) => e.textContent)`))
	messages := browser.Value[int](tab, `document.querySelectorAll('.seq-item').length`)
	require.Greater(t, messages, 20)
	require.Equal(t, messages, browser.Value[int](tab, `document.querySelectorAll('.seq-row .seq-shaft').length`), "each message has an arrow")
	require.Equal(t, 7, browser.Value[int](tab, `document.querySelectorAll('.seq-chapter').length`))
	require.Equal(t, 2, browser.Value[int](tab, `document.querySelectorAll('.seq-cross').length`), "bob's connection ends, and alice's")

	// An arrow lies between the lanes of its parties, and points to the second.
	bob := browser.Value[[]float64](tab, `(() => {
		const row = [...document.querySelectorAll('.seq-row')].find((e) => e.textContent.includes('server to bob: request'));
		const lanes = [...row.querySelectorAll('.seq-lane')].map((e) => e.getBoundingClientRect().x);
		const shaft = row.querySelector('.seq-shaft').getBoundingClientRect();
		const tip = row.querySelector('.seq-tip path').getBoundingClientRect();
		return [shaft.left - lanes[1], shaft.right - lanes[3], lanes[3] - tip.right];
	})()`)
	for _, off := range bob {
		require.InDelta(t, 0, off, 4)
	}
	text := browser.Value[string](tab, `document.querySelector('.seq-row').textContent`)
	require.True(t, strings.HasPrefix(text, "alice to server: GET /events"), "whoever does not see the arrow reads it: %s", text)
	require.Equal(t, "OL", browser.Value[string](tab, `document.querySelector('.seq-item').parentElement.tagName`))
	require.Contains(t, browser.Value[string](tab, `document.body.innerText`), "05 yours")
	require.Empty(t, tab.Complaints())
}

func walks(t *testing.T, b *browser.Browser) {
	tab := played(t, b, wide)
	at := func() string {
		return browser.Value[string](tab, `document.querySelector('.seq-count').textContent + ' ' +
			document.querySelectorAll('.later').length + ' ' + document.querySelectorAll('[aria-current]').length`)
	}
	all := browser.Value[int](tab, `document.querySelectorAll('.seq-item').length`)
	require.Equal(t, fmt.Sprintf("%d of %d 0 1", all, all), at())
	tab.Do("go to the slider's beginning", chromedp.Focus(chromedp.CSS(".seq-slider")), chromedp.KeyEvent(kb.Home))
	require.Equal(t, fmt.Sprintf("0 of %d %d 0", all, all), at())
	tab.Do("walk on", chromedp.KeyEvent(kb.ArrowRight+kb.ArrowRight+kb.ArrowRight))
	require.Equal(t, fmt.Sprintf("3 of %d %d 1", all, all-3), at())
	require.Equal(t, fmt.Sprintf("3 of %d: bob to server: GET /events", all), browser.Value[string](tab, `document.querySelector('.seq-slider').getAttribute('aria-valuetext')`))
	tab.Do("step by button", chromedp.Click(chromedp.CSS(".seq-step[aria-label='Next message']")))
	require.Equal(t, fmt.Sprintf("4 of %d %d 1", all, all-4), at())
	tab.Do("walk from a message with the arrow keys", chromedp.Focus(chromedp.CSS(".seq-row[aria-current]")), chromedp.KeyEvent(kb.ArrowDown+kb.ArrowDown+kb.ArrowUp))
	require.Equal(t, fmt.Sprintf("5 of %d %d 1", all, all-5), at())
	require.True(t, browser.Value[bool](tab, `document.activeElement.hasAttribute('aria-current')`), "the focus goes along")
	require.Empty(t, tab.Complaints())
}

func showsBytes(t *testing.T, b *browser.Browser) {
	tab := played(t, b, wide)
	require.Zero(t, browser.Value[int](tab, `document.querySelectorAll('.seq-bytes').length`))
	tab.Do("click a message", chromedp.Click(chromedp.CSS(".seq-item:nth-of-type(2) .seq-row")))
	tab.Until("its bytes are there", `document.querySelector('.seq-bytes:not([hidden])')?.innerText.includes('event: endpointLF')`)
	require.Contains(t, browser.Value[string](tab, `document.querySelector('.seq-bytes').innerText`), "HTTP/1.1 200 OKCRLF")
	tab.Do("click it again", chromedp.Click(chromedp.CSS(".seq-item:nth-of-type(2) .seq-row")))
	require.Equal(t, 0, browser.Value[int](tab, `document.querySelectorAll('.seq-bytes:not([hidden])').length`))
	tab.Do("press Enter on the first", chromedp.Focus(chromedp.CSS(".seq-row")), chromedp.KeyEvent("\r"))
	require.Contains(t, browser.Value[string](tab, `document.querySelector('.seq-bytes:not([hidden])').innerText`), "GET /events HTTP/1.1CRLF")
	require.Equal(t, "true", browser.Value[string](tab, `document.activeElement.ariaExpanded`))
	require.Empty(t, tab.Complaints())
}

// Whoever is at the last message stays with the newest, and whoever has walked back
// stays where they are.
func grows(t *testing.T, b *browser.Browser) {
	tab := b.Open(t, demoDesk(t).url+"/demo", wide)
	counts := browser.Value[[]string](tab, `import('/web/sequence/sequence.js').then(({ Sequence }) => {
		const room = document.body.appendChild(document.createElement('div'));
		const now = () => room.querySelector('output').textContent;
		const sequence = new Sequence(room, { lanes: ['a', 'b'], messages: [{ at: 0, from: 'a', to: 'b', label: 'one' }] });
		const counts = [now()];
		sequence.add({ at: 1, from: 'b', to: 'a', label: 'two', kind: 'end' });
		counts.push(now());
		sequence.walk(1);
		sequence.add({ at: 70000, from: 'a', to: 'nobody', label: '<b>three</b>' });
		counts.push(now(), room.querySelectorAll('.seq-shaft').length + ' arrows', [...room.querySelectorAll('.seq-meta')].at(-1).textContent);
		sequence.walk(99);
		counts.push(now());
		sequence.clear();
		return [...counts, now(), room.querySelectorAll('.seq-item').length + ' left'];
	})`)
	require.Equal(t, []string{"1 of 1", "2 of 2", "1 of 3", "2 arrows", "+1 min 10 s", "3 of 3", "0 of 0", "0 left"}, counts,
		"a message to a lane that is not there has no arrow, and does no harm")
	require.Empty(t, tab.Complaints())
}

// The server does not rest here, and has sent all before the second message is shown.
func onePerMoment(t *testing.T, b *browser.Browser) {
	tab := b.Open(t, demoDesk(t).url+"/demo", wide)
	tab.Until("the second message is there", `document.querySelectorAll('.seq-item').length >= 2`)
	require.Less(t, browser.Value[int](tab, `document.querySelectorAll('.seq-item').length`), 10)
	require.Equal(t, "Running …", browser.Value[string](tab, `document.getElementById('status').textContent`))
	allAtOnce(tab)
	tab.Until("the rest comes at once", `document.getElementById('status').textContent.includes('That was all')`)
	require.True(t, browser.Value[bool](tab, `document.getElementById('all').disabled`))
	require.Empty(t, tab.Complaints())
}

func runsAgain(t *testing.T, b *browser.Browser) {
	tab := played(t, b, wide)
	all := browser.Value[int](tab, `document.querySelectorAll('.seq-item').length`)
	tab.Click("again")
	allAtOnce(tab)
	tab.Until("it runs", `document.getElementById('status').textContent.includes('That was all')`)
	require.Equal(t, all, browser.Value[int](tab, `document.querySelectorAll('.seq-item').length`), "the first conversation has made room")
	require.Empty(t, tab.Complaints())
}

func demoFitsAPhone(t *testing.T, b *browser.Browser) {
	tab := played(t, b, phone)
	tab.Do("open a message", chromedp.Click(chromedp.CSS(".seq-item:nth-of-type(2) .seq-row")))
	require.LessOrEqual(t, browser.Value[int](tab, `document.documentElement.scrollWidth`), phone)
	require.Empty(t, browser.Value[[]string](tab, `[...document.querySelectorAll('body *')]
		.filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.seq-hidden') && !e.closest('svg'))
		.map((e) => e.className)`))
	require.Empty(t, tab.Complaints())
}

func serverGone(t *testing.T, b *browser.Browser) {
	d := newDesk(t)
	d.pages.Demo = trace.NewDemo(0, nil)
	server := httptest.NewServer(d.pages.Handler())
	defer server.Close()
	tab := b.Open(t, server.URL+"/demo", wide)
	allAtOnce(tab)
	tab.Until("the conversation comes to its end", `document.getElementById('status').textContent.includes('That was all')`)
	server.CloseClientConnections()
	server.Close()
	tab.Click("again")
	tab.Until("the page says so", `document.getElementById('status').textContent.includes('server is gone')`)
	require.False(t, browser.Value[bool](tab, `document.getElementById('again').disabled`), "it can be tried again")
}
