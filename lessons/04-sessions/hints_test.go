package sessions_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestAnOpenSessionIsFoundByItsID": "in Open, set an id (any will do for now) and put s into r.sessions under it. The zero Registry has no map " +
		"yet: make it first. In Get, look the id up.",
	"TestIDsAreNeverTheSameAndCannotBeGuessed": "rand.Text() of crypto/rand. A clock and a counter can both be guessed, and the clock repeats itself.",
	"TestAnEventReachesOnlyTheOneItIsFor": "Send: frame the event with AppendText, then s.put(frame). Pump: a select in a loop. When s.queue.ready has " +
		"a token, s.queue.drain(sink.SendFrames), and return its error. When s.Done() is closed, return nil.",
	"TestABroadcastReachesEveryone": "AppendText once, then put the same frame into each session. All() returns the sessions.",
	"TestAClosedSessionIsGone":      "delete it from the map, close its queue, call s.end. Each of them does nothing the second time.",
	"TestSendingToNobodySaysSo":     "Get says whether the session is there. Return ErrNotFound, or what the session's own Send returns.",
	"TestOneTooManyIsRefused": "compare len(r.sessions) with the limit before you add one. cmp.Or(r.MaxSessions, DefaultMaxSessions) is the " +
		"limit; a negative one means no limit.",
	"TestASlowSessionDoesNotHoldUpABroadcast": "collect the sessions whose put returns an error, and go on with the others. At the end, return a " +
		"*MissedError with them. A session that has ended (ErrClosed) missed nothing.",
	"TestComingSendingAndLeavingAtOnceIsSafe": "lock r.mu around each use of r.sessions; count and put in under one Lock. Close must not call s.end " +
		"before the entry is gone, and anything may call it twice at once.",
	"TestASessionEndsWithItsContext": "context.AfterFunc(ctx, s.Close), once the session is in the map: before that, Close has nothing to take out. " +
		"Keep the function that it returns in the Session, and call it in Close.",
	"TestTheFirstEventTellsWhereToAnswer": `Endpoint: the type "endpoint" and the data "responses?session=" + url.QueryEscape(s.id). ServeHTTP: Open, ` +
		"defer Close, Stream. Stream: flushing.Open, Send the Endpoint, then Pump: the *flushing.Stream is a Sink.",
	"TestEachClientHearsWhatIsForIt": "in Stream, send the Endpoint and the events in first before you call Pump: slices.Concat joins them.",
	"TestTheStreamEndsWhenOneOfTheTwoLeaves": "return each error of flushing.Open, Send and Pump from Stream. ServeHTTP defers session.Close() for every " +
		"way out.",
	"TestAFullServerSays503": "if Open fails, answer with a Problem whose status is 503, with a RetryAfter of a few seconds.",
	"TestWhateverHappensEachGetsItsOwn": "read the last line of the failure from left to right: it is the shortest story that ends in it. Play it " +
		"through with your code. Sessions are numbered from 0, and A and B are two registries.",
}
