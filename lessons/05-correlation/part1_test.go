package correlation_test

import (
	"errors"
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
		step.Equal(t, "a response arrived with the id that Add returned: Resolve must not return an error", nil, err)
		step.Equal(t, "a response arrived: Resolve must hand the response to the caller that is waiting for this id", "yes", received())
	})
}

// Two requests with the same id get each other's answers. The clock does not help: here
// it stands still, and on a busy server it might as well. Nor does the number of waiting
// requests: it goes down again.
func TestTwoRequestsOfOneInstantHaveTwoIDs(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var p correlation.Pending
		first, answer1 := p.Add("A")
		second, answer2 := p.Add("A")
		if first == second {
			step.Fail(t, "Add returned the same id for two requests at the same instant: one of the two callers gets the other's answer",
				fmt.Sprintf("got  %q and %q", first, second), "want two different ids")
		}
		received1, received2 := listen(t, answer1), listen(t, answer2)
		resolve(t, &p, "A", second, `"to the second"`)
		step.Equal(t, "only the second request was answered: only its caller may receive an answer (shown: what the first / second caller got)",
			" / to the second", received1()+" / "+received2())
		resolve(t, &p, "A", first, `"to the first"`)
		step.Equal(t, "both requests were answered, in reverse order: each caller must receive its own answer (shown: what the first / second caller got)",
			"to the first / to the second", received1()+" / "+received2())

		third, answer3 := p.Add("A")
		if third == first || third == second {
			step.Fail(t, "Add reused the id of an answered request: if the client answers that request again, the new request's caller gets the answer",
				fmt.Sprintf("got  %q, after %q and %q", third, first, second), "want an id that Add has never returned")
		}
		last, answer4 := wantNewIDs(t, &p, 102_000) // more than a number of 16 bits can count
		received3, received4 := listen(t, answer3), listen(t, answer4)
		resolve(t, &p, "A", last, `"to the last"`)
		resolve(t, &p, "A", third, `"to the third"`)
		step.Equal(t, "request 3 was added, then 102,000 more; then the last one and request 3 were answered: each of the two callers must receive its own answer (shown: caller of request 3 / last caller)",
			"to the third / to the last", received3()+" / "+received4())
	})
}

// wantNewIDs adds n requests, and checks that none of them has the id of one of the first thousand.
// It returns what Add returned last.
func wantNewIDs(t *testing.T, p *correlation.Pending, n int) (id string, answer <-chan correlation.Response) {
	t.Helper()
	given := map[string]bool{} // the first thousand
	for i := range n {
		id, answer = p.Add("A")
		if given[id] {
			step.Fail(t, fmt.Sprintf("after %d more requests, Add reused an earlier request's id: one of the two callers gets the other's answer", i),
				fmt.Sprintf("got  %q a second time", id), "want an id that Add has never returned")
		}
		if i < 1000 {
			given[id] = true
		}
	}
	return id, answer
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
		step.Equal(t, "the only request was answered: Len() must be 0 again, or every answered request stays in memory", 0, waiting(t, &p))
	})
}

// Once a caller has given up, nothing reads its channel, and the goroutine that delivers
// a late answer must not block there. Nor may it block if the caller is not receiving yet.
func TestACallerThatGaveUpHoldsUpNobody(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var p correlation.Pending
		impatient, unread := p.Add("A")
		patient, answer := p.Add("A")
		received := listen(t, answer)
		step.Equal(t, "a caller gave up before its answer came: Cancel must report true", true, p.Cancel(impatient))
		late := resolve(t, &p, "A", impatient, `"late"`)
		step.ErrorIs(t, "an answer arrived after its caller gave up: Resolve must return ErrNotWaiting", correlation.ErrNotWaiting, late)
		step.Equal(t, "one of two callers gave up: Len() must count only the other", 1, waiting(t, &p))

		err := resolve(t, &p, "A", patient, `"in time"`)
		step.Equal(t, "one of two callers gave up, then the other caller's answer arrived: the other caller must receive that answer", "in time", received())
		step.Equal(t, "a waiting caller's answer arrived: Resolve must not return an error", nil, err)
		step.Equal(t, "a caller received its answer: Cancel must report false", false, p.Cancel(patient))
		again := resolve(t, &p, "A", patient, `"again"`)
		step.ErrorIs(t, "Cancel reported false for an answered request, then a second response arrived: Resolve must still return ErrAnswered",
			correlation.ErrAnswered, again)

		early, later := p.Add("A")
		resolve(t, &p, "A", early, `"before its caller receives"`)
		step.Equal(t, "caller A gave up, then caller B's answer arrived: nothing may be sent on A's channel", "", take(unread))
		received = listen(t, later)
		step.Equal(t, "an answer arrived before its caller read from the channel: the channel must keep the answer for the caller",
			"before its caller receives", received())

		step.Equal(t, "Cancel got an id that Add never returned: Cancel must report false", false, p.Cancel("unasked"))
		unasked := resolve(t, &p, "A", "unasked", `"made up"`)
		step.ErrorIs(t, "Cancel got an id that Add never returned, then a response with that id arrived: Resolve must return ErrUnknownRequest",
			correlation.ErrUnknownRequest, unasked)
		for i := range 1021 {
			other, _ := p.Add("A")
			if i%2 == 0 {
				p.Cancel(other)
			}
			p.Resolve("A", response(other, `"yes"`))
			p.Resolve("A", response(other, `"again"`)) // refused, as is the next one
			p.Resolve("A", response("unasked", `"made up"`))
			p.Cancel(other)
		}
		late = resolve(t, &p, "A", impatient, `"later"`)
		step.ErrorIs(t, "a caller gave up. Then 1,023 other requests ended, many responses were refused, and the answer for that caller arrived: Resolve must still return ErrNotWaiting",
			correlation.ErrNotWaiting, late)
	})
	wantLastEndedRemembered(t)
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
		for range 100 {
			foreign = resolve(t, &p, "B", id, `"from B"`)
		}
		step.ErrorIs(t, "session A was asked, and B answered a hundred times: Resolve must still return ErrWrongSession", correlation.ErrWrongSession, foreign)
		own := resolve(t, &p, "A", id, `"from A"`)
		step.Equal(t, "session B's answer was refused, then session A answered: the caller must receive A's answer", "from A", received())
		step.Equal(t, "session B's answer was refused, then session A answered: Resolve must not return an error", nil, own)
		foreign = resolve(t, &p, "B", id, `"from B again"`)
		step.ErrorIs(t, "session A answered, then session B answered with the same id: Resolve must return ErrWrongSession, so that B learns nothing about A's answer",
			correlation.ErrWrongSession, foreign)
		for range 1100 {
			p.Resolve("B", response(id, `"from B"`))
		}
		again := resolve(t, &p, "A", id, `"from A again"`)
		step.ErrorIs(t, "session A answered, session B answered 1,100 times with the same id, and then A answered again: Resolve must return ErrAnswered for A's second answer", correlation.ErrAnswered, again)

		id, answer = p.Add("A")
		received = listen(t, answer)
		nameless := resolve(t, &p, "", id, `"from a client without a session"`)
		step.ErrorIs(t, "session A was asked, but an answer without a session arrived: Resolve must return ErrWrongSession", correlation.ErrWrongSession, nameless)
		resolve(t, &p, "A", id, `"from A"`)
		step.Equal(t, "an answer without a session was refused, then session A answered: the caller must receive A's answer", "from A", received())
	})
}

// A client that answers twice does so on two connections, and so in two goroutines of
// your server. No other goroutine may come between "is it there?" and "remove it".
func TestOneOfManyAnswersSettlesARequest(t *testing.T) {
	defer step.Begin(t)()
	defer step.OnHang(t, func() (string, []string) {
		return "Add, Resolve, Cancel and Len were called at the same moment, but one of these calls never returned", nil
	})()
	wantLocked(t)
	for _, canceler := range []int{-1, 2, 1, 0} {
		var p correlation.Pending
		id, answer := p.Add("A")
		receive(t, answer)
		var s settlers
		step.AtOnce(&p, 3, func(i int) { s.settle(&p, "A", id, i == canceler) })
		came := "three answers"
		if canceler >= 0 {
			came = "two answers and a Cancel"
		}
		s.wantOne(t, came+" came for one request at the same moment")
	}
	wantIDsOfTheirOwn(t)
	wantOneOfAll(t)
}

// settlers counts the goroutines that settled a request, and those to which Resolve said
// that there never was one.
type settlers struct{ answers, cancels, strangers atomic.Int64 }

// settle answers the request with this id, or cancels it.
func (s *settlers) settle(p *correlation.Pending, session, id string, cancel bool) {
	if cancel {
		if p.Cancel(id) {
			s.cancels.Add(1)
		}
		return
	}
	switch err := p.Resolve(session, response(id, `"yes"`)); {
	case err == nil:
		s.answers.Add(1)
	case errors.Is(err, correlation.ErrUnknownRequest):
		s.strangers.Add(1)
	}
}

// wantOne fails unless one goroutine settled the request.
func (s *settlers) wantOne(t *testing.T, came string) {
	t.Helper()
	if answers, cancels := s.answers.Load(), s.cancels.Load(); answers+cancels != 1 {
		step.Fail(t, came+": exactly one of the three must settle the request",
			fmt.Sprintf("got  Resolve returned nil %d×, Cancel returned true %d×", answers, cancels), "want 1× in total")
	}
	step.Equal(t, came+": Resolve must never return ErrUnknownRequest, not even while the request is being settled (shown: how often)", 0, s.strangers.Load())
}

// wantIDsOfTheirOwn adds requests to two Pendings from four goroutines at the same time.
func wantIDsOfTheirOwn(t *testing.T) {
	t.Helper()
	var p, other correlation.Pending
	var ids [4][500]string
	var crowd sync.WaitGroup
	meet := barrier(4)
	for i := range ids {
		crowd.Go(func() {
			meet()
			for j := range ids[i] {
				ids[i][j], _ = p.Add("A")
				other.Add("A")
			}
		})
	}
	crowd.Wait()
	given := map[string]bool{}
	for _, id := range slices.Concat(ids[0][:], ids[1][:], ids[2][:], ids[3][:]) {
		if given[id] {
			step.Fail(t, "four goroutines added 500 requests each, but Add returned the same id for two of these requests", fmt.Sprintf("got  %q a second time", id), "want 2,000 different ids")
		}
		given[id] = true
	}
	step.Equal(t, "four goroutines added 500 requests each: Len() must count all 2,000 requests", 2000, p.Len())
	step.Equal(t, "four goroutines added 500 requests each to a second Pending: the second Pending's Len() must count all 2,000 requests", 2000, other.Len())
}

// barrier returns a function that blocks until n goroutines have called it.
func barrier(n int64) (meet func()) {
	var here atomic.Int64
	return func() {
		for here.Add(1); here.Load() < n; {
			runtime.Gosched()
		}
	}
}

// wantOneOfAll makes three goroutines race for a request, 120 times: each of them answers, or one
// cancels. The session's id is so long that comparing it takes a while: time enough for another goroutine.
func wantOneOfAll(t *testing.T) {
	t.Helper()
	session := strings.Repeat("A", 4<<20)
	same := strings.Clone(session) // elsewhere in memory, so compared to the end
	var p correlation.Pending
	for round := range 120 {
		canceler := round % 6 // from 3 on: no one cancels
		id, answer := p.Add(session)
		receive(t, answer)
		var s settlers
		var crowd sync.WaitGroup
		meet := barrier(4)
		for i := range 3 {
			crowd.Go(func() {
				meet()
				s.settle(&p, same, id, i == canceler)
			})
		}
		crowd.Go(func() { meet(); p.Len() })
		crowd.Wait()
		s.wantOne(t, "three answers, or two answers and a Cancel, came for one request at the same moment")
		step.Equal(t, "the only request was settled: Len() must be 0", 0, p.Len())
	}
}

// wantLastEndedRemembered ends requests in another order than that of Add: the first 128 and every 128th later
// one stay pending, and end last. So of any period up to 16,000, some of the last 1,024 lie a multiple apart.
func wantLastEndedRemembered(t *testing.T) {
	t.Helper()
	var p correlation.Pending
	var ended, patient []string
	why := map[string]error{}
	end := func(id string) {
		ended, why[id] = append(ended, id), correlation.ErrAnswered
		if len(ended)%2 == 0 {
			why[id] = correlation.ErrNotWaiting
			p.Cancel(id)
		}
		p.Resolve("A", response(id, `"yes"`))
	}
	for i := range 128 * 128 {
		if id, _ := p.Add("A"); i < 128 || i%128 == 0 {
			patient = append(patient, id)
		} else {
			end(id)
		}
	}
	for i := range patient { // 255 of them
		end(patient[i*101%len(patient)])
	}
	for i, id := range ended[len(ended)-1024:] {
		again := resolve(t, &p, "A", id, `"again"`)
		step.Equal(t, fmt.Sprintf("16,384 requests ended out of order, %d of them after request %q: Resolve must still report how request %[2]q ended", 1023-i, id),
			why[id].Error(), known(again))
	}
}

// wantLocked checks that each method that changes the map locks it.
func wantLocked(t *testing.T) {
	t.Helper()
	var p correlation.Pending
	answered, _ := p.Add("A")
	canceled, _ := p.Add("A")
	calls := step.Calls{
		{"Add", func() { p.Add("A") }},
		{"Resolve", func() { p.Resolve("A", response(answered, `"yes"`)) }},
		{"Cancel", func() { p.Cancel(canceled) }},
	}
	step.Exclusive(t, &p, calls)
	answered, _ = p.Add("A")
	canceled, _ = p.Add("A")
	step.ExclusiveToReaders(t, &p, calls)
}

// receive receives from answer until the step ends.
func receive(t *testing.T, answer <-chan correlation.Response) {
	go func() {
		for open := true; open; {
			select {
			case _, open = <-answer:
			case <-t.Context().Done():
				open = false
			}
		}
	}()
}
