package parsing_test

import (
	"io"
	"strings"
	"testing"

	parsing "example.com/sseworkbook/solutions/03-parsing"
)

// events is how many events are decoded in one pass.
const events = 1000

// BenchmarkDecode decodes a stream of 1,000 events to its end.
func BenchmarkDecode(b *testing.B) {
	for _, shape := range []struct{ name, frame string }{
		{"small", "data: " + strings.Repeat("x", 33) + "\n\n"},
		{"json", "event: price\nid: 4711\ndata: {\"text\":\"" + strings.Repeat("x", 360) + "\"}\n\n"},
		{"lines", strings.Repeat("data: one line of several\n", 20) + "\n"},
	} {
		b.Run(shape.name, func(b *testing.B) {
			stream := strings.Repeat(shape.frame, events)
			b.SetBytes(int64(len(stream)))
			b.ReportAllocs()
			for b.Loop() {
				decode(b, strings.NewReader(stream))
			}
		})
	}
}

// decode reads all events of r.
func decode(b *testing.B, r io.Reader) {
	n := 0
	for _, err := range parsing.NewDecoder(r).Events() {
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
	if n != events {
		b.Fatalf("%d events came of %d", n, events)
	}
}
