package backpressure_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestAsManyBroadcastsWaitAsTheLimitSays": "write a function tooMany, which reports whether next is a broadcast (see isBroadcast) and waiting already has l.size() broadcasts. " +
		"If it is true, return waiting from Refuse without next, and no error.",
	"TestAGapStandsForWhatIsMissing": "write a function withGap that leaves a gap before the frame at index i: if n := gap(frames[i-1]) is more than zero, put newGap(n + 1) there; " +
		"if not, insert newGap(1) at i. In Refuse, i is len(waiting).",
	"TestWhatIsForOneClientIsNeverDropped": "in the function that finds a broadcast too many (tooMany, in the solution), return false if next is not a broadcast, and count only broadcasts. In the one that leaves a gap (withGap), look only at the frame right before index i.",
	"TestTheNewestBroadcastsWait":          "in DropOldest, if tooMany is true, find the first broadcast with slices.IndexFunc and remove it with slices.Delete. Then append next.",
	"TestTheGapIsWhereTheOldestWere":       "in DropOldest, leave the gap at the index where the oldest broadcast was, with the function that leaves Refuse's gap at the end (withGap, in the solution).",
	"TestTheOldestBroadcastMayNotBeFirst":  "in DropOldest, the oldest broadcast is the first frame for which isBroadcast is true, at any index. Keep the frames before it; withGap looks for a gap in the last of them.",
	"TestOnlyTheLatestOfEachKeyWaits":      "in KeepLatest, delete the broadcasts that have the l.key of next with slices.DeleteFunc, and leave no gap. Then let DropOldest do the rest.",
	"TestWhatHasNoKeyIsNotReplaced":        "in KeepLatest, replace nothing if next is not a broadcast or its key is empty, and never replace a frame that is not a broadcast. l.key calls Key, if it is set.",
	"TestTooManyKeysLeaveAGap":             "end KeepLatest with return l.DropOldest(waiting, next).",
	"TestWhatIsDroppedIsCounted":           "call l.dropped.Add(1) where Refuse and DropOldest drop a broadcast. In KeepLatest, add the number of frames that you deleted to l.replaced.",
	"TestATooSlowClientIsDisconnected":     "in Disconnect, if tooMany is true, call l.disconnected.Add(1) and return sessions.ErrClosed: lesson 04 then ends the session.",
	"TestAGapIsALoss":                      "in Complete, return a function that loops over source.Events(). In the loop, return the first error of the loop or of handle, and gapError(event) for an event of gapType. Call progress before each call of handle.",
	"TestEverythingComesInTheEnd":          "check that a frame from newGap is in each place where events are missing, and that Complete returns at the first one, before it calls handle again.",
	"TestOneSlowReaderCostsOneSlowReader":  "check that tooMany limits the broadcasts that wait for each client, whatever types the events have.",
	"TestGapsAndCountsAgree":               "for each event that you drop, add one to a gap (see withGap) and one to Counts.",
	"TestWhateverIsSent":                   "trace the actions one by one through the type model in part5_test.go, and then through your policy: tooMany, withGap.",
}
