package cleanup_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestATriggerComesBackWithTheClientsAnswer": "in outcome, s.Ask the client; what it returns is the Outcome's Result.",
	"TestATriggerThatFailsSaysWhy": "in outcome, a *correlation.Error is the client's answer: the Outcome's Error. Of all others, make a " +
		"Problem by s.problem. Trigger.Timeout wants a context.WithTimeout.",
	"TestACallToAClientThatLeftFailsAtOnce": "in Ask, a context.WithCancelCause around ctx, and a context.AfterFunc on session.Context() that " +
		"cancels it with s.whyEnded().",
	"TestTheOthersCallsGoOn": "an end for each call: its caller's context, or the one session that it asks. Whichever comes first.",
	"TestAnAnswerAndADepartureSettleACallOnce": "Call decides which was first. If you look at the session again after it, or wait beside it, you " +
		"throw accepted answers away.",
	"TestShutdownEndsEveryStream": "in Shutdown, s.end(ErrShutdown). In ServeHTTP, each request gets a context that ends then: " +
		"context.WithCancelCause, context.AfterFunc on s.ctx, r.WithContext.",
	"TestShutdownEndsEveryWait": "end the contexts, with the cause ErrShutdown; if you close the sessions instead, a call cannot tell " +
		"who has ended them.",
	"TestShutdownWaitsForHandlersButNotForEver": "a sync.WaitGroup counts the handlers in ServeHTTP. Wait for it in a goroutine that closes a " +
		"channel, and select on that and ctx.Done().",
	"TestNobodyGetsInDuringShutdown": "in ServeHTTP, under a lock, look at closing and add to the WaitGroup; in Shutdown, set closing " +
		"under the same lock. The rest is s.refuse.",
	"TestShutdownTwiceAndDeparturesTogether": "a context may be cancelled any number of times, a channel closed only once. And a second Shutdown " +
		"waits like the first.",
	"TestAClientAnswersWhatItIsAsked": "http.NewRequestWithContext, parsing.Connect, and a timeouts.Answerer that gets all of the fields. " +
		"Where HTTP is nil, take http.DefaultClient.",
	"TestTheClientStopsWithItsContext": "the request for the stream needs ctx, or the client cannot stop while it connects. The Answerer " +
		"does the rest.",
	"TestAHandlerThatPanicsCostsOneAnswer": "wrap Handle in a method of yours that has a deferred recover, and turns a panic into a " +
		"*correlation.Error with CodeInternalError.",
	"TestAThousandClientsComeAndGo": "for everything that a client brings along, ask what ends it: its stream, its session, its calls, " +
		"and whatever waits beside them.",
}
