package framing_test

import (
	"bytes"
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"example.com/sseworkbook/harness/step"
	framing "example.com/sseworkbook/lessons/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
)

func TestMain(m *testing.M) { step.Main(m) }

// Part 1, one event.

// An event needs a field with its data, and a blank line: until that comes, a
// browser holds the event back.
// Hint: three appends to b: the field's name with `b = append(b, "data: "...)`, then e.Data in the same way, then the ends of two lines.
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
// Hint: walk over the lines of Data (strings.Split will do) and give each a data field of its own.
func TestEachLineOfDataGetsItsOwnField(t *testing.T) {
	defer step.Begin(t)()
	browserReads(t, `a bare line break inside data ends the field: a browser sees only "a"`,
		appendText(t, framing.Event{Data: "a\nb"}),
		received{Data: "a\nb"})
	browserReads(t, `a payload became a second event, which nobody sent`,
		appendText(t, framing.Event{Data: "hi\n\ndata: you have won"}),
		received{Data: "hi\n\ndata: you have won"})
	browserReads(t, `the line break at the end is data too: what comes after it is one more line, an empty one`,
		appendText(t, framing.Event{Data: "a\n"}),
		received{Data: "a\n"})
}

// A line of an event stream ends at LF, at CR, or at CR and LF together.
// Hint: replace every "\r\n" by "\n" first, and every "\r" that is left after that.
func TestACarriageReturnEndsALineToo(t *testing.T) {
	defer step.Begin(t)()
	browserReads(t, `Data "a\rid: 9": a browser ends a line at a CR too. Left in, it makes a field of "id: 9"; escaped or taken out, it makes other data`,
		appendText(t, framing.Event{Data: "a\rid: 9"}),
		received{Data: "a\nid: 9"})
	browserReads(t, `CR and LF together are one line end, not two`,
		appendText(t, framing.Event{Data: "a\r\nb"}),
		received{Data: "a\nb"})
	browserReads(t, `a CR that comes first ends a line too, an empty one`,
		appendText(t, framing.Event{Data: "\rid: 9"}),
		received{Data: "\nid: 9"})
	browserReads(t, `LF and CR in this order are two line ends, with an empty line between them`,
		appendText(t, framing.Event{Data: "a\n\rb\r"}),
		received{Data: "a\n\nb\n"})
}

// The type travels in a field called "event". An event without any data field is
// never dispatched, so an empty payload needs one too.
// Hint: one more line before the data, but only when e.Type is not empty.
func TestATypeIsSentAsTheEventField(t *testing.T) {
	defer step.Begin(t)()
	browserReads(t, `Type "tick": without an event field a browser takes it for a "message", and the listener for "tick" is not called`,
		appendText(t, framing.Event{Type: "tick", Data: "1"}),
		received{Type: "tick", Data: "1"})
	browserReads(t, `Type "tick" without any data: a browser dispatches no event that has no data field`,
		appendText(t, framing.Event{Type: "tick"}),
		received{Type: "tick"})
}

// A browser keeps the last id that it read, and sends it when it reconnects. An
// id field with nothing after it makes the browser forget it.
// Hint: the same as for the type, in a field called "id".
func TestAnIDIsSentOnlyWhenThereIsOne(t *testing.T) {
	defer step.Begin(t)()
	browserReads(t, `ID "7" was not sent: after a reconnect the browser cannot say what it has seen`,
		appendText(t, framing.Event{ID: "7", Data: "a"}),
		received{Data: "a", ID: "7"})
	browserReads(t, `an event without an ID: an id field with nothing after it makes the browser forget its last event ID`,
		appendText(t, framing.Event{ID: "7", Data: "a"}, framing.Event{Data: "b"}),
		received{Data: "a", ID: "7"}, received{Data: "b", ID: "7"})
}

// The reconnection time is in milliseconds, and a browser takes nothing but digits.
// Hint: e.Retry.Milliseconds(), and strconv.AppendInt to append a number. Zero means: no such field.
func TestTheReconnectionTimeIsWholeMilliseconds(t *testing.T) {
	defer step.Begin(t)()
	browserWaits(t, `Retry 1.5 s: a browser takes whole milliseconds, in digits, and ignores anything else`,
		appendText(t, framing.Event{Retry: 1500 * time.Millisecond}),
		1500*time.Millisecond)
	browserWaits(t, `Retry 2,000,001 ns: what is left over a whole millisecond is dropped`,
		appendText(t, framing.Event{Retry: 2*time.Millisecond + 1}),
		2*time.Millisecond)
	browserWaits(t, `an event without Retry must leave the browser's reconnection time as it is`,
		appendText(t, framing.Event{Retry: 3 * time.Second}, framing.Event{Data: "b"}),
		3*time.Second)
}

// Part 2, nothing gets out.

// Data may have lines; an id and a type may not. No field can carry a line break,
// so AppendText has to refuse it.
// Hint: look before you append anything: strings.ContainsAny(e.ID, "\r\n"), and return b and a &FieldError.
func TestALineBreakInAnIDOrTypeIsRefused(t *testing.T) {
	defer step.Begin(t)()
	accepted(t, framing.Event{ID: "7", Type: "tick", Data: "a"})
	refused(t, `a line break in an ID: left in, a browser reads a line that nobody sent; taken out, it is another ID`, "id",
		framing.Event{ID: "7\ndata: forged", Data: "a"},
		framing.Event{ID: "7\rdata: forged", Data: "a"},
		framing.Event{ID: "7\r\n", Data: "a"},
		framing.Event{ID: "\r", Data: "a"})
	refused(t, `a line break in a Type: left in, a browser reads a line that nobody sent; taken out, it is another Type`, "event",
		framing.Event{Type: "tick\ndata: forged", Data: "a"},
		framing.Event{Type: "tick\rdata: forged", Data: "a"},
		framing.Event{Type: "\n", Data: "a"})
}

// A browser ignores an id that has a NUL in it. It keeps the id before, and
// resumes from there.
// Hint: one more reason to refuse an ID: strings.Contains(e.ID, "\x00").
func TestANULInAnIDIsRefused(t *testing.T) {
	defer step.Begin(t)()
	accepted(t, framing.Event{ID: "7", Data: "a"})
	refused(t, `a NUL in an ID: a browser ignores such an id, and after a reconnect resumes from an older event`, "id",
		framing.Event{ID: "7\x00", Data: "a"},
		framing.Event{ID: "\x007", Data: "a"})
}

// "-5" is not digits, so a browser ignores it and you never learn of it. Half a
// millisecond would be sent as 0, and the browser would reconnect without a pause.
// Hint: two more reasons: e.Retry < 0, and a Retry over zero that is under a millisecond.
func TestAReconnectionTimeBelowAMillisecondIsRefused(t *testing.T) {
	defer step.Begin(t)()
	accepted(t, framing.Event{Retry: time.Millisecond})
	refused(t, `a negative Retry: a browser takes nothing but digits, ignores this, and you never learn of it`, "retry",
		framing.Event{Retry: -5 * time.Second},
		framing.Event{Retry: -1})
	refused(t, `a Retry under a millisecond: sent as 0, it makes a browser reconnect without a pause`, "retry",
		framing.Event{Retry: 500 * time.Microsecond},
		framing.Event{Retry: time.Millisecond - 1})
}

// A comment is a line that starts with a colon. Clients read past it.
// Hint: a comment has lines as Data has; only what each line starts with differs. One helper can do both.
func TestACommentCannotBreakOut(t *testing.T) {
	defer step.Begin(t)()
	for _, text := range []string{"ping", ""} {
		wire := framing.AppendComment(nil, text)
		if !bytes.HasPrefix(wire, []byte(":")) || !bytes.Contains(wire, []byte(text)) {
			step.Fail(t, fmt.Sprintf("comment %q: a comment is a line that starts with a colon; an empty one keeps a connection alive too", text),
				"wire  "+quote(wire))
		}
	}
	for _, text := range []string{"x\ndata: forged\n\n", "x\rdata: forged\r\r"} {
		browserReads(t, fmt.Sprintf("comment %q became an event: every line of a comment starts with a colon", text),
			framing.AppendComment(nil, text))
	}
	wire, _ := framing.Event{Data: "a"}.AppendText(framing.AppendComment(nil, "ping"))
	browserReads(t, "the event after a comment is lost: a comment has to end its line", wire,
		received{Data: "a"})
}

// Part 3, on a writer.

// When one event takes several writes, and the second of them fails, half an
// event is on the wire.
// Hint: AppendText to nil, one w.Write, and its count as an int64. When AppendText fails, nothing is written.
func TestOneEventIsOneWrite(t *testing.T) {
	defer step.Begin(t)()
	event := framing.Event{ID: "7", Type: "tick", Data: "a\nb", Retry: time.Second}
	var w writes
	n, err := event.WriteTo(&w)
	if len(w.got) != 1 || err != nil || n != int64(len(w.got[0])) {
		step.Fail(t, "one event is one Write: when it takes several, and the second fails, half an event is on the wire",
			fmt.Sprintf("got   %d writes, and WriteTo returned %d, %v", len(w.got), n, err),
			"want  1 write, its number of bytes, and no error")
	}
	browserReads(t, "what WriteTo wrote is not the event", w.got[0],
		received{Data: "a\nb", Type: "tick", ID: "7"})

	w = writes{}
	n, err = framing.Event{ID: "7\n"}.WriteTo(&w)
	if len(w.got) > 0 || n != 0 || err == nil {
		step.Fail(t, "an event that cannot be framed must not reach the writer at all",
			fmt.Sprintf("got   %d writes, and WriteTo returned %d, %v", len(w.got), n, err),
			"want  0 writes, 0 and an error")
	}

	w = writes{fails: errors.New("connection reset")}
	if _, err = event.WriteTo(&w); !errors.Is(err, w.fails) {
		step.Fail(t, "the writer failed, and WriteTo did not say so: its caller goes on sending to nobody",
			fmt.Sprintf("got   %v", err), fmt.Sprintf("want  %v", w.fails))
	}
}

// A server that sends one event to ten thousand clients frames it ten thousand
// times, or once: either way without making garbage each time.
// Hint: append to b, and to nothing else: a bytes.Buffer, fmt.Sprintf and strings.ReplaceAll each allocate.
func TestABufferWithRoomIsNotReplaced(t *testing.T) {
	defer step.Begin(t)()
	event := framing.Event{ID: "7", Type: "tick", Data: "a\nb\r\nc", Retry: time.Second}
	accepted(t, event)
	room := make([]byte, 0, 256)
	allocated := testing.AllocsPerRun(100, func() { room, _ = event.AppendText(room[:0]) })
	if allocated > 0 {
		step.Fail(t, fmt.Sprintf("%v allocations for an event that fits into b: for a broadcast to 10,000 clients that is %v", allocated, allocated*10_000))
	}
}

// One event of valid UTF-8, framed and read back, is what was sent: with LF for
// every line end, and "message" for no type.
// Hint: the failure shows the event; make a test of your own from it, or walk through it by hand.
func FuzzWhatIsReadIsWhatWasSent(f *testing.F) {
	defer step.Begin(f)()
	f.Add("", "", "", int64(0))
	f.Add("7", "tick", " a\r\r\n\nid: 8 ", int64(3*time.Second))
	f.Add("", "", ":-) hi", int64(0))
	f.Add(" 7:", ": tick", "\uFEFFdata:\x00", int64(time.Millisecond))
	f.Fuzz(func(t *testing.T, id, typ, data string, retry int64) {
		defer step.Begin(t)()
		if !utf8.ValidString(id) || !utf8.ValidString(typ) || !utf8.ValidString(data) {
			return // an event stream is UTF-8, and a client mends what is not
		}
		e := framing.Event{ID: id, Type: typ, Data: data, Retry: time.Duration(retry)}
		wire, err := e.AppendText(nil)
		if err != nil {
			if sendable(e) {
				step.Fail(t, fmt.Sprintf("%#v was refused: %v", e, err))
			}
			return
		}
		browserReads(t, fmt.Sprintf("what was read is not what was sent: %#v", e), wire,
			received{Type: typ, Data: lineEnds.Replace(data), ID: id})
		browserWaits(t, fmt.Sprintf("the reconnection time that was read is not what was sent: %#v", e), wire,
			e.Retry.Truncate(time.Millisecond))
	})
}

// The rest is what the steps stand on.

var (
	_ encoding.TextAppender = framing.Event{}
	_ io.WriterTo           = framing.Event{}
)

// lineEnds turns every line end into LF.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// sendable reports whether a client could read e back.
func sendable(e framing.Event) bool {
	return !strings.ContainsAny(e.Type, "\r\n") && !strings.ContainsAny(e.ID, "\r\n\x00") &&
		(e.Retry == 0 || e.Retry >= time.Millisecond)
}

// appendText returns the wire form of events, one after the other.
func appendText(t *testing.T, events ...framing.Event) []byte {
	t.Helper()
	var wire []byte
	for _, e := range events {
		var err error
		if wire, err = e.AppendText(wire); err != nil {
			step.Fail(t, fmt.Sprintf("%#v was refused: nothing is wrong with it", e), "got   "+err.Error())
		}
	}
	return wire
}

// accepted fails unless e can be framed.
func accepted(t *testing.T, e framing.Event) {
	t.Helper()
	browserReads(t, "an event that is as it should be must still be sent", appendText(t, e),
		received{e.Type, lineEnds.Replace(e.Data), e.ID})
}

// refused fails with sentence unless each event is refused with a FieldError for
// field, and the bytes that were there before are all that is there.
func refused(t *testing.T, sentence, field string, events ...framing.Event) {
	t.Helper()
	const earlier = "data: earlier\n\n"
	for _, e := range events {
		wire, err := e.AppendText([]byte(earlier))
		fieldErr, ok := errors.AsType[*framing.FieldError](err)
		switch {
		case err == nil:
			step.Fail(t, sentence, fmt.Sprintf("sent  %#v", e), "wire  "+quote(wire), "want  a *FieldError")
		case !ok:
			step.Fail(t, "the caller cannot tell what to mend: the error should be a *FieldError", fmt.Sprintf("got   %T: %v", err, err))
		case fieldErr.Field != field:
			step.Fail(t, "the caller mends the wrong field", fmt.Sprintf("got   %v", err), fmt.Sprintf("want  the Field %q", field))
		case string(wire) != earlier:
			step.Fail(t, "an event was refused, and b did not come back as it was: what was appended before, or half an event, is sent all the same",
				step.Compare("got  ", quote(wire), "want ", strconv.Quote(earlier))...)
		}
	}
}

// received is an event as a client has it. No Type stands for "message".
type received struct{ Type, Data, ID string }

func (r received) String() string {
	s := fmt.Sprintf("%s %q", cmp.Or(r.Type, "message"), r.Data)
	if r.ID != "" {
		s += fmt.Sprintf(" (last event ID %q)", r.ID)
	}
	return s
}

// browserReads fails with sentence unless a client that is given wire has
// received the events that were sent. The client is the one of lesson 03.
func browserReads(t *testing.T, sentence string, wire []byte, sent ...received) {
	t.Helper()
	var got []received
	for event := range parsing.NewDecoder(bytes.NewReader(wire)).Events() {
		got = append(got, received{event.Type, event.Data, event.ID})
	}
	if reads, wants := list(got), list(sent); reads != wants {
		step.Fail(t, sentence, append([]string{"wire  " + quote(wire)}, step.Compare("reads", reads, "sent ", wants)...)...)
	}
}

func list(events []received) string {
	if len(events) == 0 {
		return "no event"
	}
	var all []string
	for _, e := range events {
		all = append(all, e.String())
	}
	return strings.Join(all, ", ")
}

// browserWaits fails with sentence unless a client that is given wire waits for
// this long before it reconnects.
func browserWaits(t *testing.T, sentence string, wire []byte, sent time.Duration) {
	t.Helper()
	client := parsing.NewDecoder(bytes.NewReader(wire))
	for range client.Events() {
	}
	if got := client.ReconnectionTime(); got != sent {
		step.Fail(t, sentence, "wire  "+quote(wire), fmt.Sprintf("waits %v", got), fmt.Sprintf("sent  %v", sent))
	}
}

// writes is a writer that keeps each Write by itself, or fails.
type writes struct {
	got   [][]byte
	fails error
}

func (w *writes) Write(p []byte) (int, error) {
	if w.fails != nil {
		return 0, w.fails
	}
	w.got = append(w.got, bytes.Clone(p))
	return len(p), nil
}

func quote(b []byte) string { return strconv.Quote(string(b)) }
