package timeouts_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestACallEndsAfterThirtySeconds": "in Call, give ctx an end with context.WithTimeout, and pass the new context on. " +
		"cmp.Or(c.Timeout, DefaultTimeout) returns the first of the two that is not zero.",
	"TestTheErrorSaysWhoseTimeWasUp": "use context.WithTimeoutCause: context.Cause returns its error if, and only if, this deadline was the one that passed.",
	"TestAnAnswerInTimeStopsTheClock": "defer the cancel function of your context, which stops the timer. Save time.Now() before the call. " +
		"After it, call c.Observe, unless it is nil, with r.Method, time.Since and the error.",
	"TestALateAnswerIsRefusedAndCounted": "in Resolve, check errors.Is(err, correlation.ErrNotWaiting): it means that the caller gave up. Count that with c.late.Add.",
	"TestTheClientIsToldThatNobodyWaits": "get the *correlation.CallError out of c.calls.Call's error with errors.AsType. If it is Unanswered, " +
		"pass it to cancelled, and send the event that cancelled returns with peer.Send.",
	"TestAClientAnswersWhatItIsAsked": `range over stream.Events() and switch on the event's Type. Turn the data of an "endpoint" event into ` +
		`a URL with from.Parse, and the data of a "request" into a correlation.Request with json.Unmarshal. Then call a.handle and a.deliver.`,
	"TestAnswersGoToNoOtherOrigin": "replace from.Parse with a.resolve, which also refuses what Origins does not allow. Return its error from Run. " +
		"Read the endpoint where you read the request, and pass it on: a goroutine that reads it later may find a different one, or none. " +
		"Before the first endpoint event there is none either.",
	"TestAnAnswerThatTheServerRefusesIsReported": "if a.deliver returns an error, pass it to a.OnUndelivered, unless that is nil. Then go on.",
	"TestWhatIsNoRequestPassesBy": "call a.OnEvent first, unless it is nil. A request that is not JSON, or that has no ID, cannot be answered: " +
		"continue with the next event.",
	"TestASlowQuestionDoesNotHoldUpAQuickOne": "start a goroutine for each request with sync.WaitGroup's Go, so that the loop reads on at once.",
	"TestNoMoreAtATimeThanAllowed": "make a channel with capacity a.Limit (zero or less means 8). Each goroutine sends to it before it starts to work, " +
		"and receives from it when the work is done.",
	"TestACancelledQuestionEndsItsHandler": "declare a running in Run. Call its start before the goroutine begins: it returns the request's context " +
		`and a done, to call when the goroutine ends. For a "notification", pass its cancelledID to cancel. Check the context again before you deliver.`,
	"TestACancelledQuestionNeverBegins": "wait for the turn in a select that also waits for the Done of the request's own context.",
	"TestNothingIsLeftWhenRunReturns": "give Run its own context. Then defer, in this order: wait for the goroutines, cancel the context, " +
		"close the stream. With context.AfterFunc, also close the stream when the context ends. Then return its cause, context.Cause(ctx).",
	"TestWhateverEndsACall":          "keep the state of a call in local variables of Call. Only the count of late answers belongs in the Caller.",
	"TestAnAnswerIsUsedOrRefused":    "let c.calls decide which was first: its Call returns the answer that its Resolve accepted, even if the context has ended.",
	"TestWhateverComesDownTheStream": "check every way out of a request's goroutine: if it took a turn, it must give it back on each of them.",
	"TestNothingIsKeptOfWhatIsDone":  "call the done that start returned on every way out, and do not keep your own list of cancelled requests.",
}
