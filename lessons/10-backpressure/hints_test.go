package backpressure_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestAsManyBroadcastsWaitAsTheLimitSays": "write a function tooMany: next is a broadcast (see isBroadcast), and l.size() of the frames in waiting are broadcasts. If so, Refuse returns " +
		"waiting without next, and no error.",
	"TestAGapStandsForWhatIsMissing": "write a function withGap that leaves a gap before the frame at index i: if gap(frames[i-1]) is a number, put newGap of that number and one there; " +
		"if not, insert newGap(1) at i. Refuse leaves its gap at len(waiting).",
	"TestWhatIsForOneClientIsNeverDropped": "what asks whether there is a broadcast too many (tooMany, in the solution) neither refuses nor counts a frame that is no broadcast. What leaves the gap (withGap) looks only at the frame right before the place.",
	"TestTheNewestBroadcastsWait":          "in DropOldest, if tooMany, find the first broadcast with slices.IndexFunc and remove it with slices.Delete. Then append next.",
	"TestTheGapIsWhereTheOldestWere":       "in DropOldest, leave the gap at the index at which the oldest broadcast was, as Refuse leaves it at the end (withGap, in the solution).",
	"TestTheOldestBroadcastMayNotBeFirst":  "in DropOldest, the oldest is the first frame for which isBroadcast is true, at whatever index. What stands before it stays, and withGap looks there for a gap.",
	"TestOnlyTheLatestOfEachKeyWaits":      "in KeepLatest, slices.DeleteFunc takes out the broadcasts whose l.key is that of next, without a gap. Then let DropOldest do the rest.",
	"TestWhatHasNoKeyIsNotReplaced":        "in KeepLatest, replace nothing if next is no broadcast or its key is empty, and never a frame that is no broadcast. l.key asks Key, if there is one.",
	"TestTooManyKeysLeaveAGap":             "KeepLatest ends with l.DropOldest(waiting, next).",
	"TestWhatIsDroppedIsCounted":           "call l.dropped.Add(1) in Refuse and DropOldest, where they drop. In KeepLatest, add to l.replaced by how many frames waiting got shorter.",
	"TestATooSlowClientIsDisconnected":     "in Disconnect, if tooMany, call l.disconnected.Add(1) and return sessions.ErrClosed: lesson 04 then ends the session.",
	"TestAGapIsALoss":                      "Complete returns a function with a loop over source.Events(). It returns the loop's error, gapError(event) for an event of gapType, and handle's error. Call progress for each event that handle gets.",
	"TestEverythingComesInTheEnd":          "this is green when newGap's frames stand where events are missing, and Complete returns at the first of them, before it calls handle for anything behind.",
	"TestOneSlowReaderCostsOneSlowReader":  "tooMany must hold for each client, whatever the types of the events are.",
	"TestGapsAndCountsAgree":               "each event that is dropped is one in a gap (see withGap) and one in Counts.",
	"TestWhateverIsSent":                   "go through the actions one by one with the type model in part5_test.go, and then through your policy: tooMany, withGap.",
}
