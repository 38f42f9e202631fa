package framing_test

import (
	"bytes"
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"io"
	"slices"
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

// longLine is longer than a bufio.Scanner's buffer.
var longLine = strings.Repeat("x", 70_000)

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
			step.Fail(t, show(e)+" was refused: nothing is wrong with it", "got   "+says(err))
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
		if err == nil {
			step.Fail(t, sentence, "sent  "+show(e), "wire  "+quote(wire), "want  a *FieldError")
		}
		namesField(t, e, err, field)
		if string(wire) != earlier {
			step.Fail(t, "AppendText refused the event, but did not return b unchanged: the caller sends what it returns",
				step.Compare("got  ", quote(wire), "want ", strconv.Quote(earlier))...)
		}
	}
}

// namesField fails unless err is a FieldError for one of fields, which says why e
// cannot be sent.
func namesField(tb testing.TB, e framing.Event, err error, fields ...string) {
	tb.Helper()
	refusal, ok := errors.AsType[*framing.FieldError](err)
	switch sent := "sent  " + show(e); {
	case !ok || refusal == nil:
		step.Fail(tb, "the error is not a *FieldError: the caller cannot tell which field to mend", sent, fmt.Sprintf("got   %T: %s", err, says(err)))
	case !slices.Contains(fields, refusal.Field):
		step.Fail(tb, "the FieldError names another field than the one that is wrong",
			sent, fmt.Sprintf("got   %v", err), fmt.Sprintf("want  the Field %q", strings.Join(fields, `" or "`)))
	case refusal.Reason == "":
		step.Fail(tb, "the FieldError has no Reason: the caller cannot tell what is wrong with the field", sent, fmt.Sprintf("got   %#v", refusal))
	}
}

// says returns what err says, also if it is a nil *FieldError.
func says(err error) string {
	if refusal, ok := errors.AsType[*framing.FieldError](err); ok && refusal == nil {
		return "a nil *FieldError in an error, which is not nil then: see go.dev/doc/faq#nil_error"
	}
	return fmt.Sprint(err)
}

// show returns e as Go source would have it, but with its Retry as a duration is shown.
func show(e framing.Event) string {
	var fields []string
	for _, text := range []struct{ field, value string }{{"ID", e.ID}, {"Type", e.Type}, {"Data", e.Data}} {
		if text.value != "" {
			fields = append(fields, text.field+": "+brief(text.value, 30, 20))
		}
	}
	if e.Retry != 0 {
		fields = append(fields, "Retry: "+e.Retry.String())
	}
	return "Event{" + strings.Join(fields, ", ") + "}"
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

func (r received) equal(s received) bool {
	return cmp.Or(r.Type, "message") == cmp.Or(s.Type, "message") && r.Data == s.Data && r.ID == s.ID
}

// browserReads fails with sentence unless a client that is given wire has
// received the events that were sent. The client is the one of lesson 03.
func browserReads(tb testing.TB, sentence string, wire []byte, sent ...received) {
	tb.Helper()
	var got []received
	for event := range parsing.NewDecoder(bytes.NewReader(wire)).Events() {
		got = append(got, received{event.Type, event.Data, event.ID})
	}
	if !slices.EqualFunc(got, sent, received.equal) {
		step.Fail(tb, sentence, append([]string{"wire  " + quote(wire)}, step.Compare("reads", list(got), "sent ", list(sent))...)...)
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
func browserWaits(tb testing.TB, sentence string, wire []byte, sent time.Duration) {
	tb.Helper()
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
		step.Fail(tb, sentence, "wire  "+quote(wire), "waits "+got, "sent  "+want)
	}
}

// writes is a writer that keeps what each Write gets. One that fails takes the
// first few bytes of it.
type writes struct {
	before func() // what comes before it looks at the bytes, if it is not nil
	got    [][]byte
	fails  error
	takes  int
}

func (w *writes) Write(p []byte) (int, error) {
	if w.before != nil {
		w.before()
	}
	w.got = append(w.got, bytes.Clone(p))
	if w.fails != nil {
		return min(w.takes, len(p)), w.fails
	}
	return len(p), nil
}

func quote(b []byte) string { return brief(string(b), 160, 40) }

// brief returns text as Go source would have it; of a long one, that many bytes from its
// start and its end.
func brief(text string, start, end int) string {
	if len(text) <= 2*(start+end) {
		return strconv.Quote(text)
	}
	return fmt.Sprintf("%q … %d bytes … %q", text[:start], len(text)-start-end, text[len(text)-end:])
}
