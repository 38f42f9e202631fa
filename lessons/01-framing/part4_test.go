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

// Part 4, whatever comes. You write nothing new here.

// Whatever is sent, and whatever is already in the buffer, a client reads the events
// that were sent and no others, with LF for every line break.
func TestWhateverIsSentIsRead(t *testing.T) {
	defer step.Begin(t)()
	for size := 64; size <= 64<<10; size *= 2 { // at which code may split a text
		for _, start := range []int{0, len("data: ")} {
			text := strings.Repeat("x", size-start-1) + "\r\ny"
			browserReads(t, fmt.Sprintf("a line of %d bytes ends with CRLF: CRLF must arrive as one line break, even if your code cuts a long text between CR and LF", size-start-1),
				appendText(t, framing.Event{Data: text}), received{Data: lineEnds.Replace(text)})
		}
	}
	for _, end := range []string{"\n", "\r", "\r\n"} {
		for _, start := range []string{"", "x"} {
			data := start + strings.Repeat(end, 40_000)
			browserReads(t, fmt.Sprintf("Data is %q, then 40,000 copies of %q: each copy must arrive as one line break, even if your code splits a long text", start, end),
				appendText(t, framing.Event{Data: data}), received{Data: lineEnds.Replace(data)})
		}
		frame{by: "AppendComment", comment: strings.Repeat("x"+end, 5000)}.appendTo(t, nil)
	}
	frame{by: "AppendComment", comment: longLine + "\ny"}.appendTo(t, nil)
	browserReads(t, `an event contains the byte \xff, which is not UTF-8: AppendText must still send the event, because a browser reads that byte as U+FFFD`,
		appendText(t, framing.Event{ID: "7\xff", Type: "tick\xff", Data: "a\xffb"}), received{"tick\uFFFD", "a\uFFFDb", "7\uFFFD"})
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
			step.Fail(tb, fmt.Sprintf("these calls must not change the bytes that were already in the buffer: %s", s),
				step.Compare("got  ", quote(b), "want ", quote([]byte(s.before)))...)
		}
		wire := b[len(s.before):]
		browserReads(tb, fmt.Sprintf("a browser must read exactly what these calls sent: %s", s), wire, sent...)
		browserWaits(tb, fmt.Sprintf("a browser must read the reconnection time that these calls sent: %s", s), wire, wait)
	})
}

// A server frames events on many goroutines, and keeps the bytes of one event while it
// frames others.
func TestTwoEventsShareNothing(t *testing.T) {
	defer step.Begin(t)()
	one, two := framing.Event{ID: "1", Data: "one"}, framing.Event{ID: "2", Data: "two"}
	accepted(t, one)
	first := appendText(t, one)
	for i := range first {
		first[i] = 'x'
	}
	browserReads(t, "the caller overwrote the bytes that AppendText returned: the next AppendText of the same event must still return the right bytes",
		appendText(t, one), received{Data: "one", ID: "1"})
	first = appendText(t, one)
	for range many {
		appendText(t, two)
	}
	browserReads(t, fmt.Sprintf("AppendText framed one event, then %d others: the bytes that it returned for the first event must not change", many),
		first, received{Data: "one", ID: "1"})
	first, second := appendText(t, one), appendText(t, two)
	_ = append(first, "id: 3\ndata: three\n\n"...)
	browserReads(t, "AppendText framed events 1 and 2, then the caller appended to the bytes of event 1: the bytes of event 2 must not change",
		second, received{Data: "two", ID: "2"})
	comment := framing.AppendComment(nil, "one")
	kept := string(comment)
	framing.AppendComment(nil, "two")
	step.Equal(t, "AppendComment was called a second time: the bytes it returned for the first comment must not change", kept, string(comment))

	onlyOneFieldDiffers(t)
	errorsAreKept(t)
	framing.Event{ID: "\n"}.WriteTo(new(writes)) // after an error, too
	inWritersAtOnce(t, one, two)
	afterFailures(t)
	onManyGoroutines(t)
}

// many is more than the number of buffers that code may use in turn.
const many = 1000

// onlyOneFieldDiffers fails unless an event is framed from all its fields, even if the one
// before it is the same but for one field.
func onlyOneFieldDiffers(t *testing.T) {
	all := framing.Event{ID: "1", Type: "tick", Data: "a", Retry: time.Second}
	id, kind, data, retry := all, all, all, all
	id.ID, kind.Type, data.Data, retry.Retry = "2", "tock", "b", 2*time.Second
	for _, e := range []framing.Event{all, id, all, kind, all, data, all, retry, all, all} {
		var w writes
		e.WriteTo(&w)
		for _, wire := range [][]byte{appendText(t, e), bytes.Join(w.got, nil)} {
			browserReads(t, "two events differ in only one field: each event must go out with its own value of every field", wire, received{e.Type, e.Data, e.ID})
			browserWaits(t, "two events differ in only one field: each event must go out with its own value of every field", wire, e.Retry)
		}
	}
}

// errorsAreKept fails unless an error stays the same when more events are refused.
func errorsAreKept(t *testing.T) {
	var errs []error
	var texts []string
	for _, e := range []framing.Event{{ID: "\n"}, {ID: "\x00"}, {Type: "\n"}, {Retry: -1}, {Retry: 1}, {ID: "\n"}} {
		_, err := e.AppendText(nil)
		namesField(t, e, err, wrong(e)...)
		errs, texts = append(errs, err), append(texts, err.Error())
	}
	for i, err := range errs {
		step.Equal(t, "AppendText refused one event, and later refused others: the error for the first event must not change", texts[i], err.Error())
	}
}

// inWritersAtOnce fails unless each of two writers gets its own event when the second
// is sent while the first writer has not yet looked at its bytes.
func inWritersAtOnce(t *testing.T, one, two framing.Event) {
	var alone writes
	one.WriteTo(&alone)
	browserReads(t, "WriteTo must write the event, but a browser reads something else, or nothing", bytes.Join(alone.got, nil), received{Data: "one", ID: "1"})
	inner, outer := &writes{}, &writes{}
	outer.before = func() {
		for range many {
			inner.got = nil
			two.WriteTo(inner)
		}
	}
	one.WriteTo(outer)
	browserReads(t, "writer A was still writing event 1 when WriteTo sent event 2 to writer B: the bytes that A got must not change",
		bytes.Join(outer.got, nil), received{Data: "one", ID: "1"})
	browserReads(t, "writer A was still writing event 1 when WriteTo sent event 2 to writer B: B must get event 2",
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
			browserReads(t, "many goroutines framed events at once: each goroutine must get its own event, once from WriteTo and once from AppendText",
				wire, r, r)
		}
	}
}

// A line costs the same in an event of many lines as in one of a few, and a full buffer
// is not copied for every event.
func TestTwiceAsMuchIsTwiceTheWork(t *testing.T) {
	defer step.Begin(t)()
	accepted(t, framing.Event{Data: "a\nb"})
	growsAsAppendDoes(t)
	const lines, parts, most = 64 << 10, 32, 4
	const sentence = "AppendText and AppendComment together take far longer for one long text than for the same lines split over several texts: " +
		"perhaps your code scans all the remaining text at each line"
	for _, end := range []string{"\n", "\r", "\r\n"} {
		for _, last := range []string{"", "\n", "\r"} {
			sent := fmt.Sprintf("sent  strings.Repeat(%q, %d)+%q, as one text and as %d texts", end, lines, last, parts)
			done := step.OnHang(t, func() (string, []string) { return sentence, []string{sent} })
			if n := timesAsLong(strings.Repeat(end, lines)+last, parts, most); n > most {
				step.Fail(t, sentence, sent, fmt.Sprintf("got   %.0f times as long", n), fmt.Sprintf("want  about as long, at most %d times", most))
			}
			done()
		}
	}
}

// growsAsAppendDoes fails unless a buffer that gets one event after the other gets room
// for many at once.
func growsAsAppendDoes(t *testing.T) {
	const events = 2000
	event := framing.Event{Data: strings.Repeat("x", 500)}
	for b, i := []byte(nil), 1; i <= events; i++ {
		before := cap(b)
		b, _ = event.AppendText(b)
		if after := cap(b); before > 10_000 && before < after && after < before+before/8 {
			step.Fail(t, "AppendText made too little room when b was full: grow b with append, which adds a quarter or more each time",
				fmt.Sprintf("sent  %d events, one after the other", i),
				fmt.Sprintf("got   capacity %d (was %d)", after, before), fmt.Sprintf("want  capacity %d or more", before+before/8))
		}
	}
}

// timesAsLong returns how many times as long it takes to frame data in one event and one
// comment as in several parts, in processor time. It tries again while that is too much.
func timesAsLong(data string, parts int, most float64) (times float64) {
	b := make([]byte, 0, 16*len(data))
	took := func(data string, times int) time.Duration {
		return step.Worked(func() {
			for range times {
				framing.Event{Data: data}.AppendText(b)
				framing.AppendComment(b, data)
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

// A stream is what part 4 sends: frames, which are appended to a buffer, what that buffer
// holds before, and how many more bytes it has room for.
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
		text += fmt.Sprintf(" (buffer before: %q, spare capacity: %d)", s.before, s.room)
	}
	return text
}

// A frame is an event or a comment, and the name of the function that sends it.
type frame struct {
	by      string
	event   framing.Event
	comment string
}

func (f frame) String() string {
	if f.by == "AppendComment" {
		return f.by + "(" + brief(f.comment, 30, 20) + ")"
	}
	return show(f.event) + "." + f.by
}

// appendTo appends f to b with the learner's code, and reports whether anything went out.
// It fails if that code refuses a valid event, or accepts an invalid one.
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
		var n int64
		n, err = f.event.WriteTo(&w)
		longer = append(b, bytes.Join(w.got, nil)...)
		if want := len(longer) - len(b); err == nil && (n != int64(want) || len(w.got) != 1) {
			step.Fail(tb, "WriteTo must send the event in one Write and return how many bytes the writer took",
				"sent  "+show(f.event), fmt.Sprintf("got   returned %d (calls to Write: %d)", n, len(w.got)), fmt.Sprintf("want  returned %d (calls to Write: 1)", want))
		}
	} else {
		longer, err = f.event.AppendText(b)
	}
	fields := wrong(f.event)
	switch {
	case len(fields) == 0 && err != nil:
		step.Fail(tb, f.by+" refused an event, but nothing is wrong with it", "sent  "+show(f.event), "got   "+says(err))
	case len(fields) > 0 && err == nil:
		step.Fail(tb, f.by+" accepted an event that a client would misread, or whose ID the client could not send back",
			"sent  "+show(f.event), "want  a *FieldError for "+strings.Join(fields, " or "))
	case len(fields) > 0:
		namesField(tb, f.event, err, fields...)
		if !bytes.Equal(longer, b) {
			step.Fail(tb, f.by+" refused the event, so the bytes in the stream must not change",
				append([]string{"sent  " + show(f.event)}, step.Compare("got  ", quote(longer), "want ", quote(b))...)...)
		}
	}
	return longer, err == nil
}

// isComment fails unless wire is a comment with the lines of f's text. Empty lines, and
// spaces at the start of a line, do not count.
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
		step.Fail(tb, f.String()+" must send each line of its text as a comment line, but a client read different lines",
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
	field := []string{"a", "7", " ", ":", "\t", "é", "\u0080", "\u2028", "\uFEFF", "data: x", "A%d<+\\\"", strings.Repeat("long", 300), "\n", "\r", "\x00", "\x7f"}
	return framing.Event{
		Data: drawText(d),
		ID:   d.Text(2, field...),
		Type: d.Text(2, field...),
		Retry: time.Duration(step.Of(d, 0, 1, d.Int(100_000), 9_000_000_000_000))*time.Millisecond +
			step.Of(d, 0, 0, 0, 0, time.Nanosecond, 999_999, -time.Nanosecond, -time.Hour),
	}
}

// drawText draws a text of any lines. Some of them end just before a size at which code
// may split them.
func drawText(d *step.Dice) (text string) {
	type piece struct {
		size int
		text string
	}
	for _, p := range step.Some(d, 8, func(d *step.Dice) piece {
		return piece{
			step.Of(d, 1, 1, 1, 1, 1, 1, step.Of(d, 64, 512, 4096, 4096, 65536)),
			step.Of(d, "a", "\n", "\r", "\r\n", " ", ":", "data: x", "id: 9", "\uFEFF", "\x00", "\v\f\u0085\u2028", "<b>&amp;\\r\"", "A%d", "\t", "\x01\x1b\x7f", "世"),
		}
	}) {
		text += strings.Repeat("x", p.size-1-len(text)%p.size) + p.text
	}
	return text
}
