package correlation_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"example.com/sseworkbook/harness/step"
	correlation "example.com/sseworkbook/lessons/05-correlation"
)

// Part 1: who waits for what.

// A caller waits on a channel. The POST that brings its answer knows only the id.
func TestAResponseReachesTheOneWhoWaits(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var p correlation.Pending
		id, answer := p.Add("A")
		received := listen(t, answer)
		err := resolve(t, &p, "A", id, `"yes"`)
		step.Equal(t, "a response arrived under the id that Add had given out: Resolve must not return an error", nil, err)
		step.Equal(t, "a response arrived: Resolve must hand it to the caller that waits for this id", "yes", received())
	})
}

// Two requests with one id get each other's answers. The clock is no help: here it
// stands still, and on a busy server it might as well. The number of waiting
// requests is no help either: it goes down again.
func TestTwoRequestsOfOneInstantHaveTwoIDs(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var p correlation.Pending
		first, answer1 := p.Add("A")
		second, answer2 := p.Add("A")
		if first == second {
			step.Fail(t, "Add gave two requests at the same instant the same id: one of the two callers gets the other's answer",
				fmt.Sprintf("got  %q and %q", first, second), "want two ids")
		}
		received1, received2 := listen(t, answer1), listen(t, answer2)
		resolve(t, &p, "A", second, `"to the second"`)
		step.Equal(t, "only the second request was answered: only its caller may receive an answer (first caller / second caller)",
			" / to the second", received1()+" / "+received2())
		resolve(t, &p, "A", first, `"to the first"`)
		step.Equal(t, "then the first request was answered, too: each caller must have its own answer (first caller / second caller)",
			"to the first / to the second", received1()+" / "+received2())

		third, _ := p.Add("A")
		if third == first || third == second {
			step.Fail(t, "Add gave a request the id of an earlier one, which is answered: a late second answer would go to the new caller",
				fmt.Sprintf("got  %q, after %q and %q", third, first, second), "want an id that was never given out")
		}
		wantNewIDs(t, &p, 70_000) // more than a number of 16 bits can count
	})
}

// wantNewIDs adds n requests, and checks that none of them has the id of one of the first.
func wantNewIDs(t *testing.T, p *correlation.Pending, n int) {
	t.Helper()
	given := map[string]bool{} // the first thousand
	for i := range n {
		id, _ := p.Add("A")
		if given[id] {
			step.Fail(t, fmt.Sprintf("Add gave a request the id of an earlier one, after %d others: one of the two callers gets the other's answer", i),
				fmt.Sprintf("got  %q a second time", id), "want an id that was never given out")
		}
		if i < 1000 {
			given[id] = true
		}
	}
}

// A client whose connection broke after its POST does not know whether the answer
// arrived. So it posts the answer again.
func TestAResponseIsTakenOnce(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var p correlation.Pending
		id, answer := p.Add("A")
		received := listen(t, answer)
		resolve(t, &p, "A", id, `"yes"`)
		again := resolve(t, &p, "A", id, `"no"`)
		step.Equal(t, "one request got two responses, yes and then no: its caller must receive only the first", "yes", received())
		step.ErrorIs(t, "a second response to the same request arrived: Resolve must return ErrAnswered", correlation.ErrAnswered, again)
		step.Equal(t, "the only request is answered: Len() must be 0 again (memory grows with each request that is left in the map)", 0, waiting(t, &p))
	})
}

// When a caller gives up, nothing reads its channel. The answer is late then, and
// the goroutine that brings it must not wait there.
func TestNobodyIsHeldUpByOneWhoGaveUp(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var p correlation.Pending
		impatient, _ := p.Add("A")
		patient, answer := p.Add("A")
		received := listen(t, answer)
		step.Equal(t, "a caller gave up before its answer came: Cancel must report true", true, p.Cancel(impatient))
		late := resolve(t, &p, "A", impatient, `"late"`)
		step.ErrorIs(t, "an answer arrived after its caller had given up: Resolve must return ErrNotWaiting", correlation.ErrNotWaiting, late)
		step.Equal(t, "one of two callers gave up: Len() must count only the other", 1, waiting(t, &p))

		err := resolve(t, &p, "A", patient, `"in time"`)
		step.Equal(t, "one caller gave up, then the answer for the other arrived: the other must receive it", "in time", received())
		step.Equal(t, "the answer for a waiting caller arrived: Resolve must not return an error", nil, err)
		step.Equal(t, "a caller has its answer: Cancel must report false", false, p.Cancel(patient))
		again := resolve(t, &p, "A", patient, `"again"`)
		step.ErrorIs(t, "a caller has its answer, then Cancel reported false, then a second response arrived: Resolve must still return ErrAnswered",
			correlation.ErrAnswered, again)

		step.Equal(t, "Cancel got an id that Add never gave out: it must report false", false, p.Cancel("unasked"))
		unasked := resolve(t, &p, "A", "unasked", `"made up"`)
		step.ErrorIs(t, "Cancel got an id that Add never gave out, then a response arrived with that id: Resolve must return ErrUnknownRequest",
			correlation.ErrUnknownRequest, unasked)
		for range 1022 {
			other, _ := p.Add("A")
			p.Cancel(other)
		}
		late = resolve(t, &p, "A", impatient, `"later"`)
		step.ErrorIs(t, "after 1,023 other requests were settled, an answer arrived whose caller had given up: Resolve must still return ErrNotWaiting",
			correlation.ErrNotWaiting, late)
	})
}

// An id is not a secret: it is short, and the next one is easy to guess. Only the
// session that was asked may answer.
func TestAnAnswerFromAnotherSessionIsRefused(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var p correlation.Pending
		id, answer := p.Add("A")
		received := listen(t, answer)
		foreign := resolve(t, &p, "B", id, `"from B"`)
		step.Equal(t, "session A was asked, and B answered with the same id: the caller must not receive B's answer", "", received())
		step.ErrorIs(t, "session A was asked, and B answered with the same id: Resolve must return ErrWrongSession", correlation.ErrWrongSession, foreign)
		nameless := resolve(t, &p, "", id, `"from a client without a session"`)
		step.ErrorIs(t, "session A was asked, and an answer came without a session: Resolve must return ErrWrongSession", correlation.ErrWrongSession, nameless)
		own := resolve(t, &p, "A", id, `"from A"`)
		step.Equal(t, "B's answer was refused, then A's own arrived: the caller must receive A's", "from A", received())
		step.Equal(t, "B's answer was refused, then A's own arrived: Resolve must not return an error", nil, own)
		foreign = resolve(t, &p, "B", id, `"from B again"`)
		step.ErrorIs(t, "A answered, then B answered with the same id: Resolve must return ErrWrongSession, so that B learns nothing about A's answer",
			correlation.ErrWrongSession, foreign)
	})
}

// A client that answers twice does so on two connections, and so in two goroutines of
// your server. No other goroutine may come between "is it there?" and "take it out".
func TestOfAllWhoComeAtOnceOneSettlesARequest(t *testing.T) {
	defer step.Begin(t)()
	defer step.OnHang(t, func() (string, []string) {
		return "Add, Resolve, Cancel and Len were called at the same moment, and one of these calls does not return", nil
	})()
	wantLocked(t)
	for canceler := range 3 {
		var p correlation.Pending
		id, answer := p.Add("A")
		receive(t, answer)
		var settled atomic.Int64
		step.AtOnce(&p, 3, func(i int) {
			if i == canceler && p.Cancel(id) || i != canceler && p.Resolve("A", response(id, `"yes"`)) == nil {
				settled.Add(1)
			}
		})
		step.Equal(t, "two answers and a Cancel came for one request at the same moment: exactly one of the three must settle it",
			1, int(settled.Load()))
	}
	wantIDsOfTheirOwn(t)
	wantOneOfAll(t)
}

// wantIDsOfTheirOwn has four goroutines add requests, all at the same time.
func wantIDsOfTheirOwn(t *testing.T) {
	t.Helper()
	var p correlation.Pending
	var ids [4][500]string
	var crowd sync.WaitGroup
	meet := barrier(4)
	for i := range ids {
		crowd.Go(func() {
			meet()
			for j := range ids[i] {
				ids[i][j], _ = p.Add("A")
			}
		})
	}
	crowd.Wait()
	given := map[string]bool{}
	for _, id := range slices.Concat(ids[0][:], ids[1][:], ids[2][:], ids[3][:]) {
		if given[id] {
			step.Fail(t, "four goroutines added 500 requests each: Add gave two requests the same id", fmt.Sprintf("got  %q a second time", id), "want 2,000 ids")
		}
		given[id] = true
	}
	step.Equal(t, "four goroutines added 500 requests each: Len() must count all of them", 2000, p.Len())
}

// barrier returns a function that returns when n goroutines have called it.
func barrier(n int64) (meet func()) {
	var here atomic.Int64
	return func() {
		for here.Add(1); here.Load() < n; {
			runtime.Gosched()
		}
	}
}

// wantOneOfAll has three goroutines race for a request, 120 times: each of them answers, or one
// cancels. The session's id is so long that it takes a while to compare: time enough for another.
func wantOneOfAll(t *testing.T) {
	t.Helper()
	session := strings.Repeat("A", 4<<20)
	same := strings.Clone(session) // elsewhere in memory, and so compared to the end
	var p correlation.Pending
	for round := range 120 {
		canceler := round % 6 // from 3 on: nobody cancels
		id, answer := p.Add(session)
		receive(t, answer)
		var settled atomic.Int64
		var crowd sync.WaitGroup
		meet := barrier(4)
		for i := range 3 {
			crowd.Go(func() {
				meet()
				if i == canceler && p.Cancel(id) || i != canceler && p.Resolve(same, response(id, `"yes"`)) == nil {
					settled.Add(1)
				}
			})
		}
		crowd.Go(func() { meet(); p.Len() })
		crowd.Wait()
		step.Equal(t, "three answers, or two and a Cancel, came for one request at the same moment: exactly one of the three must settle it",
			1, int(settled.Load()))
		step.Equal(t, "the only request was settled: Len() must be 0", 0, p.Len())
	}
}
