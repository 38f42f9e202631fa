package framing_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"example.com/sseworkbook/harness/step"
	framing "example.com/sseworkbook/lessons/01-framing"
)

// Part 3, on a writer.

// When one event takes several writes, and the second of them fails, half an
// event is on the wire.
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
		step.Fail(t, "the writer failed, but WriteTo did not return its error: the caller goes on sending to a client that is gone",
			fmt.Sprintf("got   %v", err), fmt.Sprintf("want  %v", w.fails))
	}
}

// A server that sends one event to ten thousand clients frames it ten thousand
// times, or once: either way without making garbage each time.
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
func FuzzWhatIsReadIsWhatWasSent(f *testing.F) {
	defer step.Begin(f)()
	f.Add("", "", "", int64(0))
	f.Add("7", "tick", " a\r\r\n\nid: 8 ", int64(3*time.Second))
	f.Add("", "", ":-) hi", int64(0))
	f.Add(" 7:", ": tick", "\uFEFFdata:\x00", int64(time.Millisecond))
	f.Add("\t", " ", "a\v\f\u0085\u2028<b>&amp;", int64(3*time.Millisecond-1)) // none of these is a line end
	f.Add("", "", strings.Repeat("x", 70_000), int64(0))
	f.Fuzz(func(t *testing.T, id, typ, data string, retry int64) {
		defer step.Begin(t)()
		if !utf8.ValidString(id) || !utf8.ValidString(typ) || !utf8.ValidString(data) {
			return // a client reads U+FFFD for what is not UTF-8
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
