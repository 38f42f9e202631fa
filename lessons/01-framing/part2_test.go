package framing_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
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
	refused(t, `AppendText must refuse a line break in an ID: sending it starts a new line, and removing it makes a different ID`, "id",
		framing.Event{ID: "7\ndata: forged", Data: "a"},
		framing.Event{ID: "7\rdata: forged", Data: "a"},
		framing.Event{ID: "7\r\n", Data: "a"},
		framing.Event{ID: "\r", Data: "a"},
		framing.Event{ID: "7\n", Type: "tick", Data: "a", Retry: time.Second})
	refused(t, `AppendText must refuse a line break in a Type: sending it starts a new line, and removing it makes a different Type`, "event",
		framing.Event{Type: "tick\ndata: forged", Data: "a"},
		framing.Event{Type: "tick\rdata: forged", Data: "a"},
		framing.Event{Type: "\n", Data: "a"},
		framing.Event{ID: "7", Type: "tick\n", Data: "a", Retry: time.Second})
}

// A browser ignores an ID that contains a NUL, and keeps the previous one. It keeps an
// ID with any other control character, but no header may contain one, except a tab:
// when a browser has to send the ID back, it gives up for good, and a Go client gets an
// error from net/http.
func TestAControlCharacterInAnIDIsRefused(t *testing.T) {
	defer step.Begin(t)()
	accepted(t, framing.Event{ID: "7", Data: "a"})
	refused(t, `AppendText must refuse a NUL in an ID: a browser ignores such an ID, and resumes from an older event after a reconnect`, "id",
		framing.Event{ID: "7\x00", Data: "a"},
		framing.Event{ID: "\x007", Data: "a"},
		framing.Event{ID: "7\x00", Type: "tick", Data: "a", Retry: time.Second})
	for _, c := range controls {
		refused(t, `AppendText must refuse a control character in an ID: an HTTP header cannot contain one, so the browser's next reconnect fails for good`, "id",
			framing.Event{ID: "7" + string(c), Data: "a"},
			framing.Event{ID: string(c) + "7", Data: "a"},
			framing.Event{ID: strings.Repeat("7", 5000) + string(c) + "7", Data: "a"})
	}
	accepted(t, framing.Event{ID: "a\tb", Data: "a tab is the only control character that a header may contain"})
	accepted(t, framing.Event{ID: "7\u0080\u0085\u009f\u2028\u2029é世", Data: "in UTF-8, no byte of this ID is a control character"})
	accepted(t, framing.Event{Type: "\x00\x1b\x7f\v\f\u0085\u2028", Data: "none of these ends a line, and a client never sends a type back in a header"})
	accepted(t, framing.Event{ID: longLine[:100_000], Type: longLine[:100_000], Data: "an ID and a Type have no maximum length"})
}

// "-5" is not all digits, so a browser ignores it, and you never find out. Half a
// millisecond would be sent as 0, and the browser would reconnect without a pause.
func TestAReconnectionTimeBelowAMillisecondIsRefused(t *testing.T) {
	defer step.Begin(t)()
	accepted(t, framing.Event{Retry: time.Millisecond})
	refused(t, `AppendText must refuse a negative Retry: a browser reads only digits, so it would ignore the field, and you would never find out`, "retry",
		framing.Event{Retry: -5 * time.Second},
		framing.Event{Retry: -1},
		framing.Event{Retry: math.MinInt64},
		framing.Event{ID: "7", Type: "tick", Data: "a", Retry: -time.Second})
	refused(t, `AppendText must refuse a Retry under 1 ms: sending 0 makes browsers reconnect without a pause, and sending no field hides the mistake`, "retry",
		framing.Event{Retry: 500 * time.Microsecond},
		framing.Event{Retry: 1},
		framing.Event{Retry: time.Millisecond - 1},
		framing.Event{ID: "7", Type: "tick", Data: "a", Retry: time.Millisecond / 2})
}

// A comment is a line that starts with a colon. Clients ignore it.
func TestACommentCannotBreakOut(t *testing.T) {
	defer step.Begin(t)()
	for _, text := range []string{"ping", ""} {
		wire := framing.AppendComment(nil, text)
		if !bytes.HasPrefix(wire, []byte(":")) || !bytes.Contains(wire, []byte(text)) {
			step.Fail(t, fmt.Sprintf("comment %q must go out as a line that starts with a colon and contains the text: even an empty comment keeps a connection alive",
				text), "wire  "+quote(wire))
		}
	}
	for _, text := range []string{"x\ndata: forged\n\n", "x\rdata: forged\r\r"} {
		browserReads(t, fmt.Sprintf("comment %q became an event: every line of a comment must start with a colon", text),
			framing.AppendComment(nil, text))
	}
	for _, text := range []string{"ping", "", "ping\n", "ping\r", "ping\r\n"} {
		wire := framing.AppendComment(appendText(t, framing.Event{Data: "a"}), text)
		wire, _ = framing.Event{Data: "b"}.AppendText(wire)
		browserReads(t, fmt.Sprintf("a browser must read the events before and after comment %q: AppendComment must keep what b holds, and end the comment's last line", text),
			wire, received{Data: "a"}, received{Data: "b"})
	}
}
