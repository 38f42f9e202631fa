package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// BenchmarkRoundTrip asks the client of one session, and takes its answers: a
// request down the open stream, a response up. One op is one round trip, with 1
// and with 64 of them in flight. Server and client share the process, and speak
// HTTP/1.1 over loopback.
//
// Each question is a small JSON object with a number of its own, the answer is
// the same object, and every answer is compared with its question. All clients
// answer each question in a goroutine of its own, as one does whose answers take
// their time.
func BenchmarkRoundTrip(b *testing.B) {
	contenders := []struct {
		name  string
		start func(b *testing.B) asker
	}{
		{"ours", startOurs},
		{"limit-minimal", startMinimal},
		{"limit-bare", startBare},
		{"mcp", startMCP},
		{"websocket", startWebSocket},
	}
	for _, inFlight := range []int{1, 64} {
		b.Run(strconv.Itoa(inFlight), func(b *testing.B) {
			for _, c := range contenders {
				b.Run(c.name, func(b *testing.B) { roundTrips(b, inFlight, c.start(b)) })
			}
			for _, peer := range []string{"go-sse", "launchdarkly", "r3labs", "donovanhide"} {
				b.Run(peer, func(b *testing.B) { b.Skip("it sends only one way") })
			}
		})
	}
}

// An asker asks the client once and returns its answer, or gives up when ctx
// ends. It is safe for concurrent use.
type asker func(ctx context.Context, question []byte) (answer []byte, err error)

// roundTrips has b.N questions asked, inFlight of them at a time, and reports how
// many that is in a second, and how long the middle one and the slowest of a
// hundred have taken.
func roundTrips(b *testing.B, inFlight int, ask asker) {
	askMany(b, inFlight, ask, make([]time.Duration, inFlight)) // the connections are there then
	took := make([]time.Duration, b.N)
	b.ResetTimer()
	askMany(b, inFlight, ask, took)
	b.StopTimer()

	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "trips/s")
	b.ReportMetric(microseconds(took[len(took)/2]), "p50-µs")
	b.ReportMetric(microseconds(took[len(took)*99/100]), "p99-µs")
	b.ReportMetric(0, "ns/op") // says the same as trips/s: not shown
}

// askMany asks a question for each place in took, and notes there how long the
// answer took. Each of those who ask has a context of its own, as a request to an
// HTTP server has, and waits a minute at the most.
func askMany(b *testing.B, inFlight int, ask asker, took []time.Duration) {
	var next atomic.Int64
	var asking sync.WaitGroup
	for range inFlight {
		asking.Go(func() {
			ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
			defer cancel()
			for i := int(next.Add(1)) - 1; i < len(took); i = int(next.Add(1)) - 1 {
				question := fmt.Appendf(nil, `{"amount":%d}`, i)
				start := time.Now()
				answer, err := ask(ctx, question)
				took[i] = time.Since(start)
				if err != nil || !bytes.Equal(answer, question) {
					b.Errorf("asked %s: the answer is %q, %v", question, answer, err)
					return
				}
			}
		})
	}
	asking.Wait()
	if b.Failed() {
		b.FailNow()
	}
}

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// startOurs starts the server and the client of the workbook.
func startOurs(b *testing.B) asker {
	server := cleanup.NewServer()
	site := serve(b, server)
	endpoints := make(chan string, 1)
	client := &cleanup.Client{
		URL: site + "/events",
		Answerer: timeouts.Answerer{
			Client: newHTTPClient(b),
			Limit:  plenty,
			Handle: func(_ context.Context, _ string, params json.RawMessage) (any, error) {
				return params, nil
			},
			OnEvent: func(e framing.Event) {
				if e.Type == "endpoint" {
					endpoints <- e.Data
				}
			},
		},
	}
	inBackground(b, client.Run)

	endpoint, err := url.Parse(<-endpoints)
	if err != nil {
		b.Fatal(err)
	}
	session, ok := server.Sessions.Get(endpoint.Query().Get("session"))
	if !ok {
		b.Fatal("the session of the endpoint is not open")
	}
	return func(ctx context.Context, question []byte) ([]byte, error) {
		return server.Call(ctx, session, correlation.Request{Method: "approve", Params: question})
	}
}

// serve serves h on a free port of loopback until b ends, and returns its URL.
func serve(b *testing.B, h http.Handler) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: h} // no httptest.Server: that one locks for each request
	var serving sync.WaitGroup
	serving.Go(func() { server.Serve(listener) })
	b.Cleanup(serving.Wait)
	b.Cleanup(func() { server.Close() })
	return "http://" + listener.Addr().String()
}

// plenty is how many answers may be on their way, and how many connections are
// kept for them: so many that nobody waits for either. It is more than there are
// requests in flight, since the next question can come before the POST of the
// last answer has returned. By default, all but two of the connections would be
// closed after their answer.
const plenty = 128

func newHTTPClient(b *testing.B) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: plenty}
	b.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// inBackground runs a client until b ends, and waits for it.
func inBackground(b *testing.B, run func(context.Context) error) {
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := run(ctx); err != nil && ctx.Err() == nil {
			b.Errorf("the client ended: %v", err)
		}
	})
	b.Cleanup(running.Wait)
	b.Cleanup(stop)
}
