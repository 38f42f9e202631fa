package correlation_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestAResponseReachesTheOneWhoWaits": "Add makes a channel, and puts a waiter with it into the map, under the id that it returns. Resolve " +
		"looks the waiter up and sends the response on its channel.",
	"TestTwoRequestsOfOneInstantHaveTwoIDs": "keep a counter in Pending that only goes up, and turn it into a string with strconv.FormatUint.",
	"TestAResponseIsTakenOnce": "delete an answered waiter from the map, and record why with p.settled.add. For an id that is not in the map, " +
		"return p.settled.reason.",
	"TestNobodyIsHeldUpByOneWhoGaveUp": "Cancel takes the waiter out as Resolve does, and gives p.settled.add another reason, ErrNotWaiting. It " +
		"reports whether there was a waiter.",
	"TestAnAnswerFromAnotherSessionIsRefused": "compare the sessions before you take the waiter out. If they differ, leave the waiter in the map " +
		"and return ErrWrongSession.",
	"TestOfAllWhoComeAtOnceOneSettlesARequest": "hold p.mu from the lookup in the map until the waiter is out of it, in Resolve and in Cancel. Add " +
		"needs the lock too.",
	"TestACallGoesDownTheSessionsStream": `call Add with peer.ID(): it gives you the id and the channel. Put the id into r, and send what ` +
		`r.Event() returns with peer.Send. Then receive from the channel.`,
	"TestTheFastestClientCannotWinTheRace": "call Add before you send, and make the channel with room for one.",
	"TestAnswersInAnyOrderReachTheirOwnCaller": "if each caller waits on its own channel, there is nothing to do here. If this step crashes, look " +
		"for a map that is used without its lock.",
	"TestACallThatFailsSaysWhy": "return a *CallError with the ID and the Method, around response.Error or the error of Event or Send. After the " +
		"last two no answer will come, so cancel the request.",
	"TestTheCallersContextEndsTheWait": "select on the channel and on ctx.Done(). When the context has ended, Cancel the request, and return a " +
		"*CallError around context.Cause(ctx), with Unanswered set.",
	"TestAnAnswerAndTheEndOfTheWaitSettleACallOnce": "when ctx has ended, Cancel tells you who was first. If it returns false, the answer is in " +
		"the channel: take it, and treat it like any other, which may be an error.",
	"TestAnAnswerIsAcceptedWith202": "read the session from r.URL.Query(). Then call ReadJSON, ParseResponse and h.Resolve, and answer with " +
		"w.WriteHeader(http.StatusAccepted).",
	"TestABadAnswerIsToldWhatIsWrong": "ask h.Sessions.Get whether the session is open; if not, the error is sessions.ErrNotFound. Answer each " +
		"error with ProblemOf(err).ServeHTTP(w, r), which knows the status.",
	"TestWhateverComesEachAnswerFindsItsRequest": "the failure lists the calls in their order, and as few of them as it takes. Follow them on paper: " +
		"what is in the map, in p.settled and in each channel after each of them?",
	"TestWhateverComesACallEndsOnce": "the failure lists who does what in which second. A Call has one end: whoever takes its waiter out of the map " +
		"in Resolve or Cancel decides which.",
	"TestWhatHasEndedIsLetGo": "what you start for a call has to end with it: a goroutine, a timer, a context.AfterFunc. And keep nothing of a " +
		"request that was answered or cancelled but what p.settled.add takes.",
}
