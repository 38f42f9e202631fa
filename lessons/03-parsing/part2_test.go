package parsing_test

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"example.com/sseworkbook/harness/step"
	parsing "example.com/sseworkbook/lessons/03-parsing"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// Part 2, how the bytes arrive.

// A line ends at LF, at CRLF or at CR, and one stream may mix them.
func TestLinesEndWithLFOrCRLFOrCR(t *testing.T) {
	defer step.Begin(t)()
	for _, end := range []string{"\n", "\r\n", "\r"} {
		wantTypes(t, fmt.Sprintf("each line here ends with %q: Decode must return an event of type e, then a message", end),
			strings.ReplaceAll("event: e\ndata: a\ndata: b\n\ndata: c\n\n", "\n", end), `e "a\nb"`, `message "c"`)
	}
	wantData(t, "one stream may mix line endings: Decode must accept CR, then CRLF, then LF",
		"data: a\rdata: b\r\ndata: c\n\r\n", "a\nb\nc")
	wantData(t, "a CR and an LF are one line ending only if the LF follows directly: here, the CR and both LFs are three line endings",
		"data: a\rdata: b\n\n", "a\nb")
	wantData(t, "LF and then CR are two line endings: the second one must end the event",
		"data: a\n\rdata: b\n\n", "a", "b")
	wantData(t, "CRLF and then LF are two line endings: the second one must end the event",
		"data: a\r\n\ndata: b\r\n\n", "a", "b")
	wantData(t, "only LF and CR end a line: Decode must keep other line-breaking characters, such as U+2028, in the value",
		"data: a\vb\fc\u0085d\u2028e\n\n", "a\vb\fc\u0085d\u2028e")
}

// The network cuts the bytes anywhere, even between a CR and its LF, and a quiet
// connection may stay quiet for an hour. Every cut gives the same events, and a browser
// shows an event as soon as its blank line arrives: it cannot wait to see what
// follows a CR.
func TestNeitherACutNorAPauseChangesWhatIsRead(t *testing.T) {
	defer step.Begin(t)()
	wire := "id: 7\r\ndata: a\r\ndata: ä\r\n\r\nevent: e\rdata: c\r\rdata: d\n\n"
	want := reading{events: []framing.Event{
		{ID: "7", Type: "message", Data: "a\nä"}, {ID: "7", Type: "e", Data: "c"}, {ID: "7", Type: "message", Data: "d"},
	}, lastID: "7", retry: "0s, false", err: io.EOF}
	step.Equal(t, "the bytes came in one piece: Decode must return these three events, then io.EOF"+wireLine(wire), want, read(t, strings.NewReader(wire)))
	for at := range wire {
		step.Equal(t, "the same bytes gave a different result when they came in two pieces: does your code read the LF of a CRLF as another line?"+wireLine(wire[:at], wire[at:]),
			want, read(t, cut(wire, at)))
	}
	step.Equal(t, "the same bytes gave a different result when they came one at a time"+wireLine(wire),
		want, read(t, iotest.OneByteReader(strings.NewReader(wire))))
	step.Equal(t, "the same bytes gave a different result when the last Read returned bytes together with io.EOF"+wireLine(wire),
		want, read(t, iotest.DataErrReader(strings.NewReader(wire))))
	step.Equal(t, "the same bytes gave a different result when one Read returned no bytes and no error: that is not the end of the stream"+wireLine(wire[:9], wire[9:]),
		want, read(t, io.MultiReader(strings.NewReader(wire[:9]), &pause{}, strings.NewReader(wire[9:]))))

	for _, wire := range []string{"data: now\n\n", "data: now\r\n\r\n"} {
		wantAtOnce(t, "the blank line arrived and the connection is quiet: Decode must return the event without waiting for a full buffer or the end of the stream", wire, `"now"`)
	}
	for _, wire := range []string{"data: now\r\r", "data: now\r\n\r"} {
		wantAtOnce(t, "the blank line arrived and the connection is quiet: Decode must return the event without waiting for the byte after the CR", wire, `"now"`)
	}
	for _, wire := range []string{"data: a\n\ndata: b\n\n", "data: a\r\n\r\ndata: b\r\n\r\n"} {
		wantAtOnce(t, "two events arrived and the connection is quiet: Decode must return both without waiting for more", wire, `"a"`, `"b"`)
	}
	for _, wire := range []string{"data: a\n\ndata: b", "data: a\r\n\r\ndata: b\n", "data: a\r\r:"} {
		wantAtOnce(t, "an event arrived, and part of what follows it: Decode must return the event without waiting for the rest", wire, `"a"`)
	}
	wantAtAnySize(t)
	for _, wire := range []string{": ping\n", ": ping\r\n", ": ping\r", ": ping\ndata"} {
		wantAtOnce(t, "a comment arrived and the connection is quiet, but OnComment was not called: Decode must call it as soon as the line ends",
			wire, `comment "ping"`)
	}
	wantAtOnce(t, "a one-byte comment arrived and the connection is quiet, but OnComment was not called: is Decode waiting for a byte order mark?",
		":\n", `comment ""`)
}

// An event stream is UTF-8. It may begin with a byte order mark, which is not part of
// the first field. What is not UTF-8 becomes U+FFFD, the replacement character.
func TestTheStreamIsUTF8(t *testing.T) {
	defer step.Begin(t)()
	wantData(t, "a byte order mark at the start is not part of the first field's name: Decode must drop it",
		"\uFEFFdata: x\n\n", "x")
	wantData(t, "Decode must drop only the first byte order mark: a second one is part of the field name, so a browser ignores that line",
		"\uFEFF\uFEFFdata: x\n\ndata: y\n\n", "y")
	wantData(t, "later in the stream, U+FEFF is a normal character: here it is part of the field name, so a browser ignores that line",
		"data: x\n\n\uFEFFdata: y\n\n", "x")
	wantData(t, "a byte order mark counts only at the very start: after a blank line, U+FEFF is part of the field name",
		"\n\uFEFFdata: x\n\ndata: y\n\n", "y")
	wantData(t, "Decode must drop only a whole byte order mark: its first two bytes alone are part of the field name, so a browser ignores that line",
		"\xef\xbbdata: x\n\ndata: y\n\n", "y")
	wantData(t, "in a value, U+FEFF is a normal character: Decode must keep it",
		"data: \uFEFFx\n\n", "\uFEFFx")
	wantData(t, "the byte FF never occurs in UTF-8: Decode must replace each FF with a separate U+FFFD",
		"data: a\xffb\xff\xff\n\n", "a\uFFFDb\uFFFD\uFFFD")
	wantData(t, "only two bytes of a three-byte character arrived: Decode must replace these two with one U+FFFD",
		"data: \xe2\x82\n\n", "\uFFFD")
	wantEach(t, "a type is text too: Decode must replace invalid bytes with U+FFFD, even if the same type comes again",
		strings.Repeat("event: \xff\xff\ndata: x\n\n", 2), typeOf, "\"\uFFFD\uFFFD\"", "\"\uFFFD\uFFFD\"")
	wantLastID(t, "an id is text too: Decode must replace invalid bytes with U+FFFD",
		"id: \xff\xff\ndata: x\n\n", "\uFFFD\uFFFD")
	wantLog(t, "a comment is text too: Decode must replace invalid bytes with U+FFFD",
		": \xff\xff\n", "comment \"\uFFFD\uFFFD\"")
}

// In a browser, only its memory limits a line. A Go program needs a limit, and
// one that real events do not reach. MaxEventSize is zero unless it was set.
func TestALongLineIsReadAndAnEndlessOneIsRefused(t *testing.T) {
	defer step.Begin(t)()
	const zero = "MaxEventSize is 0, which means DefaultMaxEventSize: "
	wantSize(t, zero+"Decode must accept a line of 64 KiB and one byte", 0, 1, 64<<10+1, nil)
	wantSize(t, zero+"Decode must accept a line of 1 MiB", 0, 1, 1<<20, nil)
	wantSize(t, "MaxEventSize is negative, which means no limit: Decode must accept a line of 64 KiB", -1, 1, 64<<10, nil)
	long := strings.Repeat("a long name ", 1000)
	wantEach(t, "a type and an id may be as long as any line: Decode must return both in full", "event: "+long+"\nid: "+long+"\ndata: x\n\n", full,
		full(framing.Event{Type: long, ID: long, Data: "x"}))
	wantSize(t, "MaxEventSize is negative, which means no limit: Decode must accept a line of 64 KiB", math.MinInt, 1, 64<<10, nil)
	wantSize(t, "MaxEventSize is the largest int: Decode must accept an event of 64 KiB, and allocate only what the event needs, not what the limit allows", math.MaxInt, 1, 64<<10, nil)
	wantSize(t, "MaxEventSize is 2,000, and a line of 1,998 bytes fits even with its line ending: Decode must accept the line", 2000, 1, 1998, nil)
	wantSize(t, "MaxEventSize is 100, and an event's 30 data lines of one byte each are only 60 bytes with their line feeds: Decode must accept the event", 100, 30, len("data: x"), nil)
	wantSize(t, "MaxEventSize is 10,000: Decode must accept an event of 5,000 bytes", 10_000, 5, 1000, nil)

	wantLinear(t, "a line eight times as long took over 24 times the memory: does your code copy the line again with each piece that arrives?", func(size int) io.Reader {
		return pieces{strings.NewReader("data: " + strings.Repeat("x", size) + "\n\n")}
	})
	wantLinear(t, "an event with eight times as many lines took over 24 times the memory: does your code copy the event again with each line?", func(size int) io.Reader {
		return strings.NewReader(strings.Repeat("data: "+strings.Repeat("x", 249)+"\n", size/256) + "\n")
	})
	wantMany(t, "MaxEventSize limits each event, not the whole stream: Decode must return all 100 events, none of which is too large", "data: "+strings.Repeat("x", 1000)+"\n\n", 100)
	wantMany(t, "comments are not part of an event: MaxEventSize must not limit their total, because a quiet stream may send comments for days", ": "+strings.Repeat("x", 1000)+"\n", 0)
	for _, tell := range []func(string){nil, func(string) {}} {
		wantForgotten(t, tell)
		wantSkipped(t, "", tell)
		wantSkipped(t, "\n", tell)
	}
	wantNoRoom(t)

	line := "data: " + strings.Repeat("x", 1000)
	wantTooLarge(t, "a peer sends a line that never ends: Decode must refuse it instead of filling the memory", 1<<20, line)
	wantTooLarge(t, "a peer sends an event that never ends: Decode must refuse it instead of filling the memory", 1<<20, line+"\n")
	for _, field := range []string{": ", "event: ", "id: ", "retry: "} {
		wantTooLarge(t, "a peer sends a line that never ends: Decode must refuse it, no matter which field the line begins with", 1<<20, field+line)
	}
	wantSize(t, zero+"Decode must accept an event slightly smaller than that", 0, 2, parsing.DefaultMaxEventSize/2-8, nil)
	wantSize(t, zero+"Decode must refuse a larger event", 0, 2, parsing.DefaultMaxEventSize/2+8, parsing.ErrEventTooLarge)
	wantSize(t, "MaxEventSize is 500: Decode must refuse a line of 1,000 bytes", 500, 1, 1000, parsing.ErrEventTooLarge)
	wantSize(t, "MaxEventSize is 2,000, and a line has 2,001 bytes: Decode must refuse the line", 2000, 1, 2001, parsing.ErrEventTooLarge)
	wantSize(t, "MaxEventSize is 2,000: Decode must refuse an event with five lines of 1,000 bytes", 2000, 5, 1000, parsing.ErrEventTooLarge)
	wantSize(t, "MaxEventSize is 100: Decode must refuse an event with 1,000 empty data lines, because each adds a line feed to the data", 100, 1000, len("data: "), parsing.ErrEventTooLarge)
	wantSize(t, "MaxEventSize is 2,000, and an event has 1,000 bytes of data, then a line of 1,005 bytes: Decode must refuse the event, because 2,005 bytes are too many", 2000, 2, 1005, parsing.ErrEventTooLarge)
	for _, end := range []string{"\n", "\r", "\r\n"} {
		wantRefused(t, end)
	}
	for _, limit := range []int{10, 100, 5000, 70_000} {
		wantRefusedAtOnce(t, limit, "", "data: ")
		wantRefusedAtOnce(t, limit, "", ": ")
		wantRefusedAtOnce(t, limit-len("a\n"), "data: a\n", "data: ")
		wantRefusedAtOnce(t, limit-len("a\n"), "data: a\r\n", "event: ")
		wantRefusedAtOnce(t, limit, ": ping\r", "unknown")
	}
}

// wantRefusedAtOnce sends lines, and then a line that starts with field, of which one byte
// more arrives than there is room for under the limit.
func wantRefusedAtOnce(t *testing.T, room int, lines, field string) {
	t.Helper()
	limit := room + 2*strings.Count(lines, "data: a") // of which each leaves "a\n"
	wire := lines + (field + strings.Repeat("x", room))[:room+1]
	for _, pieces := range [][]string{{wire}, {wire[:len(wire)-1], wire[len(wire)-1:]}} {
		want := fmt.Sprint("then ", parsing.ErrEventTooLarge)
		if got := whileOpen(t, limit, pieces...); !slices.Contains(got, want) {
			step.Fail(t, fmt.Sprintf("MaxEventSize is %d, and the peer sent one byte too many, then nothing (reads: %d): Decode must refuse the event at once, or a peer that stalls keeps Decode waiting forever", limit, len(pieces)),
				fmt.Sprintf("sent %q and %d bytes of a line that starts with %q", lines, room+1, field), fmt.Sprintf("got  %v", got), "want "+want)
		}
	}
}

// wantRefused reads an event that is too large, after one that is not. Their lines end with
// this.
func wantRefused(t *testing.T, end string) {
	t.Helper()
	wire := "id: 1\ndata: a\n\nid: 2\ndata: " + strings.Repeat("x", 1000) + "\n\n"
	d := parsing.NewDecoder(strings.NewReader(strings.ReplaceAll(wire, "\n", end)))
	d.MaxEventSize = 500
	if _, err := d.Decode(); err != nil {
		step.Fail(t, "MaxEventSize is 500 and the first event has only 1 byte of data, but Decode did not return it", fmt.Sprintf("got  %v", err))
	}
	_, err := d.Decode()
	step.ErrorIs(t, fmt.Sprintf("MaxEventSize is 500 and the second event has 1,000 bytes of data in lines that end with %q, but Decode did not refuse it", end), parsing.ErrEventTooLarge, err)
	step.Equal(t, "the event with id 2 was too large: LastEventID() must still be 1, the id of the event before it", "1", d.LastEventID())
}

// wantAtOnce sends wire down a connection that then stays quiet, and wants these events and
// comments before anything else happens. The sentence is for when none came.
func wantAtOnce(t *testing.T, sentence, wire string, want ...string) {
	t.Helper()
	got := whileOpen(t, 0, wire)
	if len(got) > 0 {
		sentence = "the bytes arrived and the connection is quiet: Decode must process them at once, as a browser does"
	}
	step.Equal(t, sentence+wireLine(wire), append(list{}, want...), got)
	for at := 1; at < len(wire); at++ {
		step.Equal(t, "the same bytes arrived in two pieces: Decode must process the second piece at once too"+wireLine(wire[:at], wire[at:]),
			append(list{}, want...), whileOpen(t, 0, wire[:at], wire[at:]))
	}
}

// whileOpen sends the pieces down a connection that then stays quiet, and returns the
// events, comments and error that came before anything else happened.
func whileOpen(t *testing.T, limit int, pieces ...string) (now list) {
	t.Helper()
	step.Bubble(t, func(t *testing.T) {
		r, w := io.Pipe()
		d, got, decode := logged(r)
		d.MaxEventSize = limit
		var both sync.WaitGroup // both end when w is closed
		both.Go(func() {
			for _, piece := range pieces {
				io.WriteString(w, piece)
			}
		})
		both.Go(func() {
			err := decode()
			for err == nil && len(*got) < 10 {
				err = decode()
			}
			if errors.Is(err, parsing.ErrEventTooLarge) {
				err = parsing.ErrEventTooLarge // without what wraps it
			}
			*got = append(*got, fmt.Sprint("then ", err))
			r.Close()
		})
		synctest.Wait() // both are stuck until the next byte comes
		for _, entry := range *got {
			now = append(now, strings.TrimPrefix(entry, "event "))
		}
		w.Close()
		both.Wait()
	})
	return now
}

// wantSize reads an event of this many lines, each of size bytes, and wants Decode to accept
// it, or to return the error want if that is not nil.
func wantSize(t *testing.T, sentence string, limit, lines, size int, want error) {
	t.Helper()
	line := "data: " + strings.Repeat("x", size-len("data: ")) + "\n"
	d := parsing.NewDecoder(strings.NewReader(strings.Repeat(line, lines) + "\n"))
	d.MaxEventSize = limit
	event, err := d.Decode()
	shown := fmt.Sprintf("got  %d bytes of data, %v", len(event.Data), err)
	switch data := lines*(len(line)-len("data: ")) - len("\n"); {
	case want == nil && (err != nil || len(event.Data) != data):
		step.Fail(t, sentence, shown, fmt.Sprintf("want %d bytes of data, %v", data, error(nil)))
	case !errors.Is(err, want):
		step.Fail(t, sentence, shown, fmt.Sprintf("want an error that wraps %q", want))
	}
	if _, again := d.Decode(); again != err && want != nil {
		step.Fail(t, "an event was too large: Decode must return the same error on every later call, and not read on",
			fmt.Sprintf("got  %v", again), fmt.Sprintf("want %v", err))
	}
}

// wantLinear reads a stream in two sizes, and the larger is eight times the smaller. It
// takes about eight times the memory, but about 64 times if each piece copies again what
// is there already.
func wantLinear(t *testing.T, sentence string, stream func(size int) io.Reader) {
	t.Helper()
	used := func(size int) (least uint64) {
		least = math.MaxUint64
		for range 2 {
			r := stream(size)
			before := allocated()
			read(t, r)
			least = min(least, allocated()-before)
		}
		return least
	}
	const small, large = 32 << 10, 256 << 10
	if s, l := used(small), used(large); l > 24*s {
		step.Fail(t, sentence, fmt.Sprintf("allocated %d KiB for an event of %d KiB", s>>10, small>>10),
			fmt.Sprintf("allocated %d KiB for an event of %d KiB", l>>10, large>>10))
	}
}

// wantMany reads a stream that is larger than MaxEventSize, although none of its
// hundred parts is.
func wantMany(t *testing.T, sentence, part string, events int) {
	t.Helper()
	d := parsing.NewDecoder(strings.NewReader(strings.Repeat(part, 100)))
	d.MaxEventSize = 64 << 10
	got := 0
	_, err := d.Decode()
	for ; err == nil; _, err = d.Decode() {
		got++
	}
	step.Equal(t, sentence, fmt.Sprintf("%d events, then EOF", events), fmt.Sprintf("%d events, then %v", got, err))
}

// wantForgotten reads many events that differ in every field and comment. Anything that the
// decoder keeps of each one adds up.
func wantForgotten(t *testing.T, tell func(comment string)) {
	t.Helper()
	const events, most = 5000, 256 << 10
	n := 0
	d := parsing.NewDecoder(&frames{next: func() string {
		n++
		return fmt.Sprintf("event: %0100[1]d\nid: %0100[1]d\n: %0100[1]d\nretry: %0100[1]d\nx%0100[1]d: x\ndata: %0100[1]d\n\n", n)
	}})
	d.OnComment = tell
	decode := func(events int) (kept int) {
		for range events {
			if _, err := d.Decode(); err != nil {
				step.Fail(t, "the stream has not ended, but Decode returned an error", fmt.Sprintf("got  %v, after %d events", err, n))
			}
		}
		_, kept = step.Memory()
		return kept
	}
	before := decode(100)
	if kept := decode(events); kept > before+most {
		step.Fail(t, "the decoder's memory grew with each event: this memory must not keep growing, because a stream may last for days", setOrNot(tell),
			fmt.Sprintf("grew by %d KiB with %d events", (kept-before)>>10, events), fmt.Sprintf("want at most %d KiB", most>>10))
	}
	runtime.KeepAlive(d)
}

// wantSkipped reads a stream that has no data for a long time, and whose groups of lines
// end with this. MaxEventSize is small, and anything that the decoder keeps of each group
// adds up.
func wantSkipped(t *testing.T, end string, tell func(comment string)) {
	t.Helper()
	const groups, most = 5000, 256 << 10
	n, before, after := 0, 0, 0
	d := parsing.NewDecoder(&frames{next: func() string {
		switch n++; n {
		case 100:
			_, before = step.Memory()
		case groups:
			_, after = step.Memory()
			return "data: x\n\n"
		}
		return fmt.Sprintf(": %0100[1]d\nevent: %0100[1]d\nid: %0100[1]d\nretry: %0100[1]d\nretry: x%0100[1]d\nx%0100[1]d: x\n", n) + end
	}})
	d.MaxEventSize, d.OnComment = 300, tell
	event, err := d.Decode()
	step.Equal(t, fmt.Sprintf("comments and fields other than data arrived for days (with %q after every six lines), then event x: Decode must return x, because none of the lines before it counts as data", end),
		list{`"x", <nil>`}, list{fmt.Sprintf("%q, %v", event.Data, err)})
	if after > before+most {
		step.Fail(t, "no data arrived, but the decoder's memory grew: Decode must not keep lines that it has handled, because a stream may be quiet for days", setOrNot(tell),
			fmt.Sprintf("grew by %d KiB with %d lines", (after-before)>>10, 6*groups), fmt.Sprintf("want at most %d KiB", most>>10))
	}
}

// setOrNot says whether a decoder with this OnComment tells its comments.
func setOrNot(tell func(string)) string {
	return fmt.Sprintf("OnComment is set: %v", tell != nil)
}

// wantNoRoom reads a small event with a large limit.
func wantNoRoom(t *testing.T) {
	t.Helper()
	for _, limit := range []int{0, 64 << 20} {
		before := allocated()
		d := parsing.NewDecoder(strings.NewReader("data: x\n\n"))
		d.MaxEventSize = limit
		d.Decode()
		if used := allocated() - before; used > 1<<20 {
			step.Fail(t, fmt.Sprintf("MaxEventSize is %d and the event is small: Decode must allocate only what the event needs, not what the limit allows", limit),
				fmt.Sprintf("allocated %d KiB", used>>10), "want at most 1024 KiB")
		}
	}
}

// wantTooLarge reads from a peer that sends text again and again. A limit of 0 means
// the default.
func wantTooLarge(t *testing.T, sentence string, limit int, text string) {
	t.Helper()
	atMost := cmp.Or(limit, parsing.DefaultMaxEventSize)
	peer := &endless{text: text, size: 4 * atMost}
	d := parsing.NewDecoder(peer)
	d.MaxEventSize, d.OnComment = limit, func(string) {}
	_, err := d.Decode()
	if !errors.Is(err, parsing.ErrEventTooLarge) || peer.sent > 3*atMost {
		step.Fail(t, sentence, fmt.Sprintf("got  %v, after %d KiB", err, peer.sent>>10),
			fmt.Sprintf("want %v, after %d KiB", parsing.ErrEventTooLarge, atMost>>10))
	}
}
