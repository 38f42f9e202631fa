package parsing_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestAnEventEndsAtItsBlankLine": `field keeps what follows "data: " in d.data, with a '\n' behind each value, and what follows "event: " ` +
		"in d.typ. dispatch makes an event of them without the last '\\n', if there is any data, and empties both in any case. cmp.Or chooses the " +
		"first that is not empty.",
	"TestOneSpaceAfterTheColonIsDroppedAndNoMore": "bytes.Cut returns what is before and after the first colon, bytes.TrimPrefix drops one space.",
	"TestOnCommentGetsCommentsAndUnknownFieldsAreIgnored": `a comment's name is empty and its line begins with a colon: ask whether d.OnComment is nil ` +
		`before you make a string. A switch over the name has no case for "Data".`,
	"TestWhatAReconnectNeedsIsKept": "field sets d.id, dispatch copies it to d.lastID, and nothing empties d.id but an id field with no value. " +
		"strconv.ParseUint takes no sign: check that the milliseconds fit into a time.Duration before you multiply, and set d.hasRetry with d.retry.",
	"TestAnUnfinishedEventIsDropped": "at the end, readLine returns an error, perhaps with half a line. Look at the error first.",
	"TestLinesEndWithLFOrCRLFOrCR":   `bytes.IndexAny(b, "\r\n") finds an end. After a CR, an LF belongs to the same end.`,
	"TestNeitherACutNorAPauseChangesWhatIsRead": "when the line is whole, return it, and remember in d.afterCR that it ended with CR. If the next byte to be " +
		"read is LF, skip it then; whatever it is, clear d.afterCR.",
	"TestTheStreamIsUTF8": "take d.bom off the first line and set it to nil. validUTF8 does the rest, for the data, the type, " +
		"the id and a comment.",
	"TestALongLineIsReadAndAnEndlessOneIsRefused": "hold d.data and the line so far against the limit after each read, whether the line has ended or not. " +
		"cmp.Or(d.MaxEventSize, DefaultMaxEventSize) is the limit, unless it is negative. Append to d.data and d.line, and copy neither.",
	"TestConnectTakesNothingButAnEventStream": "send r with c.Do, wrap its error with %w, and return NewSource(resp.Body), or a *ResponseError with the " +
		"status and the header. isEventStream looks at the header.",
	"TestARefusedBodyIsClosedAndNotRead": "close resp.Body before you return the *ResponseError. The http.Client takes care of what is left in it.",
	"TestConnectAsksForAnEventStream": "send r.WithContext(r.Context()), which is a copy, with a Header of its own: begin it with the two headers, and " +
		"maps.Copy puts those of r over them.",
	"TestTheStreamBeginsWithTheRequestsLastEventID": "SetLastEventID takes what the request's header has, which may be nothing.",
	"TestTheStreamKnowsItsAddressAfterRedirects":    "resp.Request is the last request that was sent.",
	"TestTheStreamLastsUntilTheRequestsContextEnds": "send the request with its own context and through the caller's client as it is: what limits the time of either " +
		"limits the stream, and what cancels when Connect returns ends it.",
	"TestTwoDecodersShareNothing": "what a decoder remembers belongs into its fields, and not into a variable of the package.",
	"TestANegativeLimitIsNone":    "cmp.Or(d.MaxEventSize, DefaultMaxEventSize) is below zero then: ask for that before you compare.",
	"TestWhateverComesIsReadAsByABrowser": "follow the bytes that are shown line by line through the function browser in part4_test.go, and your own code beside it. " +
		"With go test -run Whatever and STEP_SEED=random you get others.",
	"FuzzWhateverComesIsReadAsByABrowser": "run it with -fuzz . and keep what it finds; each finding is one more case for you to read.",
}
