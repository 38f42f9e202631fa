package bench

import (
	"bytes"
	"strings"
	"testing"
)

// BenchmarkLongLine reads an event of one line that comes in reads of 3 KiB, as
// from a network. Whoever searches what is there again with each read takes a
// time that grows with the square of the length.
func BenchmarkLongLine(b *testing.B) {
	for _, c := range []struct {
		name string
		size int
	}{{"1MiB", 1 << 20}, {"10MiB", 10 << 20}} {
		b.Run(c.name, func(b *testing.B) {
			wire := []byte("data: " + strings.Repeat("x", c.size) + "\n\n")
			want := tally{events: 1, bytes: c.size}
			for _, p := range parsers {
				if p.name == "go-sse" && c.size > 1<<20 {
					cannot(b, p.name, "it takes about 20 s: its time grows with the square of the length")
					continue
				}
				b.Run(p.name, func(b *testing.B) {
					measure(b, 1, len(wire), func() {
						p.mustFind(b, want, pieces{bytes.NewReader(wire), 3 << 10})
					})
				})
			}
			cannot(b, "r3labs", noR3labsParser)
			cannot(b, "mcp", noMCPParser)
		})
	}
}
