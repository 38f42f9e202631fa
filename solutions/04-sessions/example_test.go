package sessions_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
)

// A server for two clients. Both get a broadcast, and the third client is told to
// come back later.
func Example() {
	registry := &sessions.Registry{MaxSessions: 2}
	server := httptest.NewServer(registry)
	defer server.Close()
	ctx, leave := context.WithCancel(context.Background())
	defer leave() // before the server is closed, which waits for its streams

	connect := func() *http.Response {
		request, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/events", nil)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			panic(err)
		}
		return response
	}
	a, b, c := connect(), connect(), connect()
	fmt.Println(c.Status, "· come back in", c.Header.Get("Retry-After"), "s")
	c.Body.Close()

	if err := registry.Broadcast(framing.Event{Data: "hello, both"}); err != nil {
		panic(err)
	}
	for _, client := range []*http.Response{a, b} {
		for lines := bufio.NewScanner(client.Body); lines.Scan(); {
			address, _, _ := strings.Cut(lines.Text(), "=") // the rest is the session's id
			fmt.Println(address)
			if address == "data: hello, both" {
				break
			}
		}
		client.Body.Close()
	}

	err := registry.Send("unknown", framing.Event{Data: "hello?"})
	fmt.Println(errors.Is(err, sessions.ErrNotFound))
	// Output:
	// 503 Service Unavailable · come back in 5 s
	// event: endpoint
	// data: responses?session
	//
	// data: hello, both
	// event: endpoint
	// data: responses?session
	//
	// data: hello, both
	// true
}
