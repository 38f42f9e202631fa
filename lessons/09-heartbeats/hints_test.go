package heartbeats_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestAQuietStreamGetsAComment": "in Handler, call h with a &beating{ResponseWriter: w, interval: interval}, and with a context that you can cancel. In FlushError, start " +
		"b.timer with time.AfterFunc(b.interval, b.beat). Write the method beat yourself: it writes framing.AppendComment(nil, \"\"), flushes, and resets the timer.",
	"TestAnEventPutsTheHeartbeatOff": "in FlushError, store the time in b.flushed. In beat, compute b.interval - time.Since(b.flushed): if that is more than zero, " +
		"reset the timer to it and send nothing. Store the time after each heartbeat, too.",
	"TestOnlyAnEventStreamGetsHeartbeats": "start the timer only if the flush succeeded and isEventStream(b.Header()) is true. In Handler, pass a HEAD request straight to h.",
	"TestNoHeartbeatBreaksAFrame":         "in Write, call b.frames.wrote with the bytes that were written. In beat, if b.frames.complete() is false, send nothing, and try again an interval later.",
	"TestAHeartbeatAndAnEventDoNotInterleave": "hold b.mu in Write, FlushError, SetWriteDeadline and beat. In beat, set a deadline of heartbeatTimeout before you write. " +
		"Afterwards, set b.deadline again, where SetWriteDeadline stores the handler's deadline.",
	"TestAClientThatTakesNothingIsGone": "if the write or the flush of a heartbeat fails, call b.gone with fmt.Errorf(\"%w: %w\", flushing.ErrClientLeft, err), and " +
		"do not set the timer again.",
	"TestTheResponseBelongsToTheHandler": "in Handler, defer a function that locks b.mu, sets b.ended and stops the timer, if there is one. In beat, check b.ended as soon as you have " +
		"the lock: the handler may have returned while beat waited for it.",
	"TestAStreamThatIsTooQuietIsAnError": "in RoundTrip, make a context with context.WithCancelCause, and a timer that cancels it with &IdleError{After: limit}. Send r.WithContext(ctx), and give " +
		"timer, limit and context to a limited body. In Read, reset the timer. If the read fails and context.Cause is an *IdleError, return a new one with the read's error as Err.",
	"TestAnyByteWillDo":              "reset the timer in each Read, not for each event.",
	"TestASlowReaderIsNoQuietServer": "stop the timer when the body's Read returns.",
	"TestTheHeaderHasToComeInTime":   "start the timer before you call Base's RoundTrip, and stop it afterwards. Replace an error of Base in the same way as one of Read.",
	"TestEverythingElseIsLeftAlone":  "give the body a timer only if isEventStream(resp.Header) is true. Replace an error only if the context's cause is an *IdleError.",
	"TestAQuietStreamIsReconnected":  "this needs no new code: it is green once RoundTrip and Read do what the earlier steps ask.",
	"TestNothingIsLeftBehind":        "cancel each context that you derive: in Handler with defer, in RoundTrip when Base fails, and in the body's Close, which is given.",
	"TestWhateverTheHandlerSends":    "trace the pieces one by one through the function model in part4_test.go, and then through your own code.",
	"TestADayOfSilence":              "after each heartbeat, set the timer for the next one.",
}
