package cleanup_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	framing "example.com/sseworkbook/solutions/01-framing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// BenchmarkCall asks a client over real connections, with as many requests on
// their way at once as its name says.
func BenchmarkCall(b *testing.B) {
	params := json.RawMessage(`{"amount":120}`)
	for _, n := range []int{1, 64} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			server := connect(b, n)
			session := server.Sessions.All()[0]
			b.ReportAllocs()
			b.ResetTimer()
			b.SetParallelism((n + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := server.Call(b.Context(), session, correlation.Request{Method: "approve", Params: params}); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// connect starts a server and a client that answers with what it was asked, n
// requests at once. Both end with the benchmark.
func connect(b *testing.B, n int) *cleanup.Server {
	server := cleanup.NewServer()
	web := httptest.NewServer(server)
	transport := &http.Transport{MaxIdleConnsPerHost: n}
	first := make(chan framing.Event, 1)
	client := &cleanup.Client{
		URL: web.URL + "/events",
		Answerer: timeouts.Answerer{
			Client: &http.Client{Transport: transport},
			Limit:  n,
			OnEvent: func(e framing.Event) {
				select {
				case first <- e:
				default:
				}
			},
			Handle: func(_ context.Context, _ string, params json.RawMessage) (any, error) { return params, nil },
		},
	}
	ended := make(chan error, 1)
	go func() { ended <- client.Run(context.Background()) }()
	b.Cleanup(func() {
		if err := server.Shutdown(context.Background()); err != nil {
			b.Error(err)
		}
		<-ended
		transport.CloseIdleConnections()
		web.Close()
	})
	select {
	case <-first: // the endpoint: the session is open
	case err := <-ended:
		b.Fatalf("the client did not get a session: %v", err)
	}
	return server
}
