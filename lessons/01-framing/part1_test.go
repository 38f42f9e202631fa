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
	browserReads(t, `Data "hello": a browser needs a data field, and holds the event back until a blank line comes`,
		appendText(t, framing.Event{Data: "hello"}),
		received{Data: "hello"})
	browserReads(t, `two events, one appended after the other: the second must not replace the first`,
		appendText(t, framing.Event{Data: "one"}, framing.Event{Data: "two"}),
		received{Data: "one"}, received{Data: "two"})
	browserReads(t, `Data " x": a browser drops one space after the colon; where you put none, it drops one of the payload's`,
		appendText(t, framing.Event{Data: " x"}),
		received{Data: " x"})
}

// A bare line break inside data ends the field. A browser takes the next line for
// a field of its own.
func TestEachLineOfDataGetsItsOwnField(t *testing.T) {
	defer step.Begin(t)()
	browserReads(t, `Data "a\nb": a bare line break inside data ends the field, so each line needs a data field of its own`,
		appendText(t, framing.Event{Data: "a\nb"}),
		received{Data: "a\nb"})
	browserReads(t, `a blank line in data ends the event unless it is a data field too: a browser must read one event, with all of the data`,
		appendText(t, framing.Event{Data: "hi\n\ndata: you have won"}),
		received{Data: "hi\n\ndata: you have won"})
	browserReads(t, `the line break at the end is data too: what comes after it is one more line, an empty one`,
		appendText(t, framing.Event{Data: "a\n"}),
		received{Data: "a\n"})
	browserReads(t, `a line of 70,000 bytes is one line, and the line after it is data too`,
		appendText(t, framing.Event{Data: longLine + "\nb"}),
		received{Data: longLine + "\nb"})
}

// A line of an event stream ends at LF, at CR, or at CR and LF together.
func TestACarriageReturnEndsALineToo(t *testing.T) {
	defer step.Begin(t)()
	browserReads(t, `Data "a\rid: 9": a browser ends a line at a CR too. Left in, it makes a field of "id: 9"; escaped or taken out, it makes other data`,
		appendText(t, framing.Event{Data: "a\rid: 9"}),
		received{Data: "a\nid: 9"})
	browserReads(t, `CR and LF together are one line end, not two`,
		appendText(t, framing.Event{Data: "a\r\nb"}),
		received{Data: "a\nb"})
	browserReads(t, `CR, CR and LF are two line ends: only the last CR belongs to the LF`,
		appendText(t, framing.Event{Data: "a\r\r\nb"}),
		received{Data: "a\n\nb"})
	browserReads(t, `a CR that comes first ends a line too, an empty one`,
		appendText(t, framing.Event{Data: "\rid: 9"}),
		received{Data: "\nid: 9"})
	browserReads(t, `LF and CR in this order are two line ends, with an empty line between them`,
		appendText(t, framing.Event{Data: "a\n\rb\r"}),
		received{Data: "a\n\nb\n"})
}

// The type travels in a field called "event". An event without any data field is
// never dispatched, so an empty payload needs one too.
func TestATypeIsSentAsTheEventField(t *testing.T) {
	defer step.Begin(t)()
	browserReads(t, `Type "tick": without an event field a browser takes it for a "message", and the listener for "tick" is not called`,
		appendText(t, framing.Event{Type: "tick", Data: "1"}),
		received{Type: "tick", Data: "1"})
	browserReads(t, `Type "tick" without any data: a browser dispatches no event that has no data field`,
		appendText(t, framing.Event{Type: "tick"}),
		received{Type: "tick"})
	browserReads(t, `an Event with nothing set is a message with empty data: a browser dispatches it like any other`,
		appendText(t, framing.Event{}),
		received{})
}

// A browser keeps the last id that it read, and sends it when it reconnects. An
// id field with nothing after it makes the browser forget it.
func TestAnIDIsSentOnlyWhenThereIsOne(t *testing.T) {
	defer step.Begin(t)()
	browserReads(t, `ID "7": without an id field a browser cannot say after a reconnect what it has seen`,
		appendText(t, framing.Event{ID: "7", Data: "a"}),
		received{Data: "a", ID: "7"})
	browserReads(t, `an event without an ID: an id field with nothing after it makes the browser forget its last event ID`,
		appendText(t, framing.Event{ID: "7", Data: "a"}, framing.Event{Data: "b"}),
		received{Data: "a", ID: "7"}, received{Data: "b", ID: "7"})
}

// The reconnection time is in milliseconds, and a browser takes nothing but digits.
func TestTheReconnectionTimeIsWholeMilliseconds(t *testing.T) {
	defer step.Begin(t)()
	browserWaits(t, `Retry 1.5 s: a browser takes whole milliseconds, in digits, and ignores anything else`,
		appendText(t, framing.Event{Retry: 1500 * time.Millisecond}),
		1500*time.Millisecond)
	browserWaits(t, `Retry 1.001 s is 1001 whole milliseconds: none of them may get lost, as in a float64`,
		appendText(t, framing.Event{Retry: 1001 * time.Millisecond}),
		1001*time.Millisecond)
	browserWaits(t, `Retry 2.999999 ms: what is left over a whole millisecond is dropped`,
		appendText(t, framing.Event{Retry: 3*time.Millisecond - 1}),
		2*time.Millisecond)
	browserWaits(t, `an event without Retry must not change the browser's reconnection time`,
		appendText(t, framing.Event{Retry: 3 * time.Second}, framing.Event{Data: "b"}),
		3*time.Second)
}
