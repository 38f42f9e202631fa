package sessions_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
)

// A taken counts the frames that sessions hand over.
type taken struct{ sync.WaitGroup }

func (t *taken) SendFrames(frames ...[]byte) error {
	t.Add(-len(frames))
	return nil
}

// BenchmarkBroadcast queues an event for every session, and waits until all of
// them have handed it over.
func BenchmarkBroadcast(b *testing.B) {
	event := framing.Event{Data: strings.Repeat("x", 100)}
	for _, n := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var registry sessions.Registry
			var frames taken
			for _, s := range open(b, &registry, n) {
				go s.Pump(&frames) // ends with the session
			}
			b.ReportAllocs()
			for b.Loop() {
				frames.Add(n)
				if err := registry.Broadcast(event); err != nil {
					b.Fatal(err)
				}
				frames.Wait()
			}
		})
	}
}

// open opens n sessions, which end with the benchmark.
func open(b *testing.B, registry *sessions.Registry, n int) []*sessions.Session {
	all := make([]*sessions.Session, n)
	for i := range all {
		s, err := registry.Open(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		all[i] = s
	}
	return all
}

// BenchmarkSend sends to one session of many, from several goroutines at once.
func BenchmarkSend(b *testing.B) {
	event := framing.Event{Data: strings.Repeat("x", 100)}
	var registry sessions.Registry
	open(b, &registry, 1000)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		s, err := registry.Open(context.Background())
		if err != nil {
			b.Error(err)
			return
		}
		defer s.Close()
		var frames taken
		go s.Pump(&frames) // ends with the session
		for pb.Next() {
			frames.Add(1)
			if err := registry.Send(s.ID(), event); err != nil {
				b.Error(err)
				return
			}
			frames.Wait()
		}
	})
}

// BenchmarkOpen opens a session and closes it, from several goroutines at once.
func BenchmarkOpen(b *testing.B) {
	var registry sessions.Registry
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s, err := registry.Open(context.Background())
			if err != nil {
				b.Error(err)
				return
			}
			s.Close()
			<-s.Done()
		}
	})
	if n := registry.Len(); n != 0 {
		b.Fatalf("%d sessions are left", n)
	}
}
