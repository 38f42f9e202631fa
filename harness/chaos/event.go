package chaos

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// reconnectionTime is in each event, so that a client which has one comes back soon.
const reconnectionTime = 10 * time.Millisecond

// meanFrame is about how many bytes an event of a run has on the wire.
const meanFrame = 250

// eventStream is which of a seed's random numbers are those of the events.
const eventStream = 0xe0e0

// words are what data is made of: characters of one to four bytes, and what breaks out
// of a frame if it is not framed well, or out of a decoder that knows only LF.
var words = []string{
	"plain", "grüße", "Ελληνικά γράμματα", "здравствуйте", "日本語の文字列です", "안녕하세요 여러분", "漢字仮名交じり文", "🙂🚀🎉🐢🌍", "👩‍👩‍👧‍👦", "e\u0301",
	"\n", "\r\n", "\r", "\n\ndata: forged\n\n", "\r\nid: 999\r\n", "\rretry: 9999999\r", "\n: no comment",
	"event: reset\ndata:\n\n", "\u2028", "\ufeff", "  spaces  ", "\t", "\x00",
}

// eventTypes are the types of the events; most have none.
var eventTypes = []string{"", "", "", "price", "größe"}

// newEvents returns the events that a run publishes. They depend on the seed alone.
func newEvents(seed uint64, n int) []framing.Event {
	random := rand.New(rand.NewPCG(seed, eventStream))
	events := make([]framing.Event, n)
	for i := range events {
		var data strings.Builder
		fmt.Fprintf(&data, "%d of %d", i+1, n)
		for range 2 + random.IntN(16) {
			data.WriteString(" " + words[random.IntN(len(words))])
		}
		events[i] = framing.Event{
			Type:  eventTypes[random.IntN(len(eventTypes))],
			Data:  data.String(),
			Retry: reconnectionTime,
		}
	}
	return events
}

// lineBreaks turns the line breaks in data into those that a client sees: whatever ended
// a line, it gets an LF (WHATWG HTML, section 9.2.6).
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")
