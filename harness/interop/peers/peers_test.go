// Package peers holds the workbook against another library, tmaxmax/go-sse: the
// workbook's client reads that library's server, and that library reads the
// workbook's.
package peers

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	"github.com/tmaxmax/go-sse"
)

// hostile is data that looks like the wire itself.
const hostile = "a: b\n\nevent: forged\ndata: x\n : y\n\u2028\U0001F600 end "

// get returns the request for the stream of h, with the id of the event that the
// client had last.
func get(t *testing.T, h http.Handler, lastID string) *http.Request {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Last-Event-ID", lastID)
	return r
}

// The server has two events. Our client had the first one, and gets the second.
func TestTheWorkbooksClientReadsGoSSE(t *testing.T) {
	replayer, err := sse.NewFiniteReplayer(2, false)
	if err != nil {
		t.Fatal(err)
	}
	server := &sse.Server{Provider: &sse.Joe{Replayer: replayer}}
	t.Cleanup(func() { _ = server.Shutdown(context.Background()) })
	seen, next := &sse.Message{ID: sse.ID("1")}, &sse.Message{ID: sse.ID("2"), Type: sse.Type("tick"), Retry: 1500 * time.Millisecond}
	seen.AppendData("seen before")
	next.AppendComment("hello")
	next.AppendData(hostile)
	for _, message := range []*sse.Message{seen, next} {
		if err := server.Publish(message); err != nil {
			t.Fatal(err)
		}
	}

	source, err := parsing.Connect(&http.Client{}, get(t, server, "1"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { source.Close() })
	got, err := source.Decode()
	want := framing.Event{ID: "2", Type: "tick", Data: hostile}
	got.Retry = 0 // the client's own affair
	if err != nil || got != want {
		t.Errorf("go-sse sent\n%q, we read\n%q, %v", want, got, err)
	}
	if got, _ := source.ReconnectionTime(); got != 1500*time.Millisecond {
		t.Errorf("go-sse asked for 1.5s, we read %v", got)
	}
}

// And its client reads our server.
func TestGoSSEReadsTheWorkbooksServer(t *testing.T) {
	server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stream, err := flushing.Open(w, r)
		if err != nil {
			return
		}
		_ = stream.Comment("hello")
		_ = stream.Send(framing.Event{ID: "7", Type: "tick", Data: hostile}, framing.Event{Data: "end"})
	})
	response, err := http.DefaultClient.Do(get(t, server, "6"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	want := []sse.Event{{LastEventID: "7", Type: "tick", Data: hostile}, {LastEventID: "7", Data: "end"}}
	for got, err := range sse.Read(response.Body, nil) {
		if err != nil || len(want) == 0 || got != want[0] {
			t.Fatalf("go-sse read\n%q, %v, and we had still to send\n%q", got, err, want)
		}
		want = want[1:]
	}
	if len(want) > 0 {
		t.Errorf("go-sse did not read %q", want)
	}
}
