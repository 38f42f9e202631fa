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

// sendable reports whether a client can read e, and send its ID back.
func sendable(e framing.Event) bool {
	return !strings.ContainsAny(e.Type, "\r\n") && !strings.ContainsAny(e.ID, controls) &&
		(e.Retry == 0 || e.Retry >= time.Millisecond)
}

// controls are the characters that no HTTP header may hold (RFC 9110, section 5.5).
const controls = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\n\x0b\x0c\r\x0e\x0f" +
	"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f"

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
	browserReads(t, "nothing is wrong with this event, but a browser does not read it back", appendText(t, e),
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
			step.Fail(t, "AppendText did not return a *FieldError: its caller cannot tell which field to mend", fmt.Sprintf("got   %T: %v", err, err))
		case fieldErr.Field != field:
			step.Fail(t, "the FieldError names another field than the one that is wrong", fmt.Sprintf("got   %v", err), fmt.Sprintf("want  the Field %q", field))
		case string(wire) != earlier:
			step.Fail(t, "AppendText refused the event, but did not return b unchanged: the caller sends what it returns",
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
// this long before it reconnects: its own time, if sent is zero.
func browserWaits(t *testing.T, sentence string, wire []byte, sent time.Duration) {
	t.Helper()
	client := parsing.NewDecoder(bytes.NewReader(wire))
	for range client.Events() {
	}
	waits := func(d time.Duration, told bool) string {
		if !told {
			return "its own time: it was told none"
		}
		return d.String()
	}
	if got, want := waits(client.ReconnectionTime()), waits(sent, sent != 0); got != want {
		step.Fail(t, sentence, "wire  "+quote(wire), "waits "+got, "sent  "+want)
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
