package framing_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestAnEventIsADataFieldAndABlankLine": "three appends to b: the field's name with `b = append(b, \"data: \"...)`, then e.Data in the same " +
		"way, then the ends of two lines.",
	"TestEachLineOfDataGetsItsOwnField":          "walk over the lines of Data (strings.Split will do) and give each a data field of its own.",
	"TestACarriageReturnEndsALineToo":            `replace every "\r\n" by "\n" first, and every "\r" that is left after that.`,
	"TestATypeIsSentAsTheEventField":             "one more line before the data, but only when e.Type is not empty.",
	"TestAnIDIsSentOnlyWhenThereIsOne":           `the same as for the type, in a field called "id".`,
	"TestTheReconnectionTimeIsWholeMilliseconds": "e.Retry.Milliseconds(), and strconv.AppendInt to append a number. Zero means: no such field.",
	"TestALineBreakInAnIDOrTypeIsRefused":        `look before you append anything: strings.ContainsAny(e.ID, "\r\n"), and return b and a &FieldError{Field: "id", Reason: "…"}.`,
	"TestAControlCharacterInAnIDIsRefused": "one more reason to refuse an ID: strings.ContainsFunc, with a function that is true for a rune " +
		"below ' ' other than '\\t', and for 0x7F.",
	"TestAReconnectionTimeBelowAMillisecondIsRefused": "two more reasons: e.Retry < 0, and a Retry over zero that is under a millisecond.",
	"TestACommentCannotBreakOut":                      "a comment has lines as Data has; only what each line starts with differs. One helper can do both.",
	"TestOneEventIsOneWrite": "AppendText to nil, one w.Write, and its count as an int64. When AppendText fails, nothing is " +
		"written.",
	"TestABufferWithRoomIsNotReplaced": "append to b, and to nothing else: a bytes.Buffer, fmt.Sprintf and strings.ReplaceAll each allocate.",
	"FuzzWhatIsReadIsWhatWasSent":      "the failure shows the event; make a test of your own from it, or walk through it by hand.",
}
