package correlation_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestAResponseReachesTheOneWhoWaits": "Add makes a channel and puts a waiter into the map, under the id that it returns. Resolve looks the " +
		"waiter up and sends.",
	"TestTwoRequestsOfOneInstantHaveTwoIDs": "count, in a field of Pending that only goes up. strconv.FormatUint makes a string of it.",
	"TestAResponseIsTakenOnce": "whoever is answered goes out of the map: p.settled.add remembers why. For an id that is not there, " +
		"p.settled.reason knows more.",
	"TestNobodyIsHeldUpByOneWhoGaveUp": "Forget takes the waiter out as Resolve does, and tells p.settled another reason. It returns whether " +
		"there was one.",
	"TestAnAnswerFromAnotherSessionIsRefused": "compare the sessions before you take the waiter out. ErrForeign leaves it where it is.",
	"TestOfAllWhoComeAtOnceOneSettlesARequest": "hold p.mu from the look into the map until the waiter is out of it, in Resolve as in Forget. Add " +
		"needs it too.",
	"TestACallGoesDownTheSessionsStream": `Add gives you the id and the channel. Request{…}.Event() is what you send, with "2.0" for JSONRPC. ` +
		"Then receive from the channel.",
	"TestTheFastestClientCannotWinTheRace": "Add before you send, so that the id is known. And a channel can have room for one.",
	"TestAnswersInAnyOrderReachTheirOwnCaller": "if each caller waits on a channel of its own, there is nothing to do here. If this crashes, look " +
		"for a map without its lock.",
	"TestACallThatFailsSaysWhy": "look at r.Error when the response is there, and at Send's error: nobody will answer then, so forget " +
		"the request. CallError wraps both.",
	"TestTheCallersContextEndsTheWait":              "select on the channel and on ctx.Done(). Forget the request, and return context.Cause(ctx).",
	"TestAnAnswerAndTheEndOfTheWaitSettleACallOnce": "when ctx has ended, ask Forget who was first. If it returns false, the answer is in the channel.",
	"TestAnAnswerIsAcceptedWith202":                 "the session is in r.URL.Query(). ReadJSON, parse, h.Resolve, and WriteHeader(http.StatusAccepted).",
	"TestABadAnswerIsToldWhatIsWrong": "ask h.Sessions whether the session is open. Whatever goes wrong after that goes to ProblemOf, which " +
		"knows the statuses.",
}
