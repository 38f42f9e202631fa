package backpressure_test

import (
	"fmt"
	"strings"
	"testing"

	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	backpressure "example.com/sseworkbook/solutions/10-backpressure"
)

// BenchmarkFull broadcasts to one session whose client reads nothing: what that costs each
// broadcast, under each policy.
func BenchmarkFull(b *testing.B) {
	limit := new(backpressure.Limit)
	for _, policy := range []struct {
		name   string
		decide sessions.Policy
	}{
		{"Refuse", limit.Refuse}, {"DropOldest", limit.DropOldest}, {"KeepLatest", limit.KeepLatest},
	} {
		b.Run(policy.name, func(b *testing.B) {
			registry := sessions.Registry{Policy: policy.decide}
			if _, err := registry.Open(b.Context()); err != nil {
				b.Fatal(err)
			}
			var events []framing.Event
			for i := range 10 * backpressure.DefaultSize {
				events = append(events, framing.Event{ID: fmt.Sprint(i), Type: fmt.Sprint("key ", i), Data: strings.Repeat("x", 100)})
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := registry.Broadcast(events[i%len(events)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRoom is the same with room for all: what a policy costs when there is no need
// of it.
func BenchmarkRoom(b *testing.B) {
	limit := new(backpressure.Limit)
	next, _ := framing.Event{ID: "1", Data: strings.Repeat("x", 100)}.AppendText(nil)
	waiting := make([][]byte, 0, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := limit.DropOldest(waiting, next); err != nil {
			b.Fatal(err)
		}
	}
}
