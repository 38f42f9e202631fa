package framing_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/sseworkbook/harness/step"
	framing "example.com/sseworkbook/lessons/01-framing"
)

// Part 3, on a writer.

// If one event takes several writes and the second of them fails, half an event is
// on the wire.
func TestOneEventIsOneWrite(t *testing.T) {
	defer step.Begin(t)()
	for _, data := range []string{"a\nb", longLine + "\n" + longLine} {
		event := framing.Event{ID: "7", Type: "tick", Data: data, Retry: time.Second}
		var w writes
		n, err := event.WriteTo(&w)
		switch {
		case err != nil:
			step.Fail(t, "the event and the writer are fine, but WriteTo returned an error: its caller would give up on a client that is still connected",
				"sent  "+show(event), "got   "+says(err))
		case len(w.got) != 1:
			step.Fail(t, "WriteTo must send an event in one Write: if there are several and the second Write fails, half an event is on the wire",
				"sent  "+show(event), fmt.Sprintf("got   %d writes", len(w.got)), "want  1 write")
		case n != int64(len(w.got[0])):
			step.Fail(t, "WriteTo must return how many bytes the writer took, but it returned a different count",
				"sent  "+show(event), fmt.Sprintf("got   %d", n), fmt.Sprintf("want  %d", len(w.got[0])))
		}
		browserReads(t, "WriteTo must write the event, but a browser reads something else, or nothing", w.got[0],
			received{Data: data, Type: "tick", ID: "7"})
	}
	for _, event := range []framing.Event{{ID: "7\n", Data: "a"}, {Type: "\r", Data: "a"}, {Retry: -time.Second}} {
		var w writes
		n, err := event.WriteTo(&w)
		if len(w.got) > 0 || n != 0 || err == nil {
			step.Fail(t, "an event cannot be framed: WriteTo must return 0 and an error without calling the writer, because even an empty Write sends response headers",
				"sent  "+show(event),
				fmt.Sprintf("got   WriteTo() = %d, %v (calls to Write: %d)", n, err, len(w.got)),
				"want  WriteTo() = 0, a *FieldError (calls to Write: 0)")
		}
		namesField(t, event, err, wrong(event)...)
	}
}

// A writer may fail after it took some of the bytes. The caller needs the count and the error.
func TestWhatTheWriterSaysIsReturned(t *testing.T) {
	defer step.Begin(t)()
	event := framing.Event{Data: "a\r\nb"}
	all := len(appendText(t, event))
	reset := &net.OpError{Op: "write", Net: "tcp", Err: syscall.ECONNRESET}
	for _, failure := range []error{
		errors.New("connection reset"), io.EOF, io.ErrShortWrite, io.ErrClosedPipe, os.ErrDeadlineExceeded, context.Canceled,
		reset, fmt.Errorf("middleware: %w", reset), errors.Join(reset, io.EOF), &framing.FieldError{Field: "data", Reason: "is refused by the writer"},
	} {
		for _, takes := range []int{0, 3, all - 1, all} {
			w := writes{fails: failure, takes: takes}
			n, err := event.WriteTo(&w)
			if err != failure { // not errors.Is: this error itself
				step.Fail(t, fmt.Sprintf("the writer took %d of %d bytes and failed: WriteTo must return the writer's error unchanged, "+
					"or its caller may keep sending to a client that is gone", takes, all),
					fmt.Sprintf("got   %T: %v", err, err), fmt.Sprintf("want  %T: %v", failure, failure))
			}
			if n != int64(takes) {
				step.Fail(t, fmt.Sprintf("the writer took %d bytes and failed, but WriteTo returned a different count: the caller cannot tell what is on the wire", takes),
					fmt.Sprintf("got   %d", n), fmt.Sprintf("want  %d", takes))
			}
			if len(w.got) != 1 {
				step.Fail(t, fmt.Sprintf("the writer failed (%v), but WriteTo called it again: the start of the event may be on the wire twice", failure),
					fmt.Sprintf("got   %d writes", len(w.got)), "want  1 write")
			}
			var next writes
			framing.Event{Data: "b"}.WriteTo(&next)
			browserReads(t, "writer A failed, then WriteTo sent event \"b\" to writer B: B must get that event and nothing else",
				bytes.Join(next.got, nil), received{Data: "b"})
		}
	}
	w := writes{short: true, takes: 3}
	if n, _ := event.WriteTo(&w); n != 3 || len(w.got) != 1 {
		step.Fail(t, "the writer took 3 bytes and returned no error: WriteTo must return 3, and must not send the rest in a second Write",
			fmt.Sprintf("got   returned %d (calls to Write: %d)", n, len(w.got)), "want  returned 3 (calls to Write: 1)")
	}
}

// A server that sends one event to 10,000 clients frames it once or 10,000 times.
// Either way, it must not make garbage each time.
func TestABufferWithRoomIsNotReplaced(t *testing.T) {
	defer step.Begin(t)()
	for _, event := range []framing.Event{
		{Data: "hello"},
		{Data: "a\nb\r\nc\rd\n"},
		{Data: strings.Repeat("one line of several\r\n", 100)},
		{Data: strings.Repeat("one line of several\r", 100)},
		{Data: strings.Repeat("one line of several\n", 100)},
		{Data: strings.Repeat("世", 100)},
		{Data: longLine},
		{Type: strings.Repeat("tick", 20), Data: "a"},
		{ID: strings.Repeat("7", 80), Data: "a"},
		{ID: strings.Repeat("é", 80), Type: strings.Repeat("世", 80)},
		{Retry: 1500 * time.Millisecond, Data: "a"},
		{Retry: math.MaxInt64},
		{ID: "7", Type: "tick", Retry: time.Second, Data: "a"},
		{},
	} {
		accepted(t, event)
		wire := appendText(t, event)
		for _, earlier := range []string{"", "data: earlier\n\n"} {
			b := append(make([]byte, 0, len(earlier)+len(wire)), earlier...) // room for it, and no more
			if n := leastAllocations(func() { event.AppendText(b) }); n > 0 {
				step.Fail(t, "AppendText allocated memory for an event that fits into b: a broadcast to 10,000 clients would allocate 10,000 times",
					"sent  "+show(event), fmt.Sprintf("b     %q, with room for %d more bytes", earlier, len(wire)),
					fmt.Sprintf("got   allocations: %v", n), "want  allocations: 0",
					"look for code that makes a new string or slice: +, fmt, []byte(text), strings.Split, strings.ReplaceAll, bytes.Buffer")
			}
		}
		for room := range len(wire) + 2 {
			if len(wire) > 100 {
				break
			}
			got, _ := event.AppendText(make([]byte, 0, room))
			browserReads(t, fmt.Sprintf("b had room for %d bytes, and the event takes %d: AppendText must append the whole event, no matter how much room b has", room, len(wire)),
				got, received{event.Type, lineEnds.Replace(event.Data), event.ID})
		}
	}
}

// leastAllocations returns the least number of times that f allocates memory, because a
// sync.Pool is empty now and then.
func leastAllocations(f func()) float64 {
	least := math.Inf(1)
	for range 10 {
		least = min(least, testing.AllocsPerRun(1, f))
	}
	return least
}
