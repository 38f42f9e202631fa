package heartbeats_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	flushing "example.com/sseworkbook/solutions/02-flushing"
	heartbeats "example.com/sseworkbook/solutions/09-heartbeats"
)

// BenchmarkSend sends frames through a handler with heartbeats and one without: the
// difference is what heartbeats cost a busy stream.
func BenchmarkSend(b *testing.B) {
	frame := []byte("data: " + strings.Repeat("x", 100) + "\n\n")
	for name, interval := range map[string]time.Duration{"with": time.Minute, "without": 0} {
		b.Run(name, func(b *testing.B) {
			h := heartbeats.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s, err := flushing.Open(w, r)
				if err != nil {
					b.Error(err)
					return
				}
				for b.Loop() {
					if err := s.SendFrames(frame); err != nil {
						b.Error(err)
						return
					}
				}
			}), interval)
			b.ReportAllocs()
			server := httptest.NewServer(h)
			defer server.Close()
			resp, err := http.Get(server.URL)
			if err != nil {
				b.Fatal(err)
			}
			defer resp.Body.Close()
			io.Copy(io.Discard, resp.Body)
		})
	}
}

// BenchmarkRead reads a stream with a limit for silence and one without.
func BenchmarkRead(b *testing.B) {
	for name, transport := range map[string]http.RoundTripper{"with": &heartbeats.Transport{Base: endless{}}, "without": endless{}} {
		b.Run(name, func(b *testing.B) {
			resp, err := (&http.Client{Transport: transport}).Get("http://sse.test/events")
			if err != nil {
				b.Fatal(err)
			}
			defer resp.Body.Close()
			buffer := make([]byte, 4096)
			b.ReportAllocs()
			for b.Loop() {
				resp.Body.Read(buffer)
			}
		})
	}
}

// endless answers with a stream that never ends.
type endless struct{}

func (endless) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: io.NopCloser(endless{}), Request: r}, nil
}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
