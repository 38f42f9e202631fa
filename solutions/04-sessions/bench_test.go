package sessions_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
)

// BenchmarkBroadcast queues an event for every session, and takes it out again.
func BenchmarkBroadcast(b *testing.B) {
	event := framing.Event{Data: strings.Repeat("x", 100)}
	for _, n := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			registry := sessions.NewRegistry(0)
			all := open(b, registry, n)
			b.ReportAllocs()
			for b.Loop() {
				if err := registry.Broadcast(event); err != nil {
					b.Fatal(err)
				}
				for _, s := range all {
					<-s.Frames()
				}
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
	registry := sessions.NewRegistry(0)
	open(b, registry, 1000)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		s, err := registry.Open(context.Background())
		if err != nil {
			b.Error(err)
			return
		}
		defer s.Close()
		for pb.Next() {
			if err := registry.Send(s.ID(), event); err != nil {
				b.Error(err)
				return
			}
			<-s.Frames()
		}
	})
}

// BenchmarkOpen opens a session and closes it, from several goroutines at once.
func BenchmarkOpen(b *testing.B) {
	registry := sessions.NewRegistry(0)
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
