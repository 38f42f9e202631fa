package reconnection_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestFollowGetsTheStream": "in connect, make the request with c.request, connect with parsing.Connect and cmp.Or(c.Client, http.DefaultClient), " +
		"and close the source with defer. Then call follow; the function that you pass to it may be empty for now.",
	"TestALostStreamIsConnectedAgain": "in Run, make a memory with LastEventID and DefaultReconnectionTime. Until ctx has ended, call c.untilRestart with " +
		"a function that connects, and then calls pause with c.wait(kept, err), both with the ctx that it gets. At the end, return context.Cause(ctx).",
	"TestTheLastEventIDOutlivesItsStream": "in connect, give the ID in kept to the request and to the source (SetLastEventID). After follow, save the source's LastEventID in kept, " +
		"even if it is empty.",
	"TestSomeResponsesAreFinal":                "in isFinal, look for a *parsing.ResponseError and a *FinalError with errors.AsType. In Run, return result(err) if err is final.",
	"TestTheReconnectionTimeOutlivesItsStream": "in connect, after follow, save the source's ReconnectionTime in kept if the stream named one. Zero is a valid time.",
	"TestARandomPartOfAGrowingWindowIsAdded": "in Run, add one to kept.losses before you call wait. In wait, double the window kept.losses - 1 times, but if it is " +
		"more than half of the largest window, use the largest. Then add time.Duration(c.random() * float64(window)), " +
		"but do not let the sum exceed forever. In the function that you pass to follow, set kept.losses to zero unless opens(e).",
	"TestRetryAfterIsTheLeast": "in wait, the least time to wait is max(kept.reconnectionTime, retryAfter(err)).",
	"TestAWaitEndsEarly": "begin Run with a c.untilRestart whose function calls pause(ctx, c.Delay). In the loop, look at the ctx that untilRestart's function gets: if it " +
		"has ended, Restart was called or Run is over, so report no loss and do not wait.",
	"TestEachLossIsReported": "in Run, call OnLost, if it is not nil, after you count the loss and before you wait. In connect, return io.EOF if follow returns nil.",
	"TestEachEventGetsAnIDOfItsLog": "in Publish, hold l.mu from the first line to the last. Set e.ID to l.id(l.last + 1), call l.sessions.Broadcast, and count the " +
		"event unless Broadcast returned an error. A *sessions.MissedError does not count as an error: see step 14.",
	"TestAClientThatComesBackGetsWhatItMissed": "in ServeHTTP, hold l.mu while you open the session and collect the missed events. Event n is at l.kept[n % len(l.kept)]. " +
		"Then unlock l.mu and pass these events to session.Stream.",
	"TestAnIDThatCannotBeServedGetsAReset": "cut the ID at its first dash, and parse what follows with strconv.ParseUint. Then compare the whole ID with l.id(n): if they differ, " +
		"the ID is not from this log. Check that n is not above l.last before you subtract.",
	"TestNoEventFallsBetweenReplayAndLive": "call l.mu.Lock() once, and hold the lock while you open the session and collect what its client missed. Publish holds it while it broadcasts.",
	"TestASlowClientIsDisconnected":        "in Publish, find the *sessions.MissedError with errors.AsType. Close its Sessions, and return nil: the log still has the event.",
	"TestNothingIsLeftBehind":              "close each source, whatever follow returned. In the log, kept has a fixed length: store event n at n % len(l.kept), and never append.",
	"TestWhateverTheServerAnswers":         "trace the answers one by one through the function expected in part4_test.go, and then through your own code.",
	"TestWhateverTheClientsDo":             "a client whose last event was n missed l.last - n events. The log still has them if they are at most len(l.kept).",
}
