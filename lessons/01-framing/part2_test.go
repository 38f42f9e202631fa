package framing_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"example.com/sseworkbook/harness/step"
	framing "example.com/sseworkbook/lessons/01-framing"
)

// Part 2, nothing gets out.

// Data may have several lines; an ID and a Type may not. No field can carry a line
// break, so AppendText must refuse it.
func TestALineBreakInAnIDOrTypeIsRefused(t *testing.T) {
	defer step.Begin(t)()
	accepted(t, framing.Event{ID: "7", Type: "tick", Data: "a"})
	refused(t, `a line break in an ID: left in, a browser reads it as a line of its own; taken out, it is another ID`, "id",
		framing.Event{ID: "7\ndata: forged", Data: "a"},
		framing.Event{ID: "7\rdata: forged", Data: "a"},
		framing.Event{ID: "7\r\n", Data: "a"},
		framing.Event{ID: "\r", Data: "a"})
	refused(t, `a line break in a Type: left in, a browser reads it as a line of its own; taken out, it is another Type`, "event",
		framing.Event{Type: "tick\ndata: forged", Data: "a"},
		framing.Event{Type: "tick\rdata: forged", Data: "a"},
		framing.Event{Type: "\n", Data: "a"})
}

// A browser ignores an id that has a NUL in it, and keeps the id before. Any other
// control character it keeps, but no header may hold one, apart from a tab: when the
// browser sends the ID back, it gives up for good, and a Go client is told by
// net/http that it cannot.
func TestAControlCharacterInAnIDIsRefused(t *testing.T) {
	defer step.Begin(t)()
	accepted(t, framing.Event{ID: "7", Data: "a"})
	refused(t, `a NUL in an ID: a browser ignores such an id, and after a reconnect resumes from an older event`, "id",
		framing.Event{ID: "7\x00", Data: "a"},
		framing.Event{ID: "\x007", Data: "a"})
	for _, c := range controls {
		refused(t, `a control character in an ID: no header may hold it, so a browser that has to send it back gives up for good`, "id",
			framing.Event{ID: "7" + string(c), Data: "a"},
			framing.Event{ID: string(c) + "7", Data: "a"})
	}
	accepted(t, framing.Event{ID: "a\tb", Data: "a tab is the one that a header may hold"})
	accepted(t, framing.Event{ID: "7\u0080\u009fé世", Data: "in UTF-8 these have no byte that is a control character"})
	accepted(t, framing.Event{Type: "\x00\x1b\x7f", Data: "no client sends a type back"})
}

// "-5" is not digits, so a browser ignores it and you never learn of it. Half a
// millisecond would be sent as 0, and the browser would reconnect without a pause.
func TestAReconnectionTimeBelowAMillisecondIsRefused(t *testing.T) {
	defer step.Begin(t)()
	accepted(t, framing.Event{Retry: time.Millisecond})
	refused(t, `a negative Retry: a browser takes nothing but digits, ignores this, and you never learn of it`, "retry",
		framing.Event{Retry: -5 * time.Second},
		framing.Event{Retry: -1})
	refused(t, `a Retry under a millisecond: sent as 0, it makes a browser reconnect without a pause`, "retry",
		framing.Event{Retry: 500 * time.Microsecond},
		framing.Event{Retry: time.Millisecond - 1})
}

// A comment is a line that starts with a colon. Clients read past it.
func TestACommentCannotBreakOut(t *testing.T) {
	defer step.Begin(t)()
	for _, text := range []string{"ping", ""} {
		wire := framing.AppendComment(nil, text)
		if !bytes.HasPrefix(wire, []byte(":")) || !bytes.Contains(wire, []byte(text)) {
			step.Fail(t, fmt.Sprintf("comment %q: a comment is a line that starts with a colon, with the text after it; an empty one keeps a connection alive too",
				text), "wire  "+quote(wire))
		}
	}
	for _, text := range []string{"x\ndata: forged\n\n", "x\rdata: forged\r\r"} {
		browserReads(t, fmt.Sprintf("comment %q became an event: every line of a comment starts with a colon", text),
			framing.AppendComment(nil, text))
	}
	wire, _ := framing.Event{Data: "a"}.AppendText(framing.AppendComment(nil, "ping"))
	browserReads(t, "the event after a comment is lost: a comment must end its line", wire,
		received{Data: "a"})
}
