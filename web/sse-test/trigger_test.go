package ssetest_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/browser"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

func twoTabs(t *testing.T, b *browser.Browser) {
	x := newExchange(t)
	one, two := x.connected(b), x.connected(b)
	x.onlySessions(session(one), session(two))
	ofOne := x.fire(cleanup.Trigger{Session: session(one), Method: "alpha"})
	ofTwo := x.fire(cleanup.Trigger{Session: session(two), Method: "beta"})
	one.Until("the first tab is asked", shows("open-requests", "alpha"))
	two.Until("the second tab is asked", shows("open-requests", "beta"))
	require.False(t, browser.Value[bool](one, shows("events", "beta")), "nobody sees what another is asked")
	require.False(t, browser.Value[bool](two, shows("events", "alpha")))
	two.Type("open-requests textarea", `"of two"`)
	two.Click("open-requests .answer")
	require.Equal(t, answer{http.StatusOK, `{"result":"of two"}`}, <-ofTwo)
	one.Type("open-requests textarea", `"of one"`)
	one.Click("open-requests .answer")
	require.Equal(t, answer{http.StatusOK, `{"result":"of one"}`}, <-ofOne)
	require.Empty(t, append(one.Complaints(), two.Complaints()...))
}

func closedTab(t *testing.T, b *browser.Browser) {
	x := newExchange(t)
	stays, leaves := x.connected(b), x.connected(b)
	got := x.fire(cleanup.Trigger{Session: session(leaves), Method: "approve"})
	leaves.Until("the request is there", shows("open-count", "1 open"))
	leaves.Close()
	require.Equal(t, answer{http.StatusBadGateway, `{"status":502,"title":"Bad Gateway","detail":"the client left before it answered"}`}, <-got,
		"whoever waits is told why, long before the 30 seconds are over")
	got = x.fire(cleanup.Trigger{Session: session(stays), Method: "approve"})
	stays.Until("the other tab is asked as before", shows("open-count", "1 open"))
	stays.Click("open-requests .answer")
	require.Equal(t, http.StatusOK, (<-got).status)
}

func firesTrigger(t *testing.T, b *browser.Browser) {
	x := newExchange(t)
	tab, other := x.connected(b), x.connected(b)
	x.onlySessions(session(tab), session(other))
	tab.Type("trigger-timeout", "20000")
	tab.Click("fire")
	tab.Until("the page knows how long its own trigger waits", shows("open-requests", "20 s left, as set by this page’s trigger."))
	tab.Click("open-requests .answer")
	tab.Until("the answer comes back", shows("trigger-outcomes", `result {"approved":true} after`))
	tab.Until("trigger, request, result, 202, 200", `document.querySelectorAll('#diagram .seq-shaft').length === 5`)
	require.Equal(t, 5, arrows(t, tab))

	browser.Value[bool](tab, `(document.getElementById('trigger-whom').value = 'all', true)`)
	tab.Click("fire")
	tab.Until("this page is among all", shows("open-count", "1 open"))
	other.Until("and so is the other", shows("open-count", "1 open"))
	tab.Click("open-requests .refuse")
	other.Click("open-requests .answer")
	tab.Until("one outcome is the refusal", shows("trigger-outcomes", "error -32000: refused by the person"))
	outcomes := browser.Value[int](tab, `document.querySelectorAll('#trigger-outcomes li:first-child .outcome').length`)
	require.Equal(t, 2, outcomes, "two clients, two outcomes, and none of a session that nobody answers")
	require.Empty(t, append(tab.Complaints(), other.Complaints()...))
}

func boundedTriggers(t *testing.T, b *browser.Browser) {
	x := newExchange(t)
	tab := x.connected(b)
	for n := range 2 {
		tab.Click("fire")
		tab.Until("the request is there", shows("open-count", fmt.Sprintf("%d open", n+1)))
	}
	tab.Click("fire")
	tab.Until("a third has to wait, and why is said", shows("trigger-trouble", "six connections"))
	tab.Click("open-requests .answer")
	tab.Until("once one is answered that is forgotten", `document.getElementById('trigger-trouble').textContent === ''`)
	tab.Click("fire")
	tab.Until("and the third goes out", shows("trigger-outcomes", "#3 approve"))
	require.Empty(t, tab.Complaints())
}

func belowAPrefix(t *testing.T, b *browser.Browser) {
	x := newExchange(t)
	tab := b.Open(t, x.http.URL+"/web/sse-test.html", wide)
	tab.Type("url", "/below/events\r")
	tab.Until("the endpoint is there", `!document.getElementById('two-way').hidden`)
	tab.Click("fire")
	tab.Until("the trigger is below the prefix too", shows("open-count", "1 open"))
	tab.Click("open-requests .answer")
	tab.Until("and so is the endpoint", shows("trigger-outcomes", `result {"approved":true}`))
	require.Empty(t, tab.Complaints())
}
