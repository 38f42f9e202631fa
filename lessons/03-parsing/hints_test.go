package parsing_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestAnEventEndsAtItsBlankLine": `field keeps what follows "data: " in d.data. dispatch makes an event of it, if there is any, and ` +
		"empties d.data.",
	"TestLinesOfDataAreJoined":                    `append each value and a '\n' to d.data, and leave out the last '\n' when you make the event.`,
	"TestOneSpaceAfterTheColonIsDroppedAndNoMore": "bytes.Cut returns what is before and after the first colon, bytes.TrimPrefix drops one space.",
	"TestATypeLastsForOneEvent": "dispatch takes d.typ and empties it, whether it makes an event or not. cmp.Or chooses the first " +
		"that is not empty.",
	"TestOnCommentGetsCommentsAndUnknownFieldsAreIgnored": `a comment's name is empty and its line begins with a colon: ask whether d.OnComment is nil ` +
		`before you make a string. A switch over the name has no case for "Data".`,
	"TestTheLastEventIDStaysUntilChanged": "field sets d.id, dispatch copies it to d.lastID. Nothing empties d.id but an id field with no value.",
	"TestTheReconnectionTimeIsDigitsOnly": "strconv.ParseUint takes no sign. Check that the milliseconds fit into a time.Duration, and set " +
		"d.hasRetry with d.retry.",
	"TestAnUnfinishedEventIsDropped": "at the end, readLine returns an empty line and an error. Look at the error first.",
	"TestLinesEndWithLFOrCRLFOrCR":   `bytes.IndexAny(b, "\r\n") finds an end. After a CR, an LF belongs to the same end.`,
	"TestAnEventIsHandedOverAtItsBlankLine": "when the line is whole, return it. Look for an LF behind the CR only in what is there " +
		"(d.in.Buffered), or later.",
	"TestEveryCutOfTheBytesReadsTheSame": "remember in d.afterCR that a line ended with CR. If the next byte to be read is LF, skip it.",
	"TestTheStreamIsUTF8": "take d.bom off the first line and set it to nil. validUTF8 does the rest, for the data, the type, " +
		"the id and a comment.",
	"TestALongLineIsReadAndAnEndlessOneIsRefused": "hold d.data and the line so far against the limit after each read, whether the line has ended or not. " +
		"cmp.Or(d.MaxEventSize, DefaultMaxEventSize) is the limit, unless it is negative.",
	"TestConnectTakesNothingButAnEventStream": "isEventStream looks at the header; close the body of what you refuse. Send r.WithContext(r.Context()) with a " +
		"Header of its own, which maps.Copy fills.",
	"FuzzEveryCutGivesTheSameEvents": "run it with -fuzz . and keep what it finds; each finding is one more case for you to read.",
}
