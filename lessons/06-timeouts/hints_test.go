package timeouts_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestACallEndsAfterThirtySeconds":    "in Call, give ctx an end with context.WithTimeout, and hand that one on.",
	"TestTheTimeoutCanBeChosen":          "cmp.Or(c.Timeout, DefaultTimeout) is the first of the two that is not zero.",
	"TestTheErrorSaysWhoseTimeWasUp":     "context.WithTimeoutCause takes the error that context.Cause returns when this very deadline passes.",
	"TestAnAnswerInTimeStopsTheClock":    "defer the cancel function of your context. It stops the timer.",
	"TestALateAnswerIsRefusedAndCounted": "in Resolve, errors.Is(err, correlation.ErrGivenUp) means that its caller has given up.",
	"TestTheClientIsToldThatNobodyWaits": "after correlation.Caller's Call, session.Send(cancelled(call)), where call is the " +
		"*correlation.CallError. Only if ctx's end is why it failed.",
	"TestAClientAnswersWhatItIsAsked": `range over stream.Events() and switch on the event's Type. from.Parse makes a URL of an "endpoint" ` +
		`event's data; handle and post do the rest for a "request".`,
	"TestAnAnswerThatTheServerRefusesIsReported": "when post returns an error, hand it to a.Undelivered, if there is one. Then go on.",
	"TestWhatIsNoRequestPassesBy": "tell a.Trace first, if there is one. A request that is no JSON, or has no ID, cannot be answered: " +
		"go on with the next event.",
	"TestASlowQuestionDoesNotHoldUpAQuickOne": "a goroutine for each request, so that the loop is back at the stream at once: sync.WaitGroup has Go.",
	"TestNoMoreAtATimeThanAllowed": "a channel with room for a.Limit. Whoever could put something in has a turn, and takes it out when " +
		"done. Zero means 8.",
	"TestACancelledQuestionEndsItsHandler": "a context with a cancel function for each request, which a.running keeps under the request's ID. A " +
		`"notification" with a cancelledID calls it, and the goroutine does when it is done. What ended ` +
		"before is not posted.",
	"TestACancelledQuestionThatWaitsItsTurnNeverBegins": "wait for the turn in a select, beside the Done of the request's own context.",
	"TestWhenRunReturnsNothingIsLeft": "defer, in this order: wait for the goroutines, end their context, close the stream. With " +
		"context.AfterFunc, the end of ctx closes it too.",
}
