package framing_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"example.com/sseworkbook/harness/step"
	framing "example.com/sseworkbook/lessons/01-framing"
)

// Part 3, on a writer.

// When one event takes several writes, and the second of them fails, half an
// event is on the wire.
func TestOneEventIsOneWrite(t *testing.T) {
	defer step.Begin(t)()
	for _, data := range []string{"a\nb", longLine + "\n" + longLine} {
		event := framing.Event{ID: "7", Type: "tick", Data: data, Retry: time.Second}
		var w writes
		n, err := event.WriteTo(&w)
		switch {
		case err != nil:
			step.Fail(t, "the writer took the whole event, but WriteTo returned an error: the caller gives up a client that is still there",
				"sent  "+show(event), "got   "+says(err))
		case len(w.got) != 1:
			step.Fail(t, "one event is one Write: when it takes several, and the second fails, half an event is on the wire",
				"sent  "+show(event), fmt.Sprintf("got   %d writes", len(w.got)), "want  1 write")
		case n != int64(len(w.got[0])):
			step.Fail(t, "WriteTo did not return how many bytes the writer took: the caller that counts them has it wrong",
				"sent  "+show(event), fmt.Sprintf("got   %d", n), fmt.Sprintf("want  %d", len(w.got[0])))
		}
		browserReads(t, "what WriteTo wrote is not the event", w.got[0],
			received{Data: data, Type: "tick", ID: "7"})
	}
	event, w := framing.Event{ID: "7\n"}, writes{}
	if n, err := event.WriteTo(&w); len(w.got) > 0 || n != 0 || err == nil {
		step.Fail(t, "an event that cannot be framed must not reach the writer at all: even a Write of nothing sends an HTTP response's header",
			fmt.Sprintf("got   %d writes, and WriteTo returned %d, %v", len(w.got), n, err),
			"want  0 writes, 0 and an error")
	} else {
		namesField(t, event, err, "id")
	}
}

// A writer may fail when it has taken some of the bytes. Its caller learns of both.
func TestWhatTheWriterSaysIsReturned(t *testing.T) {
	defer step.Begin(t)()
	for _, takes := range []int{0, 3} {
		w := writes{fails: errors.New("connection reset"), takes: takes}
		n, err := framing.Event{Data: "a"}.WriteTo(&w)
		if !errors.Is(err, w.fails) {
			step.Fail(t, "the writer failed, but WriteTo did not return its error: the caller goes on sending to a client that is gone",
				fmt.Sprintf("got   %v", err), fmt.Sprintf("want  %v", w.fails))
		}
		if n != int64(takes) {
			step.Fail(t, fmt.Sprintf("the writer took %d bytes and failed, but WriteTo returned another count: the caller does not know what is on the wire", takes),
				fmt.Sprintf("got   %d", n), fmt.Sprintf("want  %d", takes))
		}
		if len(w.got) != 1 {
			step.Fail(t, "the writer failed, and WriteTo called it again: the start of the event may be on the wire twice",
				fmt.Sprintf("got   %d writes", len(w.got)), "want  1 write")
		}
	}
}

// A server that sends one event to ten thousand clients frames it ten thousand
// times, or once: either way without making garbage each time.
func TestABufferWithRoomIsNotReplaced(t *testing.T) {
	defer step.Begin(t)()
	for _, event := range []framing.Event{
		{Data: "hello"},
		{Data: "a\nb\r\nc\rd\n"},
		{Data: strings.Repeat("one line of several\r\n", 100)},
		{Type: strings.Repeat("tick", 20), Data: "a"},
		{ID: strings.Repeat("7", 80), Data: "a"},
		{Retry: 1500 * time.Millisecond, Data: "a"},
	} {
		accepted(t, event)
		room := make([]byte, 0, len(appendText(t, event))) // for it, and no more
		if n := leastAllocations(func() { event.AppendText(room[:0]) }); n > 0 {
			step.Fail(t, "AppendText allocated memory for an event that fits into b: for a broadcast to 10,000 clients, it does so 10,000 times",
				"sent  "+show(event), fmt.Sprintf("got   allocations: %v", n), "want  allocations: 0")
		}
	}
}

// leastAllocations returns how many times f allocates memory, at the least: a sync.Pool
// is empty now and then.
func leastAllocations(f func()) float64 {
	least := math.Inf(1)
	for range 10 {
		least = min(least, testing.AllocsPerRun(1, f))
	}
	return least
}
