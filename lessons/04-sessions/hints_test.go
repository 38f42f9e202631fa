package sessions_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestAnOpenSessionIsFoundByItsID": "in Open, set an id (any will do for now), then put s into r.sessions under that id. Make the map first: the zero " +
		"Registry has no map yet. In Get, look the id up.",
	"TestIDsAreNeverTheSameAndCannotBeGuessed": "use rand.Text() from crypto/rand. A clock and a counter can both be guessed, and a clock repeats itself.",
	"TestAnEventReachesOnlyTheOneItIsFor": "in Send, frame the event with AppendText, then call s.put(frame). In Pump, run a select in a loop. When " +
		"s.queue.ready has a token, call s.queue.drain(sink.SendFrames), and return its error if there is one. When s.Done() is closed, return nil.",
	"TestABroadcastReachesEveryone": "call AppendText once, then put the same frame into each session. All() returns the sessions.",
	"TestAClosedSessionIsGone":      "delete the session from the map, close its queue, and call s.end. A second call of any of these does nothing.",
	"TestSendingToNobodySaysSo":     "call Get to find the session. Return ErrNotFound if it is not there, or else what the session's own Send returns.",
	"TestOneTooManyIsRefused": "compare len(r.sessions) with the limit before you add a session. The limit is " +
		"cmp.Or(r.MaxSessions, DefaultMaxSessions); a negative one means no limit.",
	"TestASlowSessionDoesNotHoldUpABroadcast": "collect the sessions whose put returns an error, and go on with the others. At the end, return a " +
		"*MissedError with those sessions, if there are any. Leave out a session that has ended (ErrClosed): it missed nothing.",
	"TestEverythingAtOnceIsSafe": "lock r.mu around each use of r.sessions; count and put in under the same Lock. Put a session in only when it " +
		"has all its fields. Close may be called twice at once.",
	"TestASessionEndsWithItsContext": "call context.AfterFunc(ctx, s.Close) once the session is in the map: before that, Close has nothing to take out. " +
		"Store the function that it returns in a field of the Session. Call that function in Close, but only after you have had the lock: until " +
		"then, Open may not have stored it.",
	"TestTheFirstEventTellsWhereToAnswer": `in Endpoint, return the type "endpoint" and the data "responses?session=" + url.QueryEscape(s.id). In ServeHTTP, ` +
		"call Open, defer Close, and call Stream. In Stream, call flushing.Open, Send the Endpoint, then call Pump: the *flushing.Stream is a Sink.",
	"TestEachClientHearsWhatIsForIt": "in Stream, send the Endpoint and the events in first before you call Pump. slices.Concat joins them.",
	"TestTheStreamEndsWhenOneOfTheTwoLeaves": "in Stream, return each error of flushing.Open, Send and Pump. In ServeHTTP, defer session.Close(), so that it " +
		"runs on every way out.",
	"TestAFullServerSays503": "if Open fails, answer with a Problem whose status is 503, with a RetryAfter of a few seconds.",
	"TestEachGetsItsOwnWhateverHappens": "read the last line of the failure from left to right: it is the shortest story that ends in this failure. Trace " +
		"it through your code. Sessions are numbered from 0, and A and B are two registries.",
}
