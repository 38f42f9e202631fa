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

// lineEnds turns every line ending into LF.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// longLine is longer than the buffer of a bufio.Scanner, even of one with a megabyte.
var longLine = strings.Repeat("x", 2_000_000)

// controls are the characters that no HTTP header may contain (RFC 9110, section 5.5).
const controls = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\n\x0b\x0c\r\x0e\x0f" +
	"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f"

// appendText returns the wire form of events, one after the other.
func appendText(t *testing.T, events ...framing.Event) []byte {
	t.Helper()
	var wire []byte
	for _, e := range events {
		var err error
		if wire, err = e.AppendText(wire); err != nil {
			step.Fail(t, "AppendText refused an event, but nothing is wrong with it", "sent  "+show(e), "got   "+says(err))
		}
	}
	return wire
}

// accepted fails unless e can be framed.
func accepted(t *testing.T, e framing.Event) {
	t.Helper()
	browserReads(t, "nothing is wrong with this event, but a browser does not read it correctly", appendText(t, e),
		received{e.Type, lineEnds.Replace(e.Data), e.ID})
}

// refused fails with sentence unless each event is refused with a FieldError for
// field, and b comes back unchanged.
func refused(t *testing.T, sentence, field string, events ...framing.Event) {
	t.Helper()
	for _, e := range events {
		for _, earlier := range []string{"data: earlier\n\n", ""} {
			b := append(make([]byte, 0, 1000), earlier...)
			wire, err := e.AppendText(b)
			if err == nil {
				step.Fail(t, sentence, "sent  "+show(e), "wire  "+quote(wire), "want  a *FieldError")
			}
			namesField(t, e, err, field)
			if string(wire) != earlier {
				step.Fail(t, "AppendText refused the event, so it must return b unchanged: the caller sends whatever AppendText returns",
					append([]string{"sent  " + show(e)}, step.Compare("got  ", quote(wire), "want ", strconv.Quote(earlier))...)...)
			}
			if cap(wire) != cap(b) {
				step.Fail(t, "AppendText refused the event, so it must return b itself: the caller reuses b's capacity for the next event",
					"sent  "+show(e), fmt.Sprintf("got   a slice of capacity %d", cap(wire)), fmt.Sprintf("want  b, with its capacity of %d", cap(b)))
			}
		}
	}
}

// namesField fails unless err is a FieldError for one of fields, with a reason why e
// cannot be sent.
func namesField(tb testing.TB, e framing.Event, err error, fields ...string) {
	tb.Helper()
	refusal, ok := errors.AsType[*framing.FieldError](err)
	switch sent := "sent  " + show(e); {
	case !ok || refusal == nil:
		step.Fail(tb, "the error must be a non-nil *FieldError: without one, the caller cannot tell which field to fix", sent, fmt.Sprintf("got   %T: %s", err, says(err)))
	case !slices.Contains(fields, refusal.Field):
		step.Fail(tb, "the FieldError must name the field that cannot be sent, but it names a different one",
			sent, fmt.Sprintf("got   Field %q", refusal.Field), fmt.Sprintf(`want  Field "%s"`, strings.Join(fields, `" or "`)))
	case refusal.Reason == "":
		step.Fail(tb, "the FieldError has no Reason: the caller cannot tell what is wrong with the field", sent, fmt.Sprintf("got   %#v", refusal))
	case strings.ContainsAny(refusal.Reason, controls):
		step.Fail(tb, "the FieldError's Reason must not contain a line break or any other control character: anyone who can choose the field's value could forge a line in your log",
			sent, "got   "+strconv.Quote(refusal.Reason))
	}
}

// wrong returns the fields for which e must be refused.
func wrong(e framing.Event) (fields []string) {
	if strings.ContainsAny(e.Type, "\r\n") {
		fields = append(fields, "event")
	}
	if strings.ContainsAny(e.ID, controls) {
		fields = append(fields, "id")
	}
	if e.Retry != 0 && e.Retry < time.Millisecond {
		fields = append(fields, "retry")
	}
	return fields
}

// says returns the text of err, even if it is a nil *FieldError.
func says(err error) string {
	if refusal, ok := errors.AsType[*framing.FieldError](err); ok && refusal == nil {
		return "a nil *FieldError in an error, so err is not nil: see go.dev/doc/faq#nil_error"
	}
	return fmt.Sprint(err)
}

// show returns e as Go source, but with Retry in the form of Duration.String.
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

// received is an event as a client received it. An empty Type means "message".
type received struct{ Type, Data, ID string }

func (r received) String() string {
	kind := cmp.Or(r.Type, "message")
	if quoted := strconv.Quote(kind); quoted != `"`+kind+`"` || strings.Contains(kind, " ") {
		kind = quoted
	}
	s := fmt.Sprintf("%s %q", kind, r.Data)
	if r.ID != "" {
		s += fmt.Sprintf(" (last event ID %q)", r.ID)
	}
	return s
}

func (r received) equal(s received) bool {
	return cmp.Or(r.Type, "message") == cmp.Or(s.Type, "message") && r.Data == s.Data && r.ID == s.ID
}

// browserReads fails with sentence unless a client that reads wire receives the
// events that were sent. The client is the one of lesson 03.
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

// browserWaits fails with sentence unless a client that reads wire waits for this
// long before it reconnects. If sent is zero, it must wait for its default time.
func browserWaits(tb testing.TB, sentence string, wire []byte, sent time.Duration) {
	tb.Helper()
	client := parsing.NewDecoder(bytes.NewReader(wire))
	for range client.Events() {
	}
	waits := func(d time.Duration, told bool) string {
		if !told {
			return "no reconnection time"
		}
		return d.String()
	}
	if got, want := waits(client.ReconnectionTime()), waits(sent, sent != 0); got != want {
		step.Fail(tb, sentence, "wire  "+quote(wire), "reads "+got, "sent  "+want)
	}
}

// writes is a writer that keeps what each Write gets. If it fails or is short, it takes
// the first few bytes.
type writes struct {
	before func() // if not nil, called before it looks at the bytes
	got    [][]byte
	fails  error
	short  bool
	takes  int
}

func (w *writes) Write(p []byte) (int, error) {
	if w.before != nil {
		w.before()
	}
	w.got = append(w.got, bytes.Clone(p))
	if w.fails != nil || w.short {
		return min(w.takes, len(p)), w.fails
	}
	return len(p), nil
}

// afterFailures fails unless each of several writers at once gets its own event, whatever
// came before: an event that was refused or sent, or a writer that failed. Code that keeps
// buffers finds none left, because many writers still have theirs.
func afterFailures(t *testing.T) {
	good, bad := framing.Event{Data: "earlier"}, framing.Event{ID: "\n"}
	large := framing.Event{Data: strings.Repeat("x", 10_000)}
	for _, c := range []struct {
		before string
		w      writes
		events []framing.Event
	}{
		{"WriteTo refused events", writes{}, []framing.Event{bad}},
		{"WriteTo sent events", writes{}, []framing.Event{good, large}},
		{"writers failed", writes{fails: io.ErrClosedPipe}, []framing.Event{good, large}},
		{"writers failed after 3 bytes", writes{fails: io.ErrClosedPipe, takes: 3}, []framing.Event{good, large}},
		{"writers took all bytes and failed", writes{fails: io.ErrClosedPipe, takes: 1 << 20}, []framing.Event{good, large}},
		{"writers took 3 bytes and returned no error", writes{short: true, takes: 3}, []framing.Event{good, large}},
		{"WriteTo refused an event, then a writer failed", writes{fails: io.ErrClosedPipe}, []framing.Event{bad, good, large}},
	} {
		sentence := c.before + ", then WriteTo sent several events at once, each to its own writer: each writer must get its own event, or one client reads another client's event"
		atOnce(t, sentence, 100, func() {
			for range 10 {
				for _, e := range c.events {
					e.AppendText(nil)
					w := c.w
					e.WriteTo(&w)
				}
			}
			atOnce(t, sentence, 30, func() {})
		})
	}
}

// atOnce sends an event to each of n writers, each of them during the Write of the one
// before it, calls then during the last Write, and fails with sentence unless each writer
// gets its own event.
func atOnce(t *testing.T, sentence string, n int, then func()) {
	if n == 0 {
		then()
		return
	}
	w := writes{before: func() { atOnce(t, sentence, n-1, then) }}
	e := framing.Event{ID: fmt.Sprint(n), Data: "for one writer only"}
	e.WriteTo(&w)
	browserReads(t, sentence, bytes.Join(w.got, nil), received{Data: e.Data, ID: e.ID})
}

func quote(b []byte) string { return brief(string(b), 160, 40) }

// brief returns text as a Go string literal; if text is long, only this many bytes from its
// start and its end.
func brief(text string, start, end int) string {
	if len(text) <= 2*(start+end) {
		return strconv.Quote(text)
	}
	return fmt.Sprintf("%q … %d bytes … %q", text[:start], len(text)-start-end, text[len(text)-end:])
}
