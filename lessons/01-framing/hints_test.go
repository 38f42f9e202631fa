package framing_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestAnEventIsADataFieldAndABlankLine": "append to b three times: the field's name with `b = append(b, \"data: \"...)`, then e.Data in the same " +
		`way, then "\n\n".`,
	"TestEachLineOfDataGetsItsOwnField": `call line, text, more = strings.Cut(text, "\n") in a loop: append a data field for each line, and stop after the one ` +
		`where more is false.`,
	"TestACarriageReturnEndsALineToo": `remove one "\r" from the end of each line that you cut off at a "\n", with strings.TrimSuffix: the two are one line ` +
		`ending. Then cut the line at each "\r" that is left, in a second loop like the first.`,
	"TestATypeIsSentAsTheEventField":             "append one more line before the data, but only if e.Type is not empty.",
	"TestAnIDIsSentOnlyWhenThereIsOne":           `do the same as for the type, in a field called "id".`,
	"TestTheReconnectionTimeIsWholeMilliseconds": "append the number e.Retry.Milliseconds() with strconv.AppendInt. If e.Retry is zero, send no retry field.",
	"TestALineBreakInAnIDOrTypeIsRefused": `look before you append anything: if strings.ContainsAny(e.ID, "\r\n"), return b and a ` +
		`&FieldError{Field: "id", Reason: "…"}.`,
	"TestAControlCharacterInAnIDIsRefused": "refuse an ID for one more reason: use strings.ContainsFunc, with a function that returns true for 0x7F and for a rune " +
		"below ' ' other than '\\t'.",
	"TestAReconnectionTimeBelowAMillisecondIsRefused": "refuse two more events: one with e.Retry < 0, and one whose Retry is above zero but under a millisecond.",
	"TestACommentCannotBreakOut":                      "split a comment into lines as you split Data: only the start of each line differs. One helper can do both.",
	"TestOneEventIsOneWrite": "call AppendText with nil, then w.Write once, and return its count as an int64. If AppendText fails, return before the " +
		"Write.",
	"TestWhatTheWriterSaysIsReturned":  "return both results of w.Write, the count and the error, whatever they are.",
	"TestABufferWithRoomIsNotReplaced": "append to b, and to nothing else: a bytes.Buffer, fmt.Sprintf, strings.Split and strings.ReplaceAll all allocate.",
	"TestWhateverIsSentIsRead": "turn the failure into a test of your own, or walk through it by hand: it shows the smallest case that the step " +
		"could find.",
	"TestTwoEventsShareNothing": "look for a variable outside your functions: what one event leaves in it, the next event finds.",
	"TestTwiceAsMuchIsTwiceTheWork": `avoid two searches for each line, one for "\n" and one for "\r": if the text has none of one kind, each search for it runs ` +
		`to the end of the text. Cut at one kind first, then search only the piece you cut off for the other.`,
}
