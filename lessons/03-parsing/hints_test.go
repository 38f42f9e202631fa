package parsing_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestAnEventEndsAtItsBlankLine": `field keeps what follows "data: " in d.data. dispatch makes an event of it, if there is any, and ` +
		"empties d.data.",
	"TestLinesOfDataAreJoined":                    `append each value and a '\n' to d.data, and leave out the last '\n' when you make the event.`,
	"TestOneSpaceAfterTheColonIsDroppedAndNoMore": "bytes.Cut gives you what is before and after the first colon, bytes.TrimPrefix takes off one space.",
	"TestATypeLastsForOneEvent": "dispatch takes d.typ and empties it, whether it makes an event or not. cmp.Or chooses the first " +
		"that is not empty.",
	"TestCommentsAndUnknownFieldsAreIgnored": `a switch over the name has no case for a comment, whose name is empty, and none for "Data".`,
	"TestTheLastEventIDStaysUntilChanged":    "field sets d.id, dispatch copies it to d.lastID. Nobody empties d.id but an id field with no value.",
	"TestTheReconnectionTimeIsDigitsOnly":    "strconv.ParseUint takes no sign. See to it that the milliseconds fit into a time.Duration.",
	"TestAnUnfinishedEventIsDropped":         "at the end, readLine returns an empty line and an error. Look at the error first.",
	"TestLinesEndWithLFOrCRLFOrCR":           `bytes.IndexAny(b, "\r\n") finds an end. After a CR, an LF belongs to the same end.`,
	"TestAnEventIsHandedOverAtItsBlankLine": "when the line is whole, return it. Look for an LF behind the CR only in what is there " +
		"(d.in.Buffered), or later.",
	"TestEveryCutOfTheBytesReadsTheSame": "remember in d.afterCR that a line ended with CR. If the next byte to be read is LF, skip it.",
	"TestTheStreamIsUTF8": "take d.bom off the first line and set it to nil. validUTF8 does the rest, for the data, the type " +
		"and the id.",
	"TestALongLineIsReadAndAnEndlessOneIsRefused": "before you keep more of a line, see if it and d.data are still within d.MaxEventSize.",
	"TestConnectTakesNothingButAnEventStream":     "mime.ParseMediaType splits the charset off, in lower case. Close the body of what you refuse.",
	"FuzzEveryCutGivesTheSameEvents":              "run it with -fuzz . and keep what it finds; each finding is one more case for you to read.",
}
