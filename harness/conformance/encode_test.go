package conformance_test

import (
	"bytes"
	"cmp"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// The grammar of 9.2.5, as far as an encoder needs it: any-char is everything
// but LF and CR, and our lines end with LF.
var (
	eventGrammar   = regexp.MustCompile(`(?s)\A((event|id|retry|data): ?[^\n\r]*\n)+\n\z`)
	commentGrammar = regexp.MustCompile(`(?s)\A(:[^\n\r]*\n)+\z`)
)

// hostile are texts that want to get out of their field.
var hostile = []string{
	"", " ", "  x ", "x", "a\nb", "a\rb", "a\r\nb", "a\n\rb", "\n", "\r", "\r\n", "\n\n", "\r\r", "a\n", "\na",
	"data: x", "a\ndata: b", "a\n\ndata: b", "a\r\rdata: b", "\nid: 9", ":", ": x", "a\x00b", "\uFEFF", "\uFEFFdata: x",
	"\xFF", "\xE2\x82", "ä€😀", "\u2028", "\t", "[1,\n 2]", strings.Repeat("x", 70_000), strings.Repeat("\n", 5000),
}

// TestWhatIsEncodedIsReadAsItWas sends each of the hostile texts as data, as a
// type, as an id and as a comment.
func TestWhatIsEncodedIsReadAsItWas(t *testing.T) {
	for _, text := range hostile {
		checkEvent(t, framing.Event{Data: text})
		checkEvent(t, framing.Event{Type: text, Data: "x"})
		checkEvent(t, framing.Event{ID: text, Data: "x"})
		checkEvent(t, framing.Event{ID: text, Type: text, Data: text, Retry: 10 * time.Millisecond})
		checkComment(t, text)
	}
	for _, retry := range []time.Duration{-1, 0, 1, time.Millisecond - 1, time.Millisecond, 1500 * time.Microsecond, maxRetry, -time.Hour} {
		checkEvent(t, framing.Event{Data: "x", Retry: retry})
	}
}

// FuzzWhatIsEncodedIsReadAsItWas does the same with whatever it finds.
func FuzzWhatIsEncodedIsReadAsItWas(f *testing.F) {
	f.Add("1", "tick", "a\r\nb", int64(time.Second))
	f.Add(" ", "\xE2\x82", "\xE2\r\x82\n", int64(-1))
	f.Add("a\x00", "a\nb", ":\uFEFF", int64(1))
	f.Fuzz(func(t *testing.T, id, typ, data string, retry int64) {
		checkEvent(t, framing.Event{ID: id, Type: typ, Data: data, Retry: time.Duration(retry)})
		checkComment(t, data)
	})
}

// checkEvent encodes e, reads it back, and reads another event behind it.
func checkEvent(t *testing.T, e framing.Event) {
	t.Helper()
	wire, err := e.AppendText([]byte("earlier"))
	if field := refusedField(e); field != "" {
		refused, ok := errors.AsType[*framing.FieldError](err)
		require.True(t, ok, "%+q: the field %s cannot be sent", e, field)
		require.Equal(t, field, refused.Field)
		require.Equal(t, "earlier", string(wire), "%+q was refused", e)
		return
	}
	require.NoError(t, err, "%+q", e)
	wire = bytes.TrimPrefix(wire, []byte("earlier"))
	require.Regexp(t, eventGrammar, string(wire))

	got := read(t, bytes.NewReader(append(wire, "data: next\n\n"...)))
	id := decodeUTF8(e.ID)
	require.Equal(t, []framing.Event{
		{ID: id, Type: decodeUTF8(cmp.Or(e.Type, "message")), Data: decodeUTF8(unixLines(e.Data))},
		{ID: id, Type: "message", Data: "next"},
	}, got.events, "%q", wire)
	require.Equal(t, id, got.lastID)
	require.Equal(t, e.Retry.Truncate(time.Millisecond), got.retry)
}

// checkComment reads a comment in the middle of an event.
func checkComment(t *testing.T, text string) {
	t.Helper()
	comment := framing.AppendComment(nil, text)
	require.Regexp(t, commentGrammar, string(comment))
	got := read(t, strings.NewReader("data: a\n"+string(comment)+"data: b\n\n"))
	require.Equal(t, []framing.Event{{Type: "message", Data: "a\nb"}}, got.events, "%q", comment)
	require.Empty(t, got.lastID)
}

// refusedField names the first field, in the order of the wire, that no reader
// could take as it is; "" when all are fine.
func refusedField(e framing.Event) string {
	switch {
	case strings.ContainsAny(e.Type, "\n\r"):
		return "event"
	case strings.ContainsAny(e.ID, "\n\r\x00"):
		return "id"
	case e.Retry < 0 || e.Retry > 0 && e.Retry < time.Millisecond:
		return "retry"
	}
	return ""
}

func unixLines(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}
