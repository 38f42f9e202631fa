package timeouts_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestACallEndsAfterThirtySeconds": "in Call, give ctx an end with context.WithTimeout, and pass that context on. " +
		"cmp.Or(c.Timeout, DefaultTimeout) is the first of the two that is not zero.",
	"TestTheErrorSaysWhoseTimeWasUp": "context.WithTimeoutCause takes the error that context.Cause returns when this very deadline passes.",
	"TestAnAnswerInTimeStopsTheClock": "defer the cancel function of your context: it stops the timer. Keep time.Now() from before the call; " +
		"after it, c.Observe, if there is one, gets r.Method, time.Since and the error.",
	"TestALateAnswerIsRefusedAndCounted": "in Resolve, errors.Is(err, correlation.ErrNotWaiting) means that the caller has given up. c.late has Add.",
	"TestTheClientIsToldThatNobodyWaits": "errors.AsType finds the *correlation.CallError in the error of c.calls.Call. If it is Unanswered, " +
		"peer.Send the event that cancelled makes of it.",
	"TestAClientAnswersWhatItIsAsked": `range over stream.Events() and switch on the event's Type. from.Parse turns the data of an "endpoint" ` +
		`event into a URL. json.Unmarshal turns the data of a "request" into a correlation.Request; a.handle and a.deliver do the rest.`,
	"TestAnswersGoToNoOtherOrigin":               "a.resolve does what from.Parse does, and refuses what Origins does not allow. Return its error from Run.",
	"TestAnAnswerThatTheServerRefusesIsReported": "when a.deliver returns an error, call a.OnUndelivered with it, if there is one. Then go on.",
	"TestWhatIsNoRequestPassesBy": "call a.OnEvent first, if there is one. A request that is not JSON, or that has no ID, cannot be answered: " +
		"go on with the next event.",
	"TestASlowQuestionDoesNotHoldUpAQuickOne": "start a goroutine for each request, so that the loop reads on at once: sync.WaitGroup has Go.",
	"TestNoMoreAtATimeThanAllowed": "make a channel with room for a.Limit, where zero means 8. A goroutine that could send on it has its turn, " +
		"and receives from it when done.",
	"TestACancelledQuestionEndsItsHandler": "declare a running in Run. Its start gives each request a context and a done, which the goroutine calls at " +
		`its end. Its cancel takes the cancelledID of a "notification". Look at the context again before you deliver.`,
	"TestACancelledQuestionThatWaitsItsTurnNeverBegins": "wait for the turn in a select, beside the Done of the request's own context.",
	"TestWhenRunReturnsNothingIsLeft": "give Run a context of its own. Then defer, in this order: wait for the goroutines, cancel the context, " +
		"close the stream. With context.AfterFunc, the end of the context closes the stream too; the error to return then is context.Cause(ctx).",
	"TestWhateverEndsACall":          "let Call do what it does for one call, and keep nothing of that in the Caller but the count of late answers.",
	"TestAnAnswerIsUsedOrRefused":    "leave it to c.calls who was first: its Call returns the answer that its Resolve took, even if the context has ended.",
	"TestWhateverComesDownTheStream": "look at each way out of the goroutine of a request: a turn that was taken is given back on all of them.",
	"TestNothingIsKeptOfWhatIsDone":  "call the done that start returned, on each way out, and keep no list of your own of what was cancelled.",
}
