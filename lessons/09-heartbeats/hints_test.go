package heartbeats_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestAQuietStreamGetsAComment": "in Handler, give h a &beating{ResponseWriter: w, interval: interval} with a context of your own. In FlushError, start " +
		"b.timer with time.AfterFunc(b.interval, b.beat), where beat is yours: it writes framing.AppendComment(nil, \"\"), flushes, and resets the timer.",
	"TestAnEventPutsTheHeartbeatOff": "in FlushError, note the time in b.flushed. In beat, compute b.interval - time.Since(b.flushed): if that is more than zero, " +
		"reset the timer to it and send nothing. After a heartbeat, note the time, too.",
	"TestOnlyAnEventStreamGetsHeartbeats": "start the timer only if the flush worked and isEventStream(b.Header()). In Handler, leave a HEAD request to h.",
	"TestNoHeartbeatBreaksAFrame":         "in Write, call b.frames.wrote with what was written. In beat, send nothing unless b.frames.complete(), and try again an interval later.",
	"TestAHeartbeatAndAnEventDoNotInterleave": "hold b.mu in Write, FlushError, SetWriteDeadline and beat. In beat, set a deadline of heartbeatTimeout before the write, and " +
		"b.deadline after it, which is what SetWriteDeadline got last.",
	"TestAClientThatTakesNothingIsGone": "if the write or the flush of a heartbeat fails, call b.gone with fmt.Errorf(\"%w: %w\", flushing.ErrClientLeft, err), and " +
		"do not set the timer again.",
	"TestTheResponseBelongsToTheHandler": "in Handler, defer a function that holds b.mu, sets b.ended and stops the timer, if there is one. beat looks at b.ended first: it may " +
		"have waited for the lock.",
	"TestAStreamThatIsTooQuietIsAnError": "in RoundTrip, send r.WithContext of a context.WithCancelCause, and make a timer that cancels it with &IdleError{After: limit}. Give timer, limit " +
		"and context to a limited body. In Read, reset the timer; if the read failed and context.Cause is an *IdleError, return one with the read's error as Err.",
	"TestAnyByteWillDo":              "reset the timer in each Read, not for each event.",
	"TestASlowReaderIsNoQuietServer": "stop the timer when the body's Read returns.",
	"TestTheHeaderHasToComeInTime":   "start the timer before you call Base's RoundTrip, and stop it after. An error of Base is replaced in the same way as one of Read.",
	"TestEverythingElseIsLeftAlone":  "give the body a timer only if isEventStream(resp.Header). An error is replaced only if the cause of the context is an *IdleError.",
	"TestAQuietStreamIsReconnected":  "this is green when RoundTrip and Read are as the steps before ask.",
	"TestNothingIsLeftBehind":        "cancel each context that you derive: in Handler with defer, in RoundTrip when Base fails, and in the body's Close, which is given.",
	"TestWhateverTheHandlerSends":    "go through the pieces one by one with the function model in part4_test.go, and then through your own code.",
	"TestADayOfSilence":              "each heartbeat must set the timer for the next one.",
}
