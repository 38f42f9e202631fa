package reconnection_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestFollowGetsTheStream": "in connect, make the request with c.request, connect with parsing.Connect and cmp.Or(c.Client, http.DefaultClient), " +
		"close the source with defer, and call follow with a function that does nothing yet.",
	"TestALostStreamIsConnectedAgain": "in Run, make a memory with LastEventID and DefaultReconnectionTime. As long as ctx has not ended, call c.untilRestart with " +
		"a function that connects, and then calls pause with c.wait(kept, err). Pass that function's ctx to both. At the end, return context.Cause(ctx).",
	"TestTheLastEventIDOutlivesItsStream": "in connect, give the ID in kept to the request and to the source (SetLastEventID). After follow, keep the source's LastEventID, " +
		"even if that is empty.",
	"TestSomeResponsesAreFinal":                "in isFinal, look for a *parsing.ResponseError and a *FinalError with errors.AsType. In Run, return result(err) if err is final.",
	"TestTheReconnectionTimeOutlivesItsStream": "in connect, after follow, keep the source's ReconnectionTime if it said one, which may be zero.",
	"TestARandomPartOfAGrowingWindowIsAdded": "in Run, count the loss in kept.losses before you call wait. In wait, double the window kept.losses - 1 times, but make it " +
		"the largest as soon as it is more than half of that, and add time.Duration(c.random() * float64(window)), " +
		"but no more than fits below forever. In the function that follow gets, set kept.losses to zero unless opens(e).",
	"TestRetryAfterIsTheLeast": "in wait, the least is max(kept.reconnectionTime, retryAfter(err)).",
	"TestAWaitEndsEarly": "begin Run with c.untilRestart around pause(ctx, c.Delay). If the context of the function in untilRestart has ended, Restart was " +
		"called or Run is over: then there is nothing to report and nothing to wait for.",
	"TestEachLossIsReported": "between counting the loss and the wait, call OnLost if it is not nil. In connect, a follow that returns nil means io.EOF.",
	"TestEachEventGetsAnIDOfItsLog": "in Publish, hold l.mu from the first line to the last. Set e.ID to l.id(l.last + 1), call l.sessions.Broadcast, and count the " +
		"event unless that returned an error. A *sessions.MissedError is none: see step 14.",
	"TestAClientThatComesBackGetsWhatItMissed": "event n is at l.kept[n % len(l.kept)]. In ServeHTTP, open the session and collect what was missed while you hold l.mu, " +
		"then unlock it and call session.Stream with that.",
	"TestAnIDThatCannotBeServedGetsAReset": "cut the ID at its first dash, and parse the rest with strconv.ParseUint. Then compare the whole ID with l.id(n): if they differ, " +
		"it is not one of this log's. Compare n with l.last before you subtract.",
	"TestNoEventFallsBetweenReplayAndLive": "one l.mu.Lock() around both: opening the session, and collecting what its client missed. Publish holds the same lock while it broadcasts.",
	"TestASlowClientIsDisconnected":        "in Publish, errors.AsType finds the *sessions.MissedError. Close its Sessions, and return nil: the log still has the event.",
	"TestNothingIsLeftBehind":              "close each source, whatever follow returned. In the log, kept has a fixed length: put event n at n % len(l.kept), and append nothing.",
	"TestWhateverTheServerAnswers":         "go through the answers one by one with the function expected in part4_test.go, and then through your own code.",
	"TestWhateverTheClientsDo":             "a client that had event n missed l.last - n events. The log has them if that is at most len(l.kept).",
}
