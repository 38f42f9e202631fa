package parsing_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"example.com/sseworkbook/harness/step"
	parsing "example.com/sseworkbook/lessons/03-parsing"
)

// Part 1, what the lines mean.

// A browser keeps what it has read of an event until the blank line comes, and then
// shows it: the lines of its data with a line feed between them and none after the
// last, and its type. Nothing of that is left for the next event, and an event
// without a type is a "message": that is what onmessage listens to.
func TestAnEventEndsAtItsBlankLine(t *testing.T) {
	defer step.Begin(t)()
	wantData(t, "a blank line ends the event, and data is all that it needs: here a browser shows hello",
		"data: hello\n\n", "hello")
	wantData(t, "two blank lines end two events: a browser shows one after the other",
		"data: hello\n\ndata: world\n\n", "hello", "world")
	wantData(t, "a blank line after a blank line ends nothing: a browser shows no second event",
		"data: hello\n\n\n\n", "hello")

	wantData(t, "lines of data belong together: a JSON text of two lines must not arrive as its last one",
		"data: [1,\ndata: 2]\n\n", "[1,\n2]")
	wantData(t, "an empty line of data is a line too: a browser keeps it, in the middle and at the end",
		"data: a\ndata: \ndata: c\ndata: \n\n", "a\n\nc\n")
	wantData(t, "the next event begins with no data: a browser does not show a and b again",
		"data: a\ndata: b\n\ndata: c\n\n", "a\nb", "c")

	wantTypes(t, "a browser calls the listeners for tick first, and then, since no type is named, those for message",
		"event: tick\ndata: 1\n\ndata: 2\n\n", `tick "1"`, `message "2"`)
	wantTypes(t, "the last type field counts, and one without a value makes the event a message again",
		"event: a\nevent: b\ndata: 1\n\nevent: c\nevent\ndata: 2\n\n", `b "1"`, `message "2"`)
	wantTypes(t, "without data there is no event, and its type is forgotten: for a browser, this is a message",
		"event: tick\n\ndata: x\n\n", `message "x"`)
}

// The name of a field ends at the first colon. One space after that is there for
// readability; a second one is part of the value. A line without a colon is a
// field with an empty value.
func TestOneSpaceAfterTheColonIsDroppedAndNoMore(t *testing.T) {
	defer step.Begin(t)()
	wantData(t, "only the first space after the colon goes: the sender meant the others, in front and behind",
		"data:  x \n\n", " x ")
	wantData(t, "a tab after the colon is part of the value: only a space is dropped",
		"data:\tx\n\n", "\tx")
	wantData(t, "the space after the colon is optional",
		"data:x\n\n", "x")
	wantData(t, "the name ends at the first colon, and later colons belong to the value",
		"data: 12:30:00\n\n", "12:30:00")
	wantData(t, "a field without a colon has an empty value: here a browser shows an event with no text",
		"data\n\n", "")
	wantData(t, "two empty lines of data are two lines: a browser joins them with a line feed",
		"data\ndata:\n\n", "\n")
}

// A line that starts with a colon is a comment; servers send them to keep a quiet
// connection alive. A browser skips comments, and OnComment lets a Go client see
// them. Fields that a browser does not know it skips too, so that the format can grow.
func TestOnCommentGetsCommentsAndUnknownFieldsAreIgnored(t *testing.T) {
	defer step.Begin(t)()
	wantData(t, "a line that starts with a colon is a comment, and a browser skips it",
		": ping\ndata: x\n: data: y\n\n", "x")
	wantData(t, "a comment may be nothing but its colon, and is not a blank line: the event continues after it",
		"data: x\n:\ndata: y\n\n", "x\ny")
	wantData(t, "a comment is not an event, with a blank line or without",
		": ping\n\n:\n\ndata: x\n\n", "x")
	wantData(t, "a browser skips fields that it does not know",
		"data: x\nfrom: me\ndatabase: y\n\n", "x")
	wantData(t, "a name counts exactly as it stands: Data is not data, nor is a name with a space in front",
		"data: x\n\nData: y\n\n data: z\n\n", "x")

	wantLog(t, "OnComment gets the text of each comment, before Decode returns the event after it",
		": ping\ndata: a\n\n: one\ndata: b\n: two\n\n", `comment "ping"`, `event "a"`, `comment "one"`, `comment "two"`, `event "b"`)
	wantLog(t, "OnComment gets a comment's text without the first space, and with all that follows",
		":  a: b \n:x\n:\n", `comment " a: b "`, `comment "x"`, `comment ""`)
	wantLog(t, "only a line that starts with a colon is a comment: OnComment must not get other lines",
		"x: ping\ndata: : ping\n\n", `event ": ping"`)
	wantCommentsFree(t)
}

// When its connection breaks, a browser waits for the reconnection time, and then asks for what
// came after the last event ID. Both are the stream's: they last until the server names
// others. The time is a number of milliseconds in ASCII digits, and a browser ignores
// anything else.
func TestWhatAReconnectNeedsIsKept(t *testing.T) {
	defer step.Begin(t)()
	wantLastID(t, "an id field sets the last event ID: without it, a browser that reconnects starts from the beginning",
		"id: 5\ndata: a\n\n", "5")
	wantLastID(t, "an event without an id changes nothing: a browser that reconnects asks for what came after 5",
		"id: 5\ndata: a\n\ndata: b\n\n", "5")
	wantEach(t, "each event carries the last event ID as it stands then, its own or an earlier one",
		"id: 5\ndata: a\n\ndata: b\n\n", idOf, `"5"`, `"5"`)
	wantLastID(t, "an event without data is not shown, but its id counts",
		"id: 5\n\n", "5")
	wantLastID(t, "an id field with no value is how a server clears the last event ID",
		"id: 5\ndata: a\n\nid\ndata: b\n\n", "")
	wantLastID(t, "a browser ignores an id with a NUL in it, since no header can carry that",
		"id: 5\ndata: a\n\nid: 6\x00\nid: \x007\ndata: b\n\n", "5")
	wantResumed(t, "the client reconnected with Last-Event-ID 5, and the server names no id: the last event ID is still 5",
		"data: a\n\ndata: b\n\n", `"5" "5", then LastEventID() is "5"`)
	wantResumed(t, "the client reconnected with Last-Event-ID 5, and an id field with no value clears that",
		"data: a\n\nid\ndata: b\n\n", `"5" "", then LastEventID() is ""`)
	wantIDs(t, "a client may stop after each event: LastEventID() must be the ID of the event that Decode returned, not of a later one",
		"id: 5\ndata: a\n\nid: 6\ndata: b\n\nid: 7\n\n", `5 "a"`, `6 "b"`, "7 EOF")

	wantRetry(t, "a retry field sets the reconnection time, in milliseconds",
		"retry: 3000\n\n", "3s, true")
	wantLastID(t, "the reconnection time is not an id: a browser that reconnects asks for what came after 7",
		"id: 7\nretry: 3000\ndata: x\n\n", "7")
	wantRetry(t, "the server named no time: a client waits as long as it thinks best",
		"data: x\n\n", "0s, false")
	wantRetry(t, "the server said 0: a client reconnects at once, which is not the same as hearing nothing",
		"retry: 0\n\n", "0s, true")
	wantRetry(t, "the digits are a decimal number, however many zeros are in front",
		"retry: 007\n\n", "7ms, true")
	wantRetry(t, "the digits are a decimal number, however many zeros are in front",
		"retry: "+strings.Repeat("0", 30)+"2000\n\n", "2s, true")
	wantRetry(t, "a time.Duration has room for this many milliseconds, and a browser takes them too",
		"retry: 9223372036854\n\n", fmt.Sprint(9223372036854*time.Millisecond, ", true"))
	wantNoTimes(t)
	wantRetry(t, `"soon" is not a number: the server has named no time`,
		"retry: soon\n\n", "0s, false")
	wantEach(t, "the reconnection time belongs to the stream: an event's Retry stays zero",
		"retry: 3000\ndata: x\n\n", retryOf, "0s")
}

// wantNoTimes reads what is not a number of milliseconds.
func wantNoTimes(t *testing.T) {
	t.Helper()
	for _, value := range []string{"", "-1", "+1", "1e3", "1.5", "1s", "0x10", "1_000", "٣", " 7", "7 ",
		"9223372036855", "18446744073710", "9223372036854775807", "18446744073709551617", "99999999999999999999"} {
		wantRetry(t, fmt.Sprintf("%q is not made of digits alone, or is more milliseconds than a time.Duration holds: a client keeps the 3 s that it has", value),
			"retry: 3000\nretry: "+value+"\n\n", "3s, true")
	}
}

// When a connection breaks, the last event may be incomplete. A browser drops
// it: the server sends it again after the reconnect. The end of the stream is io.EOF,
// as with every reader in Go.
func TestAnUnfinishedEventIsDropped(t *testing.T) {
	defer step.Begin(t)()
	wantData(t, "the stream ended before the blank line: a browser drops what may be half a message",
		"data: whole\n\ndata: {\"a\":\n", "whole")
	wantLastID(t, "the event with id 6 never reached its blank line: a browser that reconnects asks for what came after 5",
		"id: 5\ndata: a\n\nid: 6\ndata: b\n", "5")
	wantResumed(t, "the client reconnected with Last-Event-ID 5, and the stream broke before the event with id 6 was complete",
		"id: 6\ndata: a\n", `no event, then LastEventID() is "5"`)
	wantRetry(t, "the stream ended within a line: half a line counts for nothing, and a client keeps the 3 s that it has",
		"retry: 3000\n\nretry: 10", "3s, true")
	wantLog(t, "the stream ended within a comment: half a line counts for nothing, and OnComment gets whole ones only",
		": ping\n: pi", `comment "ping"`)

	wantBroken(t, errors.New("the connection broke"))
	wantBroken(t, fmt.Errorf("the connection broke: %w", io.EOF)) // whose end is not a stream's end
	wantBroken(t, io.ErrUnexpectedEOF)
	step.Equal(t, "io.EOF is how a stream ends, and a loop over Events ends with it", list{`"a"`}, loop(strings.NewReader("data: a\n\n")))
	step.Equal(t, "a loop over Events ended early: it must get no further event", list{`"a"`, `"b"`, `"c"`},
		loop(strings.NewReader("data: a\n\ndata: b\n\ndata: c\n\ndata: d\n\n")))

	// This reader fails once, between two events, and would then go on.
	d := parsing.NewDecoder(iotest.TimeoutReader(io.MultiReader(strings.NewReader("data: a\n\n"), strings.NewReader("data: b\n\n"))))
	for _, want := range []string{`"a", <nil>`, `"", timeout`, `"", timeout`} {
		event, err := d.Decode()
		step.Equal(t, "the reader failed once, after a: Decode must return its error, and the same error each time after that",
			want, fmt.Sprintf("%q, %v", event.Data, err))
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
		step.Equal(t, "the connection broke within the second event: a browser shows the first, and drops the half of the other",
			list{`"whole"`}, got.list(payload))
		if got.err != broken {
			step.Fail(t, "Decode must return an error of the reader unchanged: the client wants to know why its stream ended",
				fmt.Sprintf("got  %v", got.err), fmt.Sprintf("want %v", broken))
		}
		step.Equal(t, "a loop over Events sees the same, then the error, and ends", list{`"whole"`, broken.Error()}, loop(r()))
	}
}
