package reconnection_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	reconnection "example.com/sseworkbook/solutions/08-reconnection"
)

// BenchmarkPublish publishes to no session: what the log costs is the difference from
// lesson 04's Broadcast.
func BenchmarkPublish(b *testing.B) {
	event := framing.Event{Data: strings.Repeat("x", 100)}
	log := reconnection.NewLog(new(sessions.Registry), 1000)
	b.ReportAllocs()
	for b.Loop() {
		if err := log.Publish(event); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReplay serves a HEAD request, which opens a session and looks up what its
// client missed, but sends nothing.
func BenchmarkReplay(b *testing.B) {
	for _, missed := range []int{0, 100, 1000} {
		b.Run(fmt.Sprint(missed), func(b *testing.B) {
			log := reconnection.NewLog(new(sessions.Registry), 1000)
			first := log.LastID()
			for range missed {
				if err := log.Publish(framing.Event{Data: strings.Repeat("x", 100)}); err != nil {
					b.Fatal(err)
				}
			}
			r := httptest.NewRequest(http.MethodHead, "/events", nil)
			r.Header.Set("Last-Event-ID", first)
			b.ReportAllocs()
			for b.Loop() {
				log.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
