package site_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/browser"
	"example.com/sseworkbook/harness/watch"
)

// patience is how long a test waits for the browser, where nothing comes.
const patience = 30 * time.Second

const wide, phone = 1280, 360

// shows is a condition: the element's text, with its white space folded, contains text.
func shows(selector, text string) string {
	return fmt.Sprintf(`document.querySelector(%q)?.innerText.replace(/\s+/g, ' ').includes(%q)`, selector, text)
}

func TestThePagesInAChromium(t *testing.T) {
	b := browser.Start(t)
	for name, test := range map[string]func(*testing.T, *browser.Browser){
		"a page follows the saves without a reload":   followsTheSaves,
		"what is folded open stays so":                staysOpen,
		"a hint appears when the one before is open":  hintsOneByOne,
		"a command is copied":                         copiesACommand,
		"unfolded code scrolls by keyboard":           unfoldedCodeScrollsByKeyboard,
		"a server that comes back is found":           serverComesBack,
		"a phone's width needs no scrolling sideways": fitsAPhone,
		"everything has a name, and text can be read": canBeReadByAll,
		"the keyboard gets everywhere":                keyboard,
		"the answers are a button away":               answersAButtonAway,
		"an update beside a fetch is not missed":      updateBesideFetch,
		"a page that nobody sees has no stream":       hiddenPage,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

func followsTheSaves(t *testing.T, b *browser.Browser) {
	d := newDesk(t).serve()
	front := b.Open(t, d.url, wide)
	lesson := b.Open(t, d.url+"/lessons/01-greeting", wide)
	for _, tab := range []*browser.Tab{front, lesson} {
		browser.Value[bool](tab, `window.sameDocument = true`)
	}
	d.set(func(u *watch.Snapshot) { u.Running = true })
	for _, tab := range []*browser.Tab{front, lesson} {
		tab.Until("a run is seen while it lasts", shows("#verdict", "Running the tests for the first time"))
	}
	d.ran(0)
	front.Until("the front page says what is red", shows("#verdict", "Greeting: step 1 of 2 is red."))
	lesson.Until("the lesson says what is red", shows("#verdict", "Step 1 of 2 is red."))
	lesson.Until("the message is there", shows("#now", "Nobody <i>heard</i> a word"))
	d.ran(1)
	front.Until("the front page counts", shows("#overall", "1 of 4 steps"))
	front.Until("the list counts", shows("#lessons", "1 of 2 · next"))
	lesson.Until("the next step is red", `document.querySelector('#steps [aria-current]').className === 'failed'`)
	lesson.Until("the step before it passes", shows("#steps .passed", "Whoever comes is greeted"))
	d.ran(2)
	front.Until("the next lesson is next", shows("#next", "Continue with lesson 02-parting"))
	lesson.Until("the lesson is green", `document.querySelector('#verdict').dataset.state === 'green'`)
	lesson.Until("it leads on", shows("#now", "On to 02 Parting"))
	for _, tab := range []*browser.Tab{front, lesson} {
		require.True(t, browser.Value[bool](tab, `window.sameDocument === true`), "the page was never loaded again")
		require.Empty(t, tab.Complaints())
	}
}

func staysOpen(t *testing.T, b *browser.Browser) {
	d := newDesk(t).serve()
	d.ran(0)
	tab := b.Open(t, d.url+"/lessons/01-greeting", wide)
	tab.Click("now .hint summary")
	tab.Until("the hint is open", `document.querySelector('.hint').open`)
	d.set(func(u *watch.Snapshot) { u.Running = true })
	tab.Until("the tests run", shows("#verdict", "Saved. Running"))
	d.set(func(u *watch.Snapshot) {
		u.Running, u.Results["01-greeting"].Steps[0].Message = false, "Somebody said ciao"
	})
	tab.Until("the message is another one", shows("#now", "Somebody said ciao"))
	require.True(t, browser.Value[bool](tab, `document.querySelector('.hint').open`), "the same step's hint stays open")
	require.True(t, browser.Value[bool](tab, `document.activeElement === document.querySelector('.hint summary')`), "the keyboard stays where it was")
	d.broken("greeting.go:3: syntax error", "")
	tab.Until("it does not compile", shows("#now", "syntax error"))
	require.False(t, browser.Value[bool](tab, `!!document.querySelector('.hint')`))
	d.ran(0)
	tab.Until("the hint is open again", `document.querySelector('.hint')?.open`)
	tab.Do("load the page again", chromedp.Reload())
	tab.Until("and stays open then", `document.readyState === 'complete' && document.querySelector('.hint').open`)
	d.ran(1)
	tab.Until("another step is red", shows("#verdict", "Step 2 of 2"))
	require.False(t, browser.Value[bool](tab, `document.querySelector('.hint').open`), "another step's hint is folded")
	require.Empty(t, tab.Complaints())
}

// Code that scrolls sideways can be reached by keyboard as soon as what it stands in is unfolded.
func unfoldedCodeScrollsByKeyboard(t *testing.T, b *browser.Browser) {
	d := newDesk(t)
	d.write("lessons/01-greeting/README.md", strings.Replace(readme, "go run ./twice", "go run ./twice "+strings.Repeat("and again ", 20), 1))
	d.serve()
	d.ran(2)
	tab := b.Open(t, d.url+"/lessons/01-greeting", wide)
	tab.Do("open the experiment", chromedp.Click(chromedp.CSS("#now details[data-key=experiment] summary")))
	tab.Until("its command can have the focus", `document.querySelector('#now details[data-key=experiment] pre').tabIndex === 0`)
	require.Empty(t, tab.Complaints())
}

func hintsOneByOne(t *testing.T, b *browser.Browser) {
	d := newDesk(t).serve()
	d.ran(0)
	tab := b.Open(t, d.url+"/lessons/01-greeting", wide)
	const visible = `[...document.querySelectorAll('.hint')].filter((h) => h.offsetHeight > 0).length`
	require.Equal(t, 1, browser.Value[int](tab, visible))
	for n := 1; n < 3; n++ {
		tab.Click(fmt.Sprintf("now .hint:nth-child(%d) summary", n))
		tab.Until("the next hint appears", fmt.Sprintf("%s === %d", visible, n+1))
	}
	require.Empty(t, tab.Complaints())
}

func copiesACommand(t *testing.T, b *browser.Browser) {
	d := newDesk(t).serve()
	d.ran(2)
	tab := b.Open(t, d.url+"/lessons/01-greeting", wide)
	browser.Value[any](tab, `{ navigator.clipboard.writeText = async (text) => { window.copied = text; }; 0 }`)
	tab.Do("open the experiment", chromedp.Click(chromedp.CSS("#now details[data-key=experiment] summary")))
	tab.Do("copy its command", chromedp.Click(chromedp.CSS("#now .copy")))
	tab.Until("the button says so", `document.querySelector('#now .copy').textContent === 'Copied'`)
	require.Equal(t, "go run ./twice", browser.Value[string](tab, `window.copied`))
	tab.Until("and can be pressed again", `document.querySelector('#now .copy').textContent === 'Copy'`)
	require.Empty(t, tab.Complaints())
}

// The server ends and another one begins at the same address, as after Ctrl-C.
func serverComesBack(t *testing.T, b *browser.Browser) {
	d := newDesk(t)
	d.ran(0)
	url, stop := d.run("localhost:0")
	tab := b.Open(t, url+"/lessons/01-greeting", wide)
	tab.Until("the lesson is there", shows("#verdict", "Step 1 of 2 is red."))
	require.NoError(t, stop())
	tab.Until("the page says that the server has gone", shows("#lost", "does not answer"))
	d.ran(1)
	d.run(url[len("http://"):])
	tab.Until("the page is up to date again", shows("#verdict", "Step 2 of 2 is red."))
	tab.Until("and says no more of it", `document.querySelector('#lost').textContent === ''`)
}

func fitsAPhone(t *testing.T, b *browser.Browser) {
	d := demoDesk(t)
	for _, state := range d.states() {
		state()
		for _, path := range []string{"/", "/lessons/01-greeting", "/lessons/01-greeting/diff?show", "/readme", "/demo", "/nothing"} {
			tab := b.Open(t, d.url+path, phone)
			require.LessOrEqual(t, browser.Value[int](tab, `document.documentElement.scrollWidth`), phone, path)
			require.Empty(t, browser.Value[[]string](tab, `[...document.querySelectorAll('body *')]
				.filter((e) => e.getBoundingClientRect().right > innerWidth && !e.closest('pre, table, svg, .seq-hidden, .aloud'))
				.map((e) => e.tagName + '.' + e.className)`), "these stick out of %s", path)
			tab.Close()
		}
	}
}

// states are what the pages are looked at in: red, broken, green, and all done.
func (d *desk) states() []func() {
	return []func(){
		func() { d.ran(0) },
		func() { d.broken("lessons/01-greeting/greeting.go:4:9: undefined: hi", "") },
		func() { d.ran(2) },
		func() {
			d.set(func(u *watch.Snapshot) { u.Results = results(d.result(0, 2), d.result(1, 2)) })
		},
	}
}

// contrast returns the texts whose colour is too close to what is behind them.
const contrast = `(() => {
	const rgb = (css) => { // whatever a colour is written in, a canvas knows what it is
		const dot = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
		dot.fillStyle = css;
		dot.fillRect(0, 0, 1, 1);
		return [...dot.getImageData(0, 0, 1, 1).data].map((v) => v / 255);
	};
	const light = (c) => c.slice(0, 3).map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
	const behind = (e) => {
		if (!e) return [1, 1, 1];
		const [r, g, b, a] = rgb(getComputedStyle(e).backgroundColor);
		if (a === 1) return [r, g, b];
		const below = behind(e.parentElement);
		return [r, g, b].map((v, i) => v * a + below[i] * (1 - a));
	};
	const bad = [];
	for (const e of document.querySelectorAll('body *')) {
		const text = [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()).join('');
		if (!text || !e.offsetHeight) continue;
		const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
		if ((a + .05) / (b + .05) < 4.5) bad.push(e.tagName + '.' + e.className + ' ' + text.slice(0, 30) + ' ' + (a + .05) / (b + .05));
	}
	return bad;
})()`

func canBeReadByAll(t *testing.T, b *browser.Browser) {
	d := demoDesk(t)
	for _, state := range d.states() {
		state()
		for _, path := range []string{"/", "/lessons/01-greeting", "/lessons/01-greeting/diff", "/lessons/01-greeting/diff?show", "/readme", "/demo"} {
			tab := b.Open(t, d.url+path, wide)
			for _, scheme := range []string{"light", "dark"} {
				browser.Value[any](tab, fmt.Sprintf(`document.documentElement.style.colorScheme = %q`, scheme))
				require.Empty(t, browser.Value[[]string](tab, contrast), "%s, %s", path, scheme)
			}
			require.Equal(t, 1, browser.Value[int](tab, `document.querySelectorAll('h1').length`), path)
			require.Equal(t, 1, browser.Value[int](tab, `document.querySelectorAll('main').length`), path)
			require.Empty(t, browser.Value[[]string](tab, `[...document.querySelectorAll('h1, h2, h3, h4')]
				.filter((h, i, all) => i > 0 && h.tagName > 'H' + (+all[i - 1].tagName[1] + 1)).map((h) => h.innerText)`), "a level of headings is left out")
			require.Empty(t, browser.Value[[]string](tab, `[...document.querySelectorAll('a, button, summary, progress, nav, aside, section, th')]
				.filter((e) => !(e.textContent.trim() || e.ariaLabel) || e.matches('nav, aside') && !e.ariaLabel ||
					e.matches('section') && !document.getElementById(e.getAttribute('aria-labelledby')))
				.map((e) => e.outerHTML)`), "these have no name")
			require.Empty(t, browser.Value[[]string](tab, `[...document.querySelectorAll('[id]')].map((e) => e.id).filter((id, i, all) => all.indexOf(id) !== i)`), "ids are there twice")
			require.True(t, browser.Value[bool](tab, `document.documentElement.lang === 'en'`))
			require.Empty(t, tab.Complaints(), path)
			tab.Close() // each has a connection open, and there are six at most
		}
	}
}

// press presses a key.
func press(tab *browser.Tab, key string) { tab.Do("press a key", chromedp.KeyEvent(key)) }

func keyboard(t *testing.T, b *browser.Browser) {
	d := newDesk(t).serve()
	d.ran(0)
	tab := b.Open(t, d.url+"/lessons/01-greeting", wide)
	press(tab, "\t")
	require.Equal(t, "Skip to the content", browser.Value[string](tab, `document.activeElement.innerText`))
	require.True(t, browser.Value[bool](tab, `document.activeElement.offsetHeight > 20`), "it is seen while it has the focus")
	press(tab, "\r")
	require.Equal(t, "main", browser.Value[string](tab, `document.activeElement.id`))
	press(tab, "\t")
	require.True(t, browser.Value[bool](tab, `document.activeElement.matches('.hint summary')`), "the first thing in the content is the hint")
	require.NotEqual(t, "none", browser.Value[string](tab, `getComputedStyle(document.activeElement).outlineStyle`), "the focus is seen")
	press(tab, "\r")
	tab.Until("Enter opens the hint", `document.querySelector('.hint').open`)
}

func answersAButtonAway(t *testing.T, b *browser.Browser) {
	d := newDesk(t).serve()
	d.ran(0)
	tab := b.Open(t, d.url+"/lessons/01-greeting/diff", wide)
	tab.Until("there is a warning", shows("main", "this gives the answers away"))
	tab.Click("files button")
	tab.Do("load the answers", chromedp.WaitVisible(chromedp.CSS(".diff")))
	tab.Until("then the answers", shows(".diff", "goodbye"))
	require.Empty(t, tab.Complaints())
}

// While a page asks for itself, another update comes.
func updateBesideFetch(t *testing.T, b *browser.Browser) {
	d := newDesk(t)
	pages := d.pages.Handler()
	asked, answer := make(chan bool), make(chan bool)
	var held atomic.Bool // the page's second request is answered when the test says so
	d.serveAs(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" || !held.CompareAndSwap(true, false) {
			pages.ServeHTTP(w, r)
			return
		}
		early := httptest.NewRecorder()
		pages.ServeHTTP(early, r)
		asked <- true
		select {
		case <-answer:
		case <-r.Context().Done(): // the test has failed
		}
		_, _ = early.Body.WriteTo(w)
	}))
	tab := b.Open(t, d.url, wide)
	held.Store(true)
	d.ran(0)
	<-asked
	d.ran(1)
	browser.Value[string](tab, `fetch('/web/shared/base.css').then((response) => response.text())`) // time for the stream
	answer <- true
	tab.Until("the page is up to date", shows("#verdict", "step 2 of 2 is red"))
}

// A browser has six connections to a server. Tabs that nobody looks at leave them
// to the others.
func hiddenPage(t *testing.T, b *browser.Browser) {
	d := newDesk(t)
	pages := d.pages.Handler()
	ended := make(chan struct{}, 10) // one for each stream that has ended
	var begun atomic.Int32
	d.serveAs(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/events" {
			begun.Add(1)
			defer func() { ended <- struct{}{} }()
		}
		pages.ServeHTTP(w, r)
	}))
	d.ran(0)
	tab := b.Open(t, d.url, wide)
	hide := func(hidden bool) {
		browser.Value[bool](tab, fmt.Sprintf(`(Object.defineProperty(document, 'hidden', { configurable: true, value: %v }),
			document.dispatchEvent(new Event('visibilitychange')))`, hidden))
	}
	d.ran(1)
	tab.Until("the page follows", shows("#verdict", "step 2 of 2 is red"))
	hide(true)
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatal("the page is hidden, and its stream goes on")
	}
	d.ran(2)
	hide(false)
	tab.Until("a page that is seen again is up to date", shows("#verdict", "Parting: step 1 of 2 is red"))
	require.EqualValues(t, 2, begun.Load(), "there was no stream while it was hidden")
}
