package sessions_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestAnOpenSessionIsFoundByItsID": "in Open, set an id (any will do for now) and put s into r.sessions under it. In Get, look it up.",
	"TestIDsAreNeverTheSameAndCannotBeGuessed": "rand.Text() of crypto/rand. No clock and no counter: both can be guessed, and the clock repeats " +
		"itself.",
	"TestAClosedSessionIsGone": "delete it from the map, and call s.end. Both do nothing when they are done a second time.",
	"TestAnEventReachesOnlyTheOneItIsFor": "in Open, give the session a queue of its own: make(chan []byte, queueSize). Send frames the event " +
		"with AppendText and queues the frame.",
	"TestABroadcastReachesEveryone": "AppendText once, then the same frame into the queue of each session. All() gives you the sessions.",
	"TestSendingToNobodySaysSo":     "Get tells you. Return ErrUnknown, or what the session's own Send returns.",
	"TestOneTooManyIsRefused":       "count before you put another one in. A limit of zero is none.",
	"TestASlowSessionDoesNotHoldUpABroadcast": "a select with a default never waits: where the queue is full, return ErrFull. Broadcast goes on " +
		"with the others, and remembers it.",
	"TestComingSendingAndLeavingAtOnceIsSafe": "lock r.mu around each use of r.sessions; count and put in under one Lock. After Close, Send returns " +
		"ErrClosed, but the queue stays open.",
	"TestASessionEndsWithItsContext": "context.AfterFunc(s.ctx, s.Close), once the session is in the map: before that, Close has nothing " +
		"to take out.",
	"TestTheFirstEventTellsWhereToAnswer": `Open a session, flushing.Open, Send an event of the type "endpoint" with the data ` +
		`"responses?session=" + id. Then stay until session.Done().`,
	"TestEachClientHearsWhatIsForIt": "where you wait for the end, let a select in a loop wait for a frame as well, and hand it to the " +
		"stream's SendText.",
	"TestTheStreamEndsWhenOneOfTheTwoLeaves": "the session's Done() knows of both. When flushing.Open, Send or SendText fails, return, and defer " +
		"session.Close() for every way out.",
	"TestAFullServerSays503": "when Open fails: Retry-After (in seconds) into the header, then a Problem with the status 503 " +
		"writes the rest.",
}
