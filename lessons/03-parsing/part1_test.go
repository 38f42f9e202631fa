package parsing_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"example.com/sseworkbook/harness/step"
	parsing "example.com/sseworkbook/lessons/03-parsing"
)

// Part 1, what the lines mean.

// A browser collects an event until its blank line comes, and then shows it: its type,
// and its data lines with a line feed between them but none after the last one. The next
// event starts from scratch. An event without a type is a "message", which is what
// onmessage listens to.
func TestAnEventEndsAtItsBlankLine(t *testing.T) {
	defer step.Begin(t)()
	wantData(t, "an event needs only data and a blank line: Decode must return \"hello\", as a browser would",
		"data: hello\n\n", "hello")
	wantData(t, "two events arrived, each with its blank line: Decode must return both, one after the other",
		"data: hello\n\ndata: world\n\n", "hello", "world")
	wantData(t, "only blank lines follow the event: Decode must return \"hello\" and no other event",
		"data: hello\n\n\n\n", "hello")

	wantData(t, "Decode must join all data lines of an event: a browser gets both lines of the JSON, not only the last",
		"data: [1,\ndata: 2]\n\n", "[1,\n2]")
	wantData(t, "an empty data line is a line too: Decode must keep it, in the middle and at the end",
		"data: a\ndata: \ndata: c\ndata: \n\n", "a\n\nc\n")
	wantData(t, "two events arrived, each with its own data: the data of the second event must be only c",
		"data: a\ndata: b\n\ndata: c\n\n", "a\nb", "c")

	wantTypes(t, "the first event is a tick, and the second has no type: Decode must return a tick, then a message",
		"event: tick\ndata: 1\n\ndata: 2\n\n", `tick "1"`, `message "2"`)
	wantTypes(t, "three events have types that differ only in case: Decode must keep each type unchanged",
		"event: add\ndata: a\n\nevent: Add\ndata: b\n\nevent: add\ndata: c\n\n", `add "a"`, `Add "b"`, `add "c"`)
	wantTypes(t, "each event has two event fields: Decode must use the value of the last one as the type, or message if that value is empty",
		"event: a\nevent: b\ndata: 1\n\nevent: c\nevent\ndata: 2\n\n", `b "1"`, `message "2"`)
	wantTypes(t, "the first event has no data: Decode must drop it with its type, and return the second as a message",
		"event: tick\n\ndata: x\n\n", `message "x"`)
}

// The name of a field ends at the first colon. One space after the colon is only for
// readability; a second one is part of the value. A line without a colon is a
// field with an empty value.
func TestOnlyOneSpaceAfterTheColonIsDropped(t *testing.T) {
	defer step.Begin(t)()
	wantData(t, "Decode must drop one space after the colon and no other: all other spaces around x are part of the value",
		"data:  x \n\n", " x ")
	wantData(t, "a tab after the colon is part of the value: Decode must drop only a space",
		"data:\tx\n\n", "\tx")
	wantData(t, "the optional space after the colon is missing here: Decode must still return x",
		"data:x\n\n", "x")
	wantData(t, "the field name ends at the first colon: Decode must keep later colons in the value",
		"data: 12:30:00\n\n", "12:30:00")
	wantData(t, "a data field counts even if its value is empty: Decode must return an event with empty data",
		"data:\n\n", "")
	wantData(t, "a field without a colon has an empty value: Decode must return an event with empty data",
		"data\n\n", "")
	wantData(t, "two empty data lines are two lines: Decode must join them with a line feed",
		"data\ndata:\n\n", "\n")
}

// A line that starts with a colon is a comment; servers send them to keep a quiet
// connection alive. A browser skips comments, but a Go client can see them with
// OnComment. A browser also skips unknown fields, so that the format can grow.
func TestOnCommentGetsCommentsAndUnknownFieldsAreIgnored(t *testing.T) {
	defer step.Begin(t)()
	wantData(t, "a line that starts with a colon is a comment: Decode must skip it",
		": ping\ndata: x\n: data: y\n\n", "x")
	wantData(t, "a colon alone is a comment and not a blank line: the event must continue after it",
		"data: x\n:\ndata: y\n\n", "x\ny")
	wantData(t, "a comment is not an event, even if a blank line follows: Decode must return only x",
		": ping\n\n:\n\ndata: x\n\n", "x")
	wantData(t, `"from" and "database" are not fields of an event stream: Decode must skip them`,
		"data: x\nfrom: me\ndatabase: y\n\n", "x")
	wantData(t, `field names must match exactly: Decode must skip "Data", " data" and "data "`,
		"data: x\n\nData: y\n\n data: z\n\ndata : z\n\n", "x")
	wantEach(t, "field names must match exactly: Decode must read event and id, but skip Event, events, ID and identity",
		"event: e\nEvent: x\nevents: y\nid: 5\nID: 6\nidentity: 7\ndata: x\n\n", full, `e "x" with id "5"`)

	wantLog(t, "OnComment must get the text of each comment before Decode returns the next event",
		": ping\ndata: a\n\n: one\ndata: b\n: two\n\n", `comment "ping"`, `event "a"`, `comment "one"`, `comment "two"`, `event "b"`)
	wantLog(t, "OnComment must get a comment's whole text, except one space after the colon",
		":  a: b \n:x\n:\n", `comment " a: b "`, `comment "x"`, `comment ""`)
	long := strings.Repeat("a long text ", 1000)
	wantLog(t, "a comment may be as long as any line: OnComment must get all of it", ": "+long+"\n", fmt.Sprintf("comment %q", long))
	wantLog(t, "only a line that starts with a colon is a comment: OnComment must not get other lines",
		"x: ping\ndata: : ping\n\n", `event ": ping"`)
	wantToldInTime(t)
	wantCommentsFree(t)
}

// When its connection breaks, a browser asks for what came after the last event ID. That ID
// belongs to the stream, not to an event: it stays until the server sends another one.
func TestTheLastEventIDIsKept(t *testing.T) {
	defer step.Begin(t)()
	wantLastID(t, "an id field must set LastEventID(): a client that reconnects without an ID starts from the beginning",
		"id: 5\ndata: a\n\n", "5")
	wantLastID(t, "an event without an id must not change LastEventID(): a client that reconnects asks for what came after id 5",
		"id: 5\ndata: a\n\ndata: b\n\n", "5")
	wantEach(t, "each event's ID must come from its own id field or, if it has none, from the last id field before it",
		"id: 5\ndata: a\n\ndata: b\n\n", idOf, `"5"`, `"5"`)
	wantLastID(t, "an event without data is dropped, but its id must still set LastEventID()",
		"id: 5\n\n", "5")
	wantLastID(t, "an id field without a value clears the last event ID: LastEventID() must be empty",
		"id: 5\ndata: a\n\nid\ndata: b\n\n", "")
	wantLastID(t, "Decode must ignore an id with a NUL in it: a client could not send such an id in a Last-Event-ID header",
		"id: 5\ndata: a\n\nid: 6\x00\nid: \x007\ndata: b\n\n", "5")
	wantResumed(t, "the client reconnected with Last-Event-ID 5, and the server sent no id: the last event ID must stay 5",
		"data: a\n\ndata: b\n\n", `"5" "5", then LastEventID() is "5"`)
	wantResumed(t, "the client reconnected with Last-Event-ID 5: the last event ID must stay 5 until an id field without a value clears it",
		"data: a\n\nid\ndata: b\n\n", `"5" "", then LastEventID() is ""`)
	wantIDs(t, "a client may stop after any event: LastEventID() must be the ID of the event that Decode just returned, not of a later event (shown: LastEventID(), then the event's data or the error)",
		"id: 5\ndata: a\n\nid: 6\ndata: b\n\nid: 7\n\n", `5 "a"`, `6 "b"`, "7 EOF")
}

// A browser waits for the reconnection time before it reconnects. That belongs to the stream
// too. It is a number of milliseconds in ASCII digits, and a browser ignores anything else.
func TestTheReconnectionTimeIsKept(t *testing.T) {
	defer step.Begin(t)()
	wantRetry(t, "a retry field gives the reconnection time in milliseconds: ReconnectionTime() must return it",
		"retry: 3000\n\n", "3s, true")
	wantLastID(t, "a retry field is not an id: LastEventID() must stay 7",
		"id: 7\nretry: 3000\ndata: x\n\n", "7")
	wantRetry(t, "the server sent no retry field: ReconnectionTime() must return false, so that the client picks its own time",
		"data: x\n\n", "0s, false")
	wantRetry(t, "a retry field takes effect as soon as its line ends, even without a blank line: ReconnectionTime() must return the last of these three times",
		"retry: 5\nretry: 3000\nretry:2000\n", "2s, true")
	wantRetry(t, "a later retry field replaces an earlier one, even if the later value is 0: ReconnectionTime() must return 0s and true", "retry: 3000\nretry: 0\n", "0s, true")
	wantRetry(t, "a retry field without a value has no digits: Decode must ignore it", "retry\nretry:\n", "0s, false")
	wantRetry(t, "the server sent retry 0: ReconnectionTime() must return 0s and true, so that a client reconnects at once",
		"retry: 0\n\n", "0s, true")
	wantRetry(t, "leading zeros do not change a number: ReconnectionTime() must ignore them",
		"retry: 007\n\n", "7ms, true")
	wantRetry(t, "leading zeros do not change a number: ReconnectionTime() must ignore them",
		"retry: "+strings.Repeat("0", 30)+"2000\n\n", "2s, true")
	wantRetry(t, "the retry value is the longest time that fits into a time.Duration: ReconnectionTime() must return it",
		"retry: 9223372036854\n\n", fmt.Sprint(9223372036854*time.Millisecond, ", true"))
	wantNoTimes(t)
	wantRetry(t, "field names must match exactly: Decode must skip Retry and retry-after, and keep the earlier time of 3s",
		"retry: 3000\nRetry: 4000\nretry-after: 5000\n", "3s, true")
	wantRetry(t, `"soon" is not a number: ReconnectionTime() must return false, as if the server had sent no retry field`,
		"retry: soon\n\n", "0s, false")
	wantEach(t, "the reconnection time belongs to the stream: an event's Retry must stay zero",
		"retry: 3000\ndata: x\n\n", retryOf, "0s")
}

// wantNoTimes reads values that are not a number of milliseconds.
func wantNoTimes(t *testing.T) {
	t.Helper()
	for _, value := range []string{"", "-1", "+1", "1e3", "1.5", "1s", "0x10", "1_000", "٣", " 7", "7 ",
		"9223372036855", "18446744073710", "9223372036854775807", "18446744073709551617", "99999999999999999999"} {
		wantRetry(t, fmt.Sprintf("the retry value %q is not all digits, or does not fit into a time.Duration: Decode must ignore it and keep the earlier time of 3s", value),
			"retry: 3000\nretry: "+value+"\n\n", "3s, true")
	}
}

// When a connection breaks, the last event may be incomplete. A browser drops
// it, and the server sends it again after the reconnect. At the end of the stream, the
// error is io.EOF, as with every reader in Go.
func TestAnUnfinishedEventIsDropped(t *testing.T) {
	defer step.Begin(t)()
	wantData(t, "the stream ended before the blank line: Decode must drop the last event, because it may be incomplete",
		"data: whole\n\ndata: {\"a\":\n", "whole")
	wantLastID(t, "the event with id 6 never got its blank line: LastEventID() must stay 5, or the client misses that event",
		"id: 5\ndata: a\n\nid: 6\ndata: b\n", "5")
	wantResumed(t, "the client reconnected with Last-Event-ID 5, but event 6 never got its blank line: Decode must drop it and its id",
		"id: 6\ndata: a\n", `no event, then LastEventID() is "5"`)
	wantRetry(t, "the stream ended within a retry line: Decode must ignore the incomplete line and keep the earlier time of 3s",
		"retry: 3000\n\nretry: 10", "3s, true")
	wantLog(t, "the stream ended within a comment: OnComment must get only complete comments",
		": ping\n: pi", `comment "ping"`)

	wantBroken(t, errors.New("the connection broke"))
	wantBroken(t, fmt.Errorf("the connection broke: %w", io.EOF)) // wraps io.EOF, but is not the stream's end
	for _, err := range []error{io.ErrUnexpectedEOF, context.Canceled, os.ErrDeadlineExceeded, io.ErrClosedPipe, http.ErrBodyReadAfterClose} {
		wantBroken(t, err)
	}
	step.Equal(t, "the stream ended with io.EOF: a loop over Events must get the event, then end without an error", list{`"a"`}, loop(strings.NewReader("data: a\n\n")))
	step.Equal(t, "a loop over Events stopped after three events: it must get a, b and c", list{`"a"`, `"b"`, `"c"`},
		loop(strings.NewReader("data: a\n\ndata: b\n\ndata: c\n\ndata: d\n\n")))

	for _, end := range []error{io.EOF, os.ErrDeadlineExceeded} { // the reader ends once, and would then continue
		for _, together := range []bool{false, true} {
			r := &arriving{pieces: []string{"data: a\n\ndata: half\n"}, end: end, together: together, more: []string{"\ndata: b\n\n"}}
			d := parsing.NewDecoder(r)
			for _, want := range []string{`"a", <nil>`, `"", ` + end.Error(), `"", ` + end.Error()} {
				event, err := d.Decode()
				step.Equal(t, "the reader returned an event, then an error once: Decode must return the event, then the same error on every later call",
					list{want}, list{fmt.Sprintf("%q, %v", event.Data, err)})
			}
			step.Equal(t, "the reader returned an error: Decode must not read again, because another Read could block forever (shown: pieces left unread)", 1, len(r.pieces))
		}
	}
}

// wantBroken reads from a connection that breaks within its second event, or
// together with its last bytes.
func wantBroken(t *testing.T, broken error) {
	t.Helper()
	for _, r := range []func() io.Reader{
		func() io.Reader {
			return io.MultiReader(strings.NewReader("data: whole\n\ndata: half\n"), iotest.ErrReader(broken))
		},
		func() io.Reader {
			return iotest.DataErrReader(io.MultiReader(strings.NewReader("data: whole\n\ndata: half\n"), iotest.ErrReader(broken)))
		},
	} {
		got := read(t, r())
		step.Equal(t, "the connection broke within the second event: Decode must return only the first event",
			list{`"whole"`}, got.list(payload))
		if got.err != broken {
			step.Fail(t, "Decode must return the reader's error unchanged: a client needs to know why its stream ended",
				fmt.Sprintf("got  %v", got.err), fmt.Sprintf("want %v", broken))
		}
		step.Equal(t, "the connection broke: a loop over Events must get the first event, then the error, and end", list{`"whole"`, broken.Error()}, loop(r()))
	}
}
