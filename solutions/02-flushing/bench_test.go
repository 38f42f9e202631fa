package flushing_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
)

// BenchmarkSend sends events one by one to a client that reads them from a socket.
func BenchmarkSend(b *testing.B) {
	event := framing.Event{Data: strings.Repeat("x", 100)}
	stream(b, func(s *flushing.Stream) error { return s.Send(event) })
}

// BenchmarkSendFrames is BenchmarkSend with an event that is already framed.
func BenchmarkSendFrames(b *testing.B) {
	frame, err := framing.Event{Data: strings.Repeat("x", 100)}.AppendText(nil)
	if err != nil {
		b.Fatal(err)
	}
	stream(b, func(s *flushing.Stream) error { return s.SendFrames(frame) })
}

// stream measures send in the handler of a real server.
func stream(b *testing.B, send func(*flushing.Stream) error) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := flushing.Open(w, r)
		if err != nil {
			b.Error(err)
			return
		}
		b.ReportAllocs()
		for b.Loop() {
			if err := send(s); err != nil {
				b.Error(err)
				return
			}
		}
	}))
	defer server.Close()
	resp, err := server.Client().Get(server.URL)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil { // to the end of the handler
		b.Fatal(err)
	}
}
