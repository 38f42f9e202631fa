package cleanup_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestATriggerComesBackWithTheClientsAnswer": "in outcome, s.Call the client; what it returns is the Outcome's Result.",
	"TestATriggerThatFailsSaysWhy": "in outcome, put a *correlation.Error (errors.AsType finds it) in Outcome.Error, and turn any other " +
		"error into a Problem with s.problem.",
	"TestACallToAClientThatLeftFailsAtOnce": "in Call, a context.WithCancelCause around ctx, and a context.AfterFunc on session.Context() that " +
		"cancels it with s.cause().",
	"TestTheOthersCallsGoOn": "each call needs its own end: its caller's context or the one session that it asks, whichever comes first.",
	"TestAnAnswerAndADepartureSettleACallOnce": "Caller.Call decides which came first. If you look at the session again after it, or wait " +
		"beside it, you throw accepted answers away.",
	"TestShutdownEndsEveryStream": "in Shutdown, s.end(ErrShutdown). In ServeHTTP, each request gets a context that ends then: " +
		"context.WithCancelCause, context.AfterFunc on s.ctx, r.WithContext.",
	"TestShutdownEndsEveryWait": "end the contexts with the cause ErrShutdown; if you close the sessions instead, a call cannot tell " +
		"who ended them. A read of a body does not see the context: defer endReads(ctx, w, r)().",
	"TestShutdownWaitsForHandlersButNotForEver": "count the handlers in ServeHTTP with s.handlers. Wait for it in a goroutine that closes a " +
		"channel, and select on that and ctx.Done().",
	"TestNobodyGetsInDuringShutdown": "in ServeHTTP, look at closing and add to the WaitGroup under one lock; in Shutdown, set closing " +
		"under the same lock. s.refuse does the rest.",
	"TestShutdownTwiceAndDeparturesTogether": "a context may be cancelled any number of times, a channel closed only once. And a second Shutdown " +
		"waits like the first.",
	"TestTheRequestStaysItsOwners": "in ServeHTTP, make the new context of r.Context(), and hand r.WithContext(ctx) on: that is a copy. " +
		"Cancel it with ErrShutdown where the server stops.",
	"TestAClientAnswersWhatItIsAsked": "in Run: http.NewRequestWithContext, parsing.Connect, and c.Answer with source.URL, where the stream " +
		"came from. In Answer: Run a copy of c.Answerer. Where c.Client is nil, connect with http.DefaultClient.",
	"TestTheClientStopsWithItsContext": "the request for the stream needs ctx, or the client cannot stop while it connects. Set the source's " +
		"MaxEventSize. The Answerer does the rest.",
	"TestAHandlerThatPanicsCostsOneAnswer": "wrap Handle in your own method that has a deferred recover, logs what it recovered, and turns it " +
		"into a *correlation.Error with CodeInternalError.",
	"TestAThousandClientsComeAndGo": "for everything that a client brings along, ask what ends it: its stream, its session, its calls, " +
		"and all that waits beside them.",
	"TestEachCallSaysWhoLeftFirst": "play the moves by hand, and ask of each call which context ends it, and with which cause. Call and Shutdown " +
		"are all that it takes.",
}
