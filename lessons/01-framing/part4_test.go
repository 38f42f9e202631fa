package framing_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/sseworkbook/harness/step"
	framing "example.com/sseworkbook/lessons/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
)

// Part 4, whatever comes. Nothing new is to be written.

// Whatever is sent, and whatever is in the buffer already: a client reads the events
// that were sent and no others, with LF for every line end.
func TestWhateverIsSentIsRead(t *testing.T) {
	defer step.Begin(t)()
	for size := 64; size <= 64<<10; size *= 2 { // at which code may cut a text
		for _, start := range []int{0, len("data: ")} {
			text := strings.Repeat("x", size-start-1) + "\r\ny"
			browserReads(t, fmt.Sprintf("a line of %d bytes ends with CR and LF: they are one line end, also where your code cuts a long text between them", size-start-1),
				appendText(t, framing.Event{Data: text}), received{Data: lineEnds.Replace(text)})
		}
	}
	step.Whatever(t, 200, drawStream, func(tb testing.TB, s stream) {
		b := append(make([]byte, 0, len(s.before)+s.room), s.before...)
		var sent []received
		var id string
		var wait time.Duration
		for _, f := range s.frames {
			var went bool
			if b, went = f.appendTo(tb, b); went && f.by != "AppendComment" {
				if f.event.ID != "" {
					id = f.event.ID
				}
				if f.event.Retry != 0 {
					wait = f.event.Retry.Truncate(time.Millisecond)
				}
				sent = append(sent, received{f.event.Type, lineEnds.Replace(f.event.Data), id})
			}
		}
		if !bytes.HasPrefix(b, []byte(s.before)) {
			step.Fail(tb, fmt.Sprintf("what was in the buffer before has changed: %s", s),
				step.Compare("got  ", quote(b), "want ", quote([]byte(s.before)))...)
		}
		wire := b[len(s.before):]
		browserReads(tb, fmt.Sprintf("what was read is not what was sent: %s", s), wire, sent...)
		browserWaits(tb, fmt.Sprintf("the reconnection time that was read is not what was sent: %s", s), wire, wait)
	})
}

// A server frames events on many goroutines, and keeps what it has framed while it
// frames others.
func TestTwoEventsShareNothing(t *testing.T) {
	defer step.Begin(t)()
	one, two := framing.Event{ID: "1", Data: "one"}, framing.Event{ID: "2", Data: "two"}
	accepted(t, one)
	first := appendText(t, one)
	for i := range first {
		first[i] = 'x'
	}
	browserReads(t, "the caller changed the bytes that AppendText had returned, and the next time the same event came out as something else",
		appendText(t, one), received{Data: "one", ID: "1"})
	first = appendText(t, one)
	appendText(t, two)
	browserReads(t, "AppendText was called for a second event, and the bytes that it had returned for the first are no longer those of the first",
		first, received{Data: "one", ID: "1"})

	_, err := framing.Event{ID: "\n"}.AppendText(nil)
	namesField(t, framing.Event{ID: "\n"}, err, "id")
	before := fmt.Sprint(err)
	framing.Event{Type: "\n"}.AppendText(nil)
	step.Equal(t, "AppendText refused a second event, and the error that it had returned for the first now says something else", before, fmt.Sprint(err))
	inWritersAtOnce(t, one, two)
	onManyGoroutines(t)
}

// inWritersAtOnce fails unless each of two writers gets its own event when the second
// is sent while the first writer has not yet looked at its bytes.
func inWritersAtOnce(t *testing.T, one, two framing.Event) {
	var alone writes
	one.WriteTo(&alone)
	browserReads(t, "what WriteTo wrote is not the event", bytes.Join(alone.got, nil), received{Data: "one", ID: "1"})
	inner, outer := &writes{}, &writes{}
	outer.before = func() { two.WriteTo(inner) }
	one.WriteTo(outer)
	browserReads(t, "WriteTo was called for a second event while a writer had the first: that writer's bytes are no longer those of the first",
		bytes.Join(outer.got, nil), received{Data: "one", ID: "1"})
	browserReads(t, "WriteTo was called for a second event while a writer had the first: the second event's writer got something else",
		bytes.Join(inner.got, nil), received{Data: "two", ID: "2"})
}

// onManyGoroutines fails unless each of many goroutines gets its own event.
func onManyGoroutines(t *testing.T) {
	const goroutines, rounds = 8, 250
	var events []framing.Event
	var wires, other [][]byte
	for i := range goroutines {
		e := framing.Event{
			ID: fmt.Sprint(i), Type: fmt.Sprint("type ", i), Data: strings.Repeat(fmt.Sprint(i, "\r"), 50),
			Retry: time.Duration(1000+i) * time.Millisecond,
		}
		events, wires, other = append(events, e), append(wires, appendText(t, e)), append(other, nil)
	}
	var crowd step.Crowd
	begin := make(chan struct{})
	for i, e := range events {
		crowd.Start(func() {
			<-begin
			var b []byte
			for range rounds {
				b, _ = e.AppendText(b[:0])
				var w writes
				e.WriteTo(&w)
				if w.got = append(w.got, b); !bytes.Equal(b, wires[i]) || !bytes.Equal(w.got[0], wires[i]) {
					other[i] = bytes.Join(w.got, nil)
					return
				}
			}
		})
	}
	close(begin)
	crowd.Wait()
	for i, wire := range other {
		if wire != nil {
			r := received{events[i].Type, lineEnds.Replace(events[i].Data), events[i].ID}
			browserReads(t, "many goroutines framed events at once, and one of them got something else than its own event, by WriteTo and again by AppendText",
				wire, r, r)
		}
	}
}

// An event of many lines costs as much for each line as one of a few, and a buffer that
// is full is not copied for every event.
func TestTwiceAsMuchIsTwiceTheWork(t *testing.T) {
	defer step.Begin(t)()
	accepted(t, framing.Event{Data: "a\nb"})
	growsAsAppendDoes(t)
	const lines, parts, most = 64 << 10, 32, 4
	const sentence = "an event of many lines takes far longer than several events with as many lines in all: " +
		"does your code search the rest of the text for every line?"
	for _, end := range []string{"\n", "\r", "\r\n"} {
		sent := fmt.Sprintf("sent  %d lines that end in %q, in one event and in %d", lines, end, parts)
		done := step.OnHang(t, func() (string, []string) { return sentence, []string{sent} })
		if n := timesAsLong(strings.Repeat(end, lines), parts, most); n > most {
			step.Fail(t, sentence, sent, fmt.Sprintf("got   %.0f times as long", n), fmt.Sprintf("want  about as long, and %d times at most", most))
		}
		done()
	}
}

// growsAsAppendDoes fails unless a buffer that gets one event after the other gets room
// for many at once.
func growsAsAppendDoes(t *testing.T) {
	const events = 2000
	event, moved := framing.Event{Data: "a"}, 0
	for b, i := []byte(nil), 0; i < events; i++ {
		before := cap(b)
		if b, _ = event.AppendText(b); cap(b) != before {
			moved++
		}
	}
	if moved > events/10 {
		step.Fail(t, "AppendText moved the buffer to a larger one over and over: append makes room for many events at once, and copies them seldom",
			fmt.Sprintf("sent  %d events, one after the other", events),
			fmt.Sprintf("got   moved %d times", moved), fmt.Sprintf("want  moved %d times at most", events/10))
	}
}

// timesAsLong returns how many times as long it takes to frame data in one event as in
// several parts, in processor time. It tries again while that is too much.
func timesAsLong(data string, parts int, most float64) (times float64) {
	b := make([]byte, 0, 16*len(data))
	took := func(data string, events int) time.Duration {
		return step.Worked(func() {
			for range events {
				framing.Event{Data: data}.AppendText(b)
			}
		})
	}
	one, several := time.Hour, time.Hour
	for range 5 {
		several = min(several, max(took(data[:len(data)/parts], parts), time.Millisecond))
		one = min(one, took(data, 1))
		if times = float64(one) / float64(several); times <= most {
			break
		}
	}
	return times
}

// A stream is what part 4 sends: frames, which are appended to what is in a buffer before,
// and the bytes for which there is room in it.
type stream struct {
	before string
	room   int
	frames []frame
}

func (s stream) String() string {
	var calls []string
	for _, f := range s.frames {
		calls = append(calls, f.String())
	}
	text := strings.Join(calls, ", then ")
	if s.before != "" || s.room > 0 {
		text += fmt.Sprintf("; before that the buffer has %q and room for %d bytes", s.before, s.room)
	}
	return text
}

// A frame is an event or a comment, and the function that it is sent by.
type frame struct {
	by      string
	event   framing.Event
	comment string
}

func (f frame) String() string {
	if f.by == "AppendComment" {
		return f.by + " of " + brief(f.comment, 30, 20)
	}
	return f.by + " of " + show(f.event)
}

// appendTo appends f to b by the learner's code, and reports whether anything went out.
// It fails if that refuses, or does not refuse, what it should.
func (f frame) appendTo(tb testing.TB, b []byte) (longer []byte, went bool) {
	tb.Helper()
	if f.by == "AppendComment" {
		longer = framing.AppendComment(b, f.comment)
		f.isComment(tb, longer[min(len(b), len(longer)):])
		return longer, true
	}
	longer, err := b, error(nil)
	if f.by == "WriteTo" {
		var w writes
		_, err = f.event.WriteTo(&w)
		longer = append(b, bytes.Join(w.got, nil)...)
	} else {
		longer, err = f.event.AppendText(b)
	}
	fields := wrong(f.event)
	switch {
	case len(fields) == 0 && err != nil:
		step.Fail(tb, show(f.event)+" was refused: nothing is wrong with it", "got   "+says(err))
	case len(fields) > 0 && err == nil:
		step.Fail(tb, show(f.event)+" was not refused: no client reads what was meant, or none can send the ID back",
			"want  a *FieldError for "+strings.Join(fields, " or "))
	case len(fields) > 0:
		namesField(tb, f.event, err, fields...)
		if !bytes.Equal(longer, b) {
			step.Fail(tb, f.String()+" was refused, but the buffer is not what it was before",
				step.Compare("got  ", quote(longer), "want ", quote(b))...)
		}
	}
	return longer, err == nil
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

// isComment fails unless wire is a comment that has the lines of f's text, of which
// empty ones and spaces at the start do not count.
func (f frame) isComment(tb testing.TB, wire []byte) {
	tb.Helper()
	add := func(to []string, line string) []string {
		if line = strings.TrimLeft(line, " "); line != "" {
			to = append(to, line)
		}
		return to
	}
	var got, want []string
	client := parsing.NewDecoder(bytes.NewReader(wire))
	client.OnComment = func(line string) { got = add(got, line) }
	for range client.Events() {
	}
	for line := range strings.SplitSeq(lineEnds.Replace(f.comment), "\n") {
		want = add(want, line)
	}
	if !slices.Equal(got, want) {
		step.Fail(tb, f.String()+": the lines of the comment are not the lines of its text",
			"wire  "+quote(wire), fmt.Sprintf("reads %q", got), fmt.Sprintf("sent  %q", want))
	}
}

func drawStream(d *step.Dice) stream {
	return stream{
		before: step.Of(d, "", "data: earlier\n\n", "\r", "a\r\nb\r", "\n"),
		room:   step.Of(d, 0, 1, 20, 1000, 100_000),
		frames: step.Some(d, 4, drawFrame),
	}
}

func drawFrame(d *step.Dice) frame {
	by := step.Of(d, "AppendText", "WriteTo", "AppendComment")
	if by == "AppendComment" {
		return frame{by: by, comment: drawText(d)}
	}
	return frame{by: by, event: drawEvent(d)}
}

func drawEvent(d *step.Dice) framing.Event {
	field := []string{"a", "7", " ", ":", "\t", "é", "\u0080", "\u2028", "\uFEFF", "data: x", strings.Repeat("long", 300), "\n", "\r", "\x00", "\x7f"}
	return framing.Event{
		Data: drawText(d),
		ID:   d.Text(2, field...),
		Type: d.Text(2, field...),
		Retry: time.Duration(step.Of(d, 0, 1, d.Int(100_000)))*time.Millisecond +
			step.Of(d, 0, 0, 0, 0, time.Nanosecond, 999_999, -time.Nanosecond, -time.Hour),
	}
}

// drawText draws a text of any lines. Some of them end just before a size at which code
// may cut them.
func drawText(d *step.Dice) (text string) {
	type piece struct {
		size int
		text string
	}
	for _, p := range step.Some(d, 8, func(d *step.Dice) piece {
		return piece{
			step.Of(d, 1, 1, 1, 1, 1, 1, step.Of(d, 64, 512, 4096, 4096, 65536)),
			step.Of(d, "a", "\n", "\r", "\r\n", " ", ":", "data: x", "id: 9", "\uFEFF", "\x00", "\v\f\u0085\u2028", "<b>&amp;\\r", "世"),
		}
	}) {
		text += strings.Repeat("x", p.size-1-len(text)%p.size) + p.text
	}
	return text
}
