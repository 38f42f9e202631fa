package correlation_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"example.com/sseworkbook/harness/step"
	correlation "example.com/sseworkbook/lessons/05-correlation"
)

// Part 1: who waits for what.

// Whoever asks waits on a channel. Whoever brings the answer knows only the id.
func TestAResponseReachesTheOneWhoWaits(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var p correlation.Pending
		id, answer := p.Add("A")
		heard := listen(t, answer)
		err := resolve(t, &p, "A", id, `"yes"`)
		step.Equal(t, "the response to a request came, and Resolve found nobody who waits for it", nil, err)
		step.Equal(t, "the response to a request came: what the one who waits for it has heard", "yes", heard())
	})
}

// Two requests with one id get each other's answers. The clock is no help: here it
// stands still, and on a busy server it does as well as that. Nor is the number of
// those who wait: it goes down again.
func TestTwoRequestsOfOneInstantHaveTwoIDs(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var p correlation.Pending
		first, answer1 := p.Add("A")
		second, answer2 := p.Add("A")
		if first == second {
			step.Fail(t, "two requests were added in the same instant, and got the same id: one of the two callers gets the other's answer",
				fmt.Sprintf("got  %q and %q", first, second), "want two ids")
		}
		heard1, heard2 := listen(t, answer1), listen(t, answer2)
		resolve(t, &p, "A", second, `"to the second"`)
		step.Equal(t, "the second request was answered: what the first caller has heard, and what the second",
			" / to the second", heard1()+" / "+heard2())
		resolve(t, &p, "A", first, `"to the first"`)
		step.Equal(t, "then the first request was answered: what the first caller has heard, and what the second",
			"to the first / to the second", heard1()+" / "+heard2())

		third, _ := p.Add("A")
		if third == first || third == second {
			step.Fail(t, "a third request came when the first two had been answered, and got the id of one of them: a late second answer would be its answer",
				fmt.Sprintf("got  %q, after %q and %q", third, first, second), "want an id that was never given out")
		}
	})
}

// A client that has posted an answer and saw the connection break posts it again.
func TestAResponseIsTakenOnce(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var p correlation.Pending
		id, answer := p.Add("A")
		heard := listen(t, answer)
		resolve(t, &p, "A", id, `"yes"`)
		again := resolve(t, &p, "A", id, `"no"`)
		step.Equal(t, "one request, two responses, first yes and then no: what the caller has heard", "yes", heard())
		step.ErrorIs(t, "a second response to the same request came, and Resolve did not say so to the one who brought it", correlation.ErrAnswered, again)
		step.Equal(t, "the request has been answered: how many still wait. Memory grows with each that is never taken out", 0, waiting(t, &p))
	})
}

// The answer to one who gave up is late, and that's all: nobody reads that channel
// any more, and whoever brings the answer must not wait there.
func TestNobodyIsHeldUpByOneWhoGaveUp(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var p correlation.Pending
		impatient, _ := p.Add("A")
		patient, answer := p.Add("A")
		heard := listen(t, answer)
		step.Equal(t, "a caller gave up before its answer came: whether Forget says that the caller was still waiting", true, p.Forget(impatient))
		late := resolve(t, &p, "A", impatient, `"late"`)
		step.ErrorIs(t, "an answer came after its caller had given up, and Resolve did not say so to the one who brought it", correlation.ErrGivenUp, late)
		step.Equal(t, "one of two callers gave up: how many still wait. The other's entry would stay for ever", 1, waiting(t, &p))

		err := resolve(t, &p, "A", patient, `"in time"`)
		step.Equal(t, "one caller gave up; what the other has heard, whose answer came after that", "in time", heard())
		step.Equal(t, "the other caller's answer was delivered, and Resolve returned an error", nil, err)
		step.Equal(t, "a caller has its answer: whether Forget says that it was still waiting", false, p.Forget(patient))

		p.Forget("unasked")
		made := resolve(t, &p, "A", "unasked", `"made up"`)
		step.ErrorIs(t, "Forget was called with an id that was never given out, and then a response came with it: its client must be told that nobody has asked", correlation.ErrNotAsked, made)
		for range 1022 {
			other, _ := p.Add("A")
			p.Forget(other)
		}
		late = resolve(t, &p, "A", impatient, `"later"`)
		step.ErrorIs(t, "1,023 requests were settled after that of the caller who gave up, and its answer is not told any more that it is late", correlation.ErrGivenUp, late)
	})
}

// An id is no secret: it is short, and the next one can be guessed. Only the
// session that was asked may answer.
func TestAnAnswerFromAnotherSessionIsRefused(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var p correlation.Pending
		id, answer := p.Add("A")
		heard := listen(t, answer)
		foreign := resolve(t, &p, "B", id, `"from B"`)
		step.Equal(t, "session A was asked, and B answered with the same id: what the caller has heard, and takes for A's answer", "", heard())
		step.ErrorIs(t, "session A was asked, and B answered with the same id: B must be told", correlation.ErrForeign, foreign)
		own := resolve(t, &p, "A", id, `"from A"`)
		step.Equal(t, "B's answer was refused, then A's own came: what the caller has heard", "from A", heard())
		step.Equal(t, "B's answer was refused, then A's own was delivered, and Resolve returned an error", nil, own)
		foreign = resolve(t, &p, "B", id, `"from B again"`)
		step.ErrorIs(t, "A has answered, and B posts with the same id: B must be told that it was not asked, and not what A did", correlation.ErrForeign, foreign)
	})
}

// A client that answers twice does so on two connections, in two goroutines of your
// server. Between "is it there?" and "take it out" nobody else may come.
func TestOfAllWhoComeAtOnceOneSettlesARequest(t *testing.T) {
	defer step.Begin(t)()
	defer step.Waiting(t, func() (string, []string) {
		return "some came at the same moment, to ask, to answer or to give up, and one of them does not return", nil
	})()
	wantLocked(t)
	for first := range 3 { // one of the three who come is the caller that gives up
		var p correlation.Pending
		id, answer := p.Add("A")
		receive(t, answer)
		var settled atomic.Int64
		step.AtOnce(&p, 3, func(i int) {
			if i == first && p.Forget(id) || i != first && p.Resolve("A", response(id, `"yes"`)) == nil {
				settled.Add(1)
			}
		})
		step.Equal(t, "two answers to a request and its caller's Forget came at the same moment: how many of the three found it waiting, and settled it",
			1, int(settled.Load()))
	}
}
