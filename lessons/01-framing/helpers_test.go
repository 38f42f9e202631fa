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

	"example.com/sseworkbook/harness/step"
	framing "example.com/sseworkbook/lessons/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
)

func TestMain(m *testing.M) { step.Main(m) }

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
