package ssetest_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/browser"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

func TestThePageAsAClientInAChromium(t *testing.T) {
	b := browser.Start(t)
	for name, test := range map[string]func(*testing.T, *browser.Browser){
		"a person answers a request":                        personAnswers,
		"a person refuses a request":                        personRefuses,
		"an ignored request ends when its caller leaves":    ignoredUntilCancelled,
		"a late answer is refused":                          lateAnswer,
		"a second answer is refused":                        secondAnswer,
		"the page answers by itself":                        answersByItself,
		"two tabs are asked each their own":                 twoTabs,
		"a closed tab tells the caller at once":             closedTab,
		"the page fires the trigger":                        firesTrigger,
		"two triggers at a time, for the answers' sake":     boundedTriggers,
		"what is no JSON is said beside the field":          noJSON,
		"the keyboard is enough":                            keyboardIsEnough,
		"what cannot be seen in a result is escaped":        unseenInOutcomes,
		"after shutdown nothing can be answered":            serverShutsDown,
		"a prefix before the routes does no harm":           belowAPrefix,
		"params and results are text":                       paramsAreText,
		"requests beyond what a page can show get an error": tooManyRequests,
		"the diagram is bounded":                            diagramIsBounded,
		"a phone's width is enough for two ways":            twoWayFitsAPhone,
		"on a two-way server nothing is cut off":            nothingIsCutOffOfTwoWays,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

// arrows is how many messages the tab's diagram shows, which its list in words
// must agree with.
func arrows(t *testing.T, tab *browser.Tab) int {
	t.Helper()
	drawn := browser.Value[int](tab, `document.querySelectorAll('#diagram .seq-shaft').length`)
	told := browser.Value[int](tab, `[...document.querySelectorAll('#diagram li')].filter((e) => / to .*: /.test(e.textContent)).length`)
	require.Equal(t, drawn, told, "the list tells what the diagram draws")
	return drawn
}

func personAnswers(t *testing.T, b *browser.Browser) {
	x := newExchange(t)
	tab := x.connected(b)
	got := x.fire(cleanup.Trigger{Session: session(tab), Method: "approve", Params: []byte(`{"amount":120}`)})
	tab.Until("a request has its method, id and params", shows("open-requests", "approve id 1 open"))
	tab.Until("and the params", shows("open-requests", `{"amount":120}`))
	tab.Until("the time left is no more than a guess, and says so", shows("open-requests", "s left, assuming the server’s default of 30 s."))
	require.Positive(t, browser.Value[float64](tab, `document.querySelector('progress').value`))
	tab.Type("open-requests textarea", `{"approved": "by hand", "n": 12345678901234567890}`)
	tab.Click("open-requests .answer")
	tab.Until("the server's word on the answer is there", shows("settled-requests", "Sent the result: 202 Accepted"))
	require.Equal(t, answer{http.StatusOK, `{"result":{"approved":"by hand","n":12345678901234567890}}`}, <-got, "the answer goes out as it was typed")
	tab.Until("nothing is open any more", shows("open-count", "none open"))
	tab.Until("request, result and 202 are an arrow each", `document.querySelectorAll('#diagram .seq-shaft').length === 3`)
	require.Equal(t, 3, arrows(t, tab))
	require.Contains(t, browser.Value[string](tab, `document.getElementById('diagram').textContent`), "server to this page: request 1")
	require.Contains(t, browser.Value[string](tab, `document.querySelector('#diagram .seq-slider').getAttribute('aria-valuetext')`), "3 of 3: server to this page: 202 for 1")
	tab.Click("diagram .seq-row")
	tab.Until("a message has its bytes", shows("diagram", `"method":"approve","params":{"amount":120}`))
	require.Empty(t, tab.Complaints())
}

func personRefuses(t *testing.T, b *browser.Browser) {
	x := newExchange(t)
	tab := x.connected(b)
	got := x.fire(cleanup.Trigger{Session: session(tab), Method: "approve"})
	tab.Until("the request is there", shows("open-count", "1 open"))
	tab.Click("open-requests .refuse")
	require.Equal(t, answer{http.StatusOK, `{"error":{"code":-32000,"message":"refused by the person at the page"}}`}, <-got, "a refusal is an answer too")
	tab.Until("the request was refused", shows("settled-requests", "approve id 1 refused"))
	tab.Until("and the server took that", shows("settled-requests", "Sent the error: 202 Accepted"))
	require.Empty(t, tab.Complaints())
}

func ignoredUntilCancelled(t *testing.T, b *browser.Browser) {
	x := newExchange(t)
	tab := x.connected(b)
	ctx, leave := context.WithCancel(t.Context())
	got := x.fireUntil(ctx, cleanup.Trigger{Session: session(tab), Method: "approve"})
	tab.Until("the request is there", shows("open-count", "1 open"))
	tab.Click("open-requests .ignore")
	tab.Until("it stays, and is ignored", shows("open-requests", "approve id 1 ignored"))
	tab.Type("delay", "0")
	tab.Click("by-itself")
	require.Equal(t, http.StatusOK, (<-x.fire(cleanup.Trigger{Session: session(tab), Method: "other"})).status)
	tab.Until("the page answers by itself, but not what a person ignores", shows("open-count", "1 open"))
	leave()
	<-got
	tab.Until("the server has told that nobody waits", shows("settled-requests", "The server gave up waiting: "))
	tab.Until("the cancellation is an arrow", `document.getElementById('diagram').textContent.includes('cancelled 1')`)
	require.Empty(t, tab.Complaints())
}

func lateAnswer(t *testing.T, b *browser.Browser) {
	x := newExchange(t)
	tab := x.connected(b)
	tab.Type("trigger-timeout", "200")
	tab.Click("fire")
	tab.Until("the trigger's caller is told that the time is up", shows("trigger-outcomes", "504 Gateway Timeout: the client did not answer in time"))
	tab.Until("the page knows that the server gave up", shows("settled-requests", "approve id 1 cancelled"))
	tab.Click("settled-requests .again")
	tab.Until("the late answer is refused", shows("settled-requests", "Sent the result: 410 Gone"))
	tab.Until("trigger, request, 504, cancelled, result, 410", `document.querySelectorAll('#diagram .seq-shaft').length === 6`)
	require.EqualValues(t, 1, x.server.Caller.Late())
}

func secondAnswer(t *testing.T, b *browser.Browser) {
	x := newExchange(t)
	tab := x.connected(b)
	got := x.fire(cleanup.Trigger{Session: session(tab), Method: "approve"})
	tab.Until("the request is there", shows("open-count", "1 open"))
	browser.Value[bool](tab, `(() => { const answer = document.querySelector('.answer'); answer.click(); answer.click(); return true; })()`)
	require.Equal(t, http.StatusOK, (<-got).status)
	tab.Until("the request is answered", shows("settled-requests", "approve id 1 answered"))
	require.Equal(t, 3, arrows(t, tab), "a button that is pressed twice sends one answer")
	tab.Click("settled-requests .again")
	tab.Until("a second answer is refused", shows("settled-requests", "Sent the result: 409 Conflict: the request with this id was answered before"))
	tab.Until("the request stays answered", shows("settled-requests", "approve id 1 answered"))
}

func answersByItself(t *testing.T, b *browser.Browser) {
	x := newExchange(t)
	tab := x.connected(b)
	early := x.fire(cleanup.Trigger{Session: session(tab), Method: "early"})
	tab.Until("one request is there before", shows("open-count", "1 open"))
	tab.Type("delay", "20")
	tab.Click("by-itself")
	require.Equal(t, http.StatusOK, (<-early).status, "what is open already gets its answer")
	for range 3 {
		got := <-x.fire(cleanup.Trigger{Session: session(tab), Method: "approve"})
		require.Equal(t, answer{http.StatusOK, `{"result":{"approved":true}}`}, got)
	}
	tab.Click("by-itself")
	got := x.fire(cleanup.Trigger{Session: session(tab), Method: "approve"})
	tab.Until("a person is asked again", shows("open-count", "1 open"))
	tab.Click("open-requests .answer")
	<-got
	require.Empty(t, tab.Complaints())
}
