package parsing_test

import "example.com/sseworkbook/harness/step"

// A hint for each step. go run ./harness hint shows them one at a time.
var _ = step.Hints{
	"TestAnEventEndsAtItsBlankLine": `in field, append what follows "data: " to d.data, with a '\n' after each value, and keep what follows ` +
		`"event: " in d.typ. In dispatch, make the event from them, without the last '\n', if there is any data. Always empty both. ` +
		`cmp.Or returns its first argument that is not empty.`,
	"TestOnlyOneSpaceAfterTheColonIsDropped": "in field, split the line at its first colon with bytes.Cut, and remove one space with bytes.TrimPrefix.",
	"TestOnCommentGetsCommentsAndUnknownFieldsAreIgnored": `a comment has an empty name, and its line begins with a colon. Check that d.OnComment is ` +
		`not nil before you make a string. A switch over the name skips "Data" if it has no case for it.`,
	"TestTheLastEventIDIsKept": "set d.id in field, and copy it to d.lastID in dispatch. Only an id field without a value empties d.id.",
	"TestTheReconnectionTimeIsKept": "parse the value with strconv.ParseUint, which accepts no sign. Check that the milliseconds fit into a time.Duration " +
		"before you multiply, and set d.hasRetry together with d.retry.",
	"TestAnUnfinishedEventIsDropped": "at the end of the stream, readLine returns an error, perhaps with half a line. Check the error first.",
	"TestLinesEndWithLFOrCRLFOrCR":   `in readLine, find the end of the line with bytes.IndexAny(b, "\r\n"). An LF right after a CR belongs to the same line ending.`,
	"TestNeitherACutNorAPauseChangesWhatIsRead": "return a line as soon as it is complete, and remember in d.afterCR whether it ended with CR. " +
		"In the next call, skip an LF right after that CR, and clear d.afterCR in any case.",
	"TestTheStreamIsUTF8": "remove d.bom from the first line, and set it to nil. Use validUTF8 for the data, the type, the id and a comment.",
	"TestALongLineIsReadAndAnEndlessOneIsRefused": "after each read, compare the size of d.data and the line so far with the limit, even if the line has not ended. " +
		"The limit is cmp.Or(d.MaxEventSize, DefaultMaxEventSize), unless that is negative. Append to d.data and d.line, and copy neither.",
	"TestConnectTakesNothingButAnEventStream": "send r with c.Do, and wrap its error with %w. Check the header with isEventStream. Return NewSource(resp.Body), or a " +
		"*ResponseError with the status and the header.",
	"TestARefusedBodyIsClosedAndNotRead": "close resp.Body before you return the *ResponseError. The http.Client deals with the unread rest.",
	"TestConnectAsksForAnEventStream": "send a copy of the request, r.WithContext(r.Context()), and give it a new Header. Put the two headers into that, then " +
		"copy those of r over them with maps.Copy, even the empty ones.",
	"TestTheStreamHasItsLastEventIDAndItsAddress": "call SetLastEventID with the value of the request's header, which may be empty. The last request that was sent is " +
		"resp.Request. A caller's RoundTripper may leave that nil, so use cmp.Or(resp.Request, r).",
	"TestTheStreamLastsAsLongAsItsContext": "send the request with its own context, through the caller's unchanged client. A time limit on either also limits " +
		"the stream, and a context that you cancel when Connect returns ends it.",
	"TestTwoDecodersShareNothing": "keep everything that a decoder remembers in its fields, not in package variables.",
	"TestANegativeLimitIsNone":    "cmp.Or(d.MaxEventSize, DefaultMaxEventSize) is negative here: check for that before you compare.",
	"TestEveryStreamIsReadAsByABrowser": "follow the wire bytes line by line through the function browser in part4_test.go, and then through your own code. " +
		"For other bytes, use go test -run Whatever with STEP_SEED=random.",
	"FuzzWhateverComesIsReadAsByABrowser": "run it with -fuzz . and keep what it finds: each input that fails is one more case to read.",
}
