package cleanup_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestATriggerReturnsTheAnswer": "in outcome, call s.Call, and put what it returns in Outcome.Result.",
	"TestATriggerThatFailsSaysWhy": "in outcome, put a *correlation.Error (errors.AsType finds it) in Outcome.Error, and turn any other " +
		"error into a Problem with s.problem.",
	"TestACallToAClientThatLeftFailsAtOnce": "in Call, wrap ctx in a context.WithCancelCause. Set up a context.AfterFunc on session.Context() that " +
		"cancels it with s.cause().",
	"TestOtherCallsGoOn": "end each call when its caller's context ends or when the one session that it asks ends, whichever comes first.",
	"TestAnAnswerAndADepartureSettleACallOnce": "leave it to Caller.Call to decide which came first. If you look at the session after it returns, or " +
		"wait beside it, you throw accepted answers away.",
	"TestShutdownEndsEveryStream": "in Shutdown, call s.end(ErrShutdown). In ServeHTTP, give each request a context that ends then, with " +
		"context.WithCancelCause, a context.AfterFunc on s.ctx, and r.WithContext.",
	"TestShutdownEndsEveryWait": "end the contexts with the cause ErrShutdown: if you close the sessions instead, a call cannot tell " +
		"who ended them. A read of a body does not see the context, so defer endReads(ctx, w, r)().",
	"TestShutdownWaitsForHandlersButNotForever": "count the handlers in ServeHTTP with s.handlers. In Shutdown, wait for it in a goroutine " +
		"that closes a channel, and select on that channel and ctx.Done().",
	"TestNobodyGetsInDuringShutdown": "in ServeHTTP, check closing and add to the WaitGroup while you hold one lock. In Shutdown, set closing " +
		"under the same lock. Once it is set, refuse requests with s.refuse.",
	"TestShutdownTwiceAndDeparturesTogether": "cancel a context instead of closing a channel: you can do that any number of times. Make a second " +
		"Shutdown wait like the first.",
	"TestTheRequestItselfIsNotChanged": "in ServeHTTP, derive the new context from r.Context(), and pass on r.WithContext(ctx), which is a copy. " +
		"Cancel that context with ErrShutdown when the server stops.",
	"TestAClientAnswersWhatItIsAsked": "in Run, use http.NewRequestWithContext and parsing.Connect (with http.DefaultClient if c.Client is nil), set " +
		"the source's MaxEventSize, and call c.Answer with source.URL, where the stream came from. In Answer, Run a copy of c.Answerer.",
	"TestTheClientStopsWithItsContext": "create the request for the stream with ctx, or the client cannot stop while it connects. The Answerer does " +
		"the rest.",
	"TestAHandlerThatPanicsCostsOneAnswer": "wrap Handle in your own method, with a deferred recover that logs what it recovered and returns " +
		"a *correlation.Error with CodeInternalError instead.",
	"TestAThousandClientsComeAndGo": "check what ends each thing that a client brings with it: its stream, its session, its calls, and " +
		"everything that waits beside them.",
	"TestEachCallSaysWhoLeftFirst": "play the moves by hand, and check for each call which context ends it and with which cause. Only Call and " +
		"Shutdown are involved.",
}
