package framing_test

import (
	"testing"
	"time"

	"example.com/sseworkbook/harness/step"
	framing "example.com/sseworkbook/lessons/01-framing"
)

// Part 1, one event.

// An event needs a field with its data, and a blank line: until that comes, a
// browser holds the event back.
func TestAnEventIsADataFieldAndABlankLine(t *testing.T) {
	defer step.Begin(t)()
	browserReads(t, `Data "hello" must go out as a data field and a blank line: a browser shows nothing until the blank line arrives`,
		appendText(t, framing.Event{Data: "hello"}),
		received{Data: "hello"})
	browserReads(t, `a second event was appended to the first: AppendText must keep what b already holds, so that a browser reads both`,
		appendText(t, framing.Event{Data: "one"}, framing.Event{Data: "two"}),
		received{Data: "one"}, received{Data: "two"})
	browserReads(t, `Data " x" must keep its space: a browser drops one space after the colon, so send an extra space before the payload`,
		appendText(t, framing.Event{Data: " x"}),
		received{Data: " x"})
}

// A bare line break inside data ends the field. A browser reads the next line as
// another field.
func TestEachLineOfDataGetsItsOwnField(t *testing.T) {
	defer step.Begin(t)()
	browserReads(t, `Data "a\nb" needs one data field for each line, then a blank line: a bare line break inside data ends the field`,
		appendText(t, framing.Event{Data: "a\nb"}),
		received{Data: "a\nb"})
	browserReads(t, `Data "hi\n\ndata: you have won" must arrive as one event: its blank line needs a data field too, because a bare blank line ends the event`,
		appendText(t, framing.Event{Data: "hi\n\ndata: you have won"}),
		received{Data: "hi\n\ndata: you have won"})
	browserReads(t, `Data "a\n" ends with a line break, which must arrive too: send an empty data field for the empty line after it`,
		appendText(t, framing.Event{Data: "a\n"}),
		received{Data: "a\n"})
	browserReads(t, `Data is a line of 2,000,000 bytes, then "b": both lines must arrive whole, because a line has no maximum length`,
		appendText(t, framing.Event{Data: longLine + "\nb"}),
		received{Data: longLine + "\nb"})
}

// A line of an event stream ends at LF, at CR, or at CRLF.
func TestACarriageReturnEndsALineToo(t *testing.T) {
	defer step.Begin(t)()
	browserReads(t, `Data "a\rid: 9" must arrive as two data lines: a CR ends a line too, and escaping or dropping it changes the data`,
		appendText(t, framing.Event{Data: "a\rid: 9"}),
		received{Data: "a\nid: 9"})
	browserReads(t, `Data "a\r\nb" must arrive as two lines: CRLF is one line break, not two`,
		appendText(t, framing.Event{Data: "a\r\nb"}),
		received{Data: "a\nb"})
	browserReads(t, `Data "a\r\r\nb" has two line breaks, CR and then CRLF: the empty line between "a" and "b" must arrive too`,
		appendText(t, framing.Event{Data: "a\r\r\nb"}),
		received{Data: "a\n\nb"})
	browserReads(t, `Data "\rid: 9" starts with a CR: a browser must read an empty line, then "id: 9" as data`,
		appendText(t, framing.Event{Data: "\rid: 9"}),
		received{Data: "\nid: 9"})
	browserReads(t, `Data "a\n\rb\r" must arrive with three line breaks: LF and then CR are two, and the CR at the end is the third`,
		appendText(t, framing.Event{Data: "a\n\rb\r"}),
		received{Data: "a\n\nb\n"})
}

// The type is sent in a field called "event". An event without a data field is
// never dispatched, so an empty payload needs one too.
func TestATypeIsSentAsTheEventField(t *testing.T) {
	defer step.Begin(t)()
	browserReads(t, `Type "tick" must go out as an event field: without one, a browser dispatches a "message", and no "tick" listener is called`,
		appendText(t, framing.Event{Type: "tick", Data: "1"}),
		received{Type: "tick", Data: "1"})
	browserReads(t, `Type "error" must go out like any other type: the standard reserves no types`,
		appendText(t, framing.Event{Type: "error", Data: "1"}),
		received{Type: "error", Data: "1"})
	browserReads(t, `Type "tick" with empty Data still needs a data field: a browser never dispatches an event without one`,
		appendText(t, framing.Event{Type: "tick"}),
		received{Type: "tick"})
	browserReads(t, `an Event with nothing set must go out too: it is a "message" with empty data, which a browser dispatches like any other`,
		appendText(t, framing.Event{}),
		received{})
}

// A browser keeps the last ID that it read, and sends it when it reconnects. An
// empty id field makes the browser forget it.
func TestAnIDIsSentOnlyWhenThereIsOne(t *testing.T) {
	defer step.Begin(t)()
	browserReads(t, `ID "7" must go out as an id field: without one, a browser that reconnects cannot say which event it read last`,
		appendText(t, framing.Event{ID: "7", Data: "a"}),
		received{Data: "a", ID: "7"})
	browserReads(t, `ID "7" with empty Data still needs a data field: a browser never dispatches an event without one`,
		appendText(t, framing.Event{ID: "7"}),
		received{ID: "7"})
	browserReads(t, `an event without an ID must not send an id field: an empty one makes the browser forget its last event ID`,
		appendText(t, framing.Event{ID: "7", Data: "a"}, framing.Event{Data: "b"}),
		received{Data: "a", ID: "7"}, received{Data: "b", ID: "7"})
}

// The reconnection time is in milliseconds, and a browser reads only digits.
func TestTheReconnectionTimeIsWholeMilliseconds(t *testing.T) {
	defer step.Begin(t)()
	browserWaits(t, `a Retry of 1.5 s must go out as 1500: a browser reads whole milliseconds, in digits, and ignores any other value`,
		appendText(t, framing.Event{Retry: 1500 * time.Millisecond}),
		1500*time.Millisecond)
	browserWaits(t, `Retry 1.001 s must go out as 1001: calculating in float64 would lose a millisecond`,
		appendText(t, framing.Event{Retry: 1001 * time.Millisecond}),
		1001*time.Millisecond)
	browserWaits(t, `Retry 2.999999 ms must go out as 2: a fraction of a millisecond is dropped, not rounded`,
		appendText(t, framing.Event{Retry: 3*time.Millisecond - 1}),
		2*time.Millisecond)
	browserWaits(t, `Retry may be any time.Duration of a millisecond or more: the longest must go out as 9223372036854`,
		appendText(t, framing.Event{Retry: 1<<63 - 1}),
		9_223_372_036_854*time.Millisecond)
	browserWaits(t, `an event without Retry must not change the browser's reconnection time`,
		appendText(t, framing.Event{Retry: 3 * time.Second}, framing.Event{Data: "b"}),
		3*time.Second)
}
