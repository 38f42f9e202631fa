package correlation_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestAResponseReachesTheOneWhoWaits": "in Add, make a channel and put a waiter with it into the map, under the id that you return. In " +
		"Resolve, look the waiter up and send the response on its channel.",
	"TestTwoRequestsOfOneInstantHaveTwoIDs": "keep a counter in Pending that only goes up, and turn it into a string with strconv.FormatUint.",
	"TestAResponseIsTakenOnce": "delete an answered waiter from the map, and record why with p.settled.add. For an id that is not in the map, " +
		"return p.settled.reason.",
	"TestACallerThatGaveUpHoldsUpNobody": "in Cancel, delete the waiter as in Resolve, but give p.settled.add the reason ErrNotWaiting, and report " +
		"whether there was a waiter. Make each channel with room for one: an answer may come before its caller receives.",
	"TestAnAnswerFromAnotherSessionIsRefused": "compare the sessions before you delete the waiter. If they differ, leave it in the map and " +
		"return ErrWrongSession.",
	"TestOneOfManyAnswersSettlesARequest": "in Resolve and in Cancel, hold p.mu from the lookup until the waiter is deleted from the map. Add " +
		"needs the lock too.",
	"TestARequestIsSentOnTheStreamOfItsSession": `call Add with peer.ID() to get the id and the channel. Put the id into r, and send what ` +
		`r.Event() returns with peer.Send. Then receive from the channel.`,
	"TestTheFastestClientCannotWinTheRace": "call Add before you send: then the answer finds a waiter, and its channel has room for it.",
	"TestAnswersInAnyOrderReachTheirOwnCaller": "if each caller waits on its own channel, there is nothing to do here. If this step crashes, look " +
		"for a map that is used without its lock.",
	"TestACallThatFailsSaysWhy": "return a *CallError with the ID and the Method that wraps response.Error, or the error of Event or Send. If one " +
		"of these two failed, no answer will come, so cancel the request.",
	"TestTheWaitEndsWithItsContext": "select on the channel and on ctx.Done(). When the context has ended, call Cancel, and return a " +
		"*CallError that wraps context.Cause(ctx), with Unanswered set.",
	"TestAnAnswerAndTheEndOfTheWaitSettleACallOnce": "when ctx has ended, check what Cancel returns. If it is false, the answer is in the channel: " +
		"receive it, and handle it like any other answer. It may be an error.",
	"TestAnAnswerIsAcceptedWith202": "read the session from r.URL.Query(). Then call ReadJSON, ParseResponse and h.Resolve, and answer with " +
		"w.WriteHeader(http.StatusAccepted).",
	"TestABadAnswerIsToldWhatIsWrong": "ask h.Sessions.Get whether the session is open; if not, the error is sessions.ErrNotFound. Answer each " +
		"error with ProblemOf(err).ServeHTTP(w, r), which sets the status.",
	"TestEachAnswerFindsItsRequestWhateverComes": "follow the calls in the failure on paper. They are in order, and as few as it takes to fail: " +
		"what is in the map, in p.settled and in each channel after each call?",
	"TestACallEndsOnceWhateverComes": "read the failure as a timeline: it lists who does what in which second. A Call ends once: the goroutine that " +
		"deletes its waiter from the map, in Resolve or Cancel, decides how.",
	"TestWhatHasEndedIsLetGo": "stop what you start for a call when the call ends: a goroutine, a timer, a context.AfterFunc. Of a request that " +
		"was answered or cancelled, keep only what p.settled.add takes.",
}
