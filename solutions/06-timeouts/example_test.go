package timeouts_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	parsing "example.com/sseworkbook/solutions/03-parsing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
)

// A server asks its client twice. The client answers the first request. The caller
// of the second leaves before there is an answer, and the client's work on it ends.
func Example() {
	var caller timeouts.Caller
	var registry sessions.Registry
	mux := http.NewServeMux()
	mux.Handle("GET /events", &registry)
	mux.Handle("POST /responses", &correlation.Handler{Sessions: &registry, Resolve: caller.Resolve})
	server := httptest.NewServer(mux)
	defer server.Close()

	begun, ended := make(chan string), make(chan error)
	answerer := timeouts.Answerer{Handle: func(ctx context.Context, method string, params json.RawMessage) (any, error) {
		if method == "greet" {
			return "hello", nil
		}
		begun <- method
		<-ctx.Done() // the caller no longer waits
		ended <- ctx.Err()
		return nil, ctx.Err()
	}}
	request, err := http.NewRequest(http.MethodGet, server.URL+"/events", nil)
	if err != nil {
		log.Fatal(err)
	}
	stream, err := parsing.Connect(server.Client(), request)
	if err != nil {
		log.Fatal(err)
	}
	run := make(chan error)
	go func() { run <- answerer.Run(context.Background(), stream, stream.URL) }()

	session := registry.All()[0]
	result, err := caller.Call(context.Background(), session, correlation.Request{Method: "greet"})
	fmt.Printf("%s %v\n", result, err)

	ctx, leave := context.WithCancelCause(context.Background())
	go func() {
		fmt.Println("begun:", <-begun)
		leave(errors.New("the user closed the window"))
	}()
	_, err = caller.Call(ctx, session, correlation.Request{Method: "dig"})
	fmt.Println(err)
	fmt.Println("ended:", <-ended)

	session.Close()
	fmt.Println("Run:", <-run)
	// Output:
	// "hello" <nil>
	// begun: dig
	// request 2 (dig): the user closed the window
	// ended: context canceled
	// Run: <nil>
}
