package flushing_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestTheResponseIsAnEventStream": `in Open, call w.Header().Set("Content-Type", …) before anything is written.`,
	"TestTheClientSeesTheHeadersBeforeAnyEvent": "flush in Open, through http.NewResponseController(w). Keep the controller in the Stream: every " +
		"event needs it.",
	"TestAnEventArrivesWhileTheHandlerStillRuns": "in SendFrames, write each frame to w, then flush. In Send, frame the event with AppendText and pass " +
		"the frame to SendFrames.",
	"TestACommentArrivesTheSameWay":           "frame the text with framing.AppendComment, then pass it to SendFrames, as Send does.",
	"TestEventsSentTogetherLeaveTogether":     "append the frames of all events to one slice, then pass that slice to SendFrames once.",
	"TestARefusedEventLeavesTheStreamWhole":   "frame all events before you write the first byte, and return AppendText's error unchanged.",
	"TestABufferingProxyLetsTheStreamThrough": "in Open, set X-Accel-Buffering: no for proxies, and Cache-Control: no-cache for caches.",
	"TestAHeadRequestGetsTheHeadersAlone": "in Open, check r.Method after you set the headers and before you flush. If it is http.MethodHead, " +
		"return an error that wraps http.ErrBodyNotAllowed.",
	"TestAWrappedResponseWriterStillFlushes": "flush with http.NewResponseController(w).Flush(), which looks through every wrapper that has an Unwrap method.",
	"TestAWriterThatCannotFlushGetsA500":     "in Open, check Flush's error. If it is http.ErrNotSupported, call http.Error(w, …) and return the error.",
	"TestAWriteTimeoutDoesNotEndAHealthyStream": "in Open, lift the server's deadline with the controller's SetWriteDeadline(time.Time{}). " +
		"Its error matters only if it is http.ErrNotSupported and hasWriteTimeout(r) is true: then answer as for a writer that cannot flush.",
	"TestAClientThatStopsReadingEndsTheStream": "in SendFrames, set a write deadline ten seconds from now, write, flush, then clear the deadline. " +
		"Check Flush's error: it is the one that reports the missed deadline.",
	"TestSendAfterTheClientLeftIsAnError": "keep the request's context, which ends when the client leaves, in the Stream, and check its Err before " +
		"you write. Also check the errors of Open's flush and of each Write.",
	"TestConcurrentSendsDoNotInterleave": "put a sync.Mutex in the Stream. Lock it before the first use of w or its controller, and defer the " +
		"Unlock.",
	"TestWhateverIsSentArrivesOrIsAnError": "the failure shows the shortest sequence of calls found to go wrong. Follow the last call through your code. " +
		"Which step of parts 1 to 3 is about the same thing?",
	"TestManySendersOnTwoStreams": "keep whatever two goroutines may use at once, such as a buffer, inside the lock and out of package variables.",
	"TestNothingUsesTheWriterAfterTheHandler": "start no timer and no goroutine that outlives Send. In SendFrames, check the context's Err " +
		"before you use w or its controller.",
	"TestALargeBatchCostsWhatItsSizeSays": "append each frame to one slice, or write it directly. Do not copy the earlier frames again for each new one.",
}
