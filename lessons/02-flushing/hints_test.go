package flushing_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestTheResponseIsAnEventStream": `w.Header().Set("Content-Type", …) in Open, before anything is written.`,
	"TestTheClientSeesTheHeadersBeforeAnyEvent": "flush in Open, through http.NewResponseController(w). Keep the controller in the Stream: every " +
		"event needs it.",
	"TestAnEventArrivesWhileTheHandlerStillRuns": "in SendFrames, write each frame to w, then flush. In Send, frame the event with AppendText and hand " +
		"it over.",
	"TestACommentArrivesTheSameWay":           "frame it with framing.AppendComment and go the same way as an event.",
	"TestEventsSentTogetherLeaveTogether":     "gather the frames of all events in one slice, then hand it over once.",
	"TestARefusedEventLeavesTheStreamWhole":   "frame all events before you write the first byte, and return AppendText's error as it is.",
	"TestABufferingProxyLetsTheStreamThrough": "X-Accel-Buffering: no speaks to proxies, Cache-Control: no-cache to caches.",
	"TestAHeadRequestGetsTheHeadersAlone": "in Open, after the headers are set and before anything is flushed: if r.Method is http.MethodHead, " +
		"return an error that wraps http.ErrBodyNotAllowed.",
	"TestAWrappedResponseWriterStillFlushes": "http.NewResponseController(w).Flush() looks through every wrapper that has an Unwrap method.",
	"TestAWriterThatCannotFlushGetsA500":     "look at what Flush returns in Open. For http.ErrNotSupported, http.Error(w, …) and return the error.",
	"TestTheServersWriteTimeoutDoesNotEndAHealthyStream": "in Open, the controller's SetWriteDeadline(time.Time{}) takes the server's deadline off. " +
		"Its error matters only if it is http.ErrNotSupported and hasWriteTimeout(r) is true: then answer as for a writer that cannot flush.",
	"TestAClientThatStopsReadingEndsTheStream": "SetWriteDeadline ten seconds ahead before the write, off after the flush, and Flush's error is the " +
		"one that tells.",
	"TestSendAfterTheClientLeftIsAnError": "the request's context ends when the client leaves. Keep it in the Stream, and ask its Err before " +
		"you write. Open's flush can fail for a client that is gone, too, and so can each Write.",
	"TestConcurrentSendsDoNotInterleave": "a sync.Mutex in the Stream, locked from the first use of w or its controller to the last; defer the " +
		"Unlock.",
	"TestWhateverIsSentArrivesOrIsAnError": "the failure shows the shortest sequence of calls that it found to go wrong; follow the last one through your code. " +
		"Which step of parts 1 to 3 is about the same?",
	"TestManySendersOnTwoStreams": "nothing that two goroutines may use at once, a buffer for instance, stands outside the lock or in a variable of the package.",
	"TestNothingUsesTheWriterAfterTheHandler": "start no timer and no goroutine that is still there when Send has returned, and ask the context's Err " +
		"before everything else in SendFrames.",
	"TestALargeBatchCostsWhatItsSizeSays": "append each frame to one slice, or write it. Do not copy what was gathered before.",
}
