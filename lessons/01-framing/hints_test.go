package framing_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestAnEventIsADataFieldAndABlankLine": "three appends to b: the field's name with `b = append(b, \"data: \"...)`, then e.Data in the same " +
		"way, then the ends of two lines.",
	"TestEachLineOfDataGetsItsOwnField": `a loop around line, text, more = strings.Cut(text, "\n"): append a data field for each line, and stop after the one ` +
		"for which more is false.",
	"TestACarriageReturnEndsALineToo": `a line that was cut off at a "\n" may end in a "\r", which belongs to the same line end: strings.TrimSuffix. ` +
		`Where a line has more of them, cut it at "\r" in a loop of the same kind.`,
	"TestATypeIsSentAsTheEventField":             "one more line before the data, but only when e.Type is not empty.",
	"TestAnIDIsSentOnlyWhenThereIsOne":           `the same as for the type, in a field called "id".`,
	"TestTheReconnectionTimeIsWholeMilliseconds": "e.Retry.Milliseconds(), and strconv.AppendInt to append a number. Zero means: no such field.",
	"TestALineBreakInAnIDOrTypeIsRefused":        `look before you append anything: strings.ContainsAny(e.ID, "\r\n"), and return b and a &FieldError{Field: "id", Reason: "…"}.`,
	"TestAControlCharacterInAnIDIsRefused": "one more reason to refuse an ID: strings.ContainsFunc, with a function that is true for a rune " +
		"below ' ' other than '\\t', and for 0x7F.",
	"TestAReconnectionTimeBelowAMillisecondIsRefused": "two more reasons: e.Retry < 0, and a Retry over zero that is under a millisecond.",
	"TestACommentCannotBreakOut":                      "a comment has lines as Data has; only what each line starts with differs. One helper can do both.",
	"TestOneEventIsOneWrite": "AppendText to nil, one w.Write, and its count as an int64. When AppendText fails, return before the " +
		"Write.",
	"TestWhatTheWriterSaysIsReturned":  "w.Write returns a count and an error: return both of them, whatever they are.",
	"TestABufferWithRoomIsNotReplaced": "append to b, and to nothing else: a bytes.Buffer, fmt.Sprintf, strings.Split and strings.ReplaceAll each allocate.",
	"TestWhateverIsSentIsRead":         "the failure shows the least that goes wrong; make a test of your own from it, or walk through it by hand.",
	"TestTwoEventsShareNothing":        "is there a variable outside your functions? What one event leaves in it, another one finds.",
	"TestTwiceAsMuchIsTwiceTheWork": `two searches for each line, one for "\n" and one for "\r", go through all of the text when there is none of one ` +
		"kind: cut at the one first, and search only what was cut off for the other.",
}
