package framing_test

import (
	"strings"
	"testing"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// BenchmarkAppendText frames an event into a buffer that it reuses.
func BenchmarkAppendText(b *testing.B) {
	for _, shape := range []struct {
		name  string
		event framing.Event
	}{
		{"small", framing.Event{Data: strings.Repeat("x", 33)}},
		{"json", framing.Event{ID: "4711", Type: "price", Data: `{"text":"` + strings.Repeat("x", 360) + `"}`}},
		{"lines", framing.Event{Data: strings.Repeat("one line of several\n", 19) + "the last"}},
	} {
		b.Run(shape.name, func(b *testing.B) {
			buffer, err := shape.event.AppendText(nil)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(buffer)))
			b.ReportAllocs()
			for b.Loop() {
				buffer, _ = shape.event.AppendText(buffer[:0])
			}
		})
	}
}
