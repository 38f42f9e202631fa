package correlation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// A phone is a client that approves what it is asked: it reads requests from its
// session, and posts its responses to the server at url.
type phone struct {
	*sessions.Session
	url string
}

// Send prints the event instead of streaming it, and posts the response.
func (p phone) Send(event framing.Event) error {
	fmt.Println("down:", event.Type, event.Data)
	var request correlation.Request
	if err := json.Unmarshal([]byte(event.Data), &request); err != nil {
		return err
	}
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":%q,"result":{"approved":true}}`, request.ID)
	for range 2 { // the phone is not sure that the first one arrived
		response, err := http.Post(p.url+"?session="+p.ID(), "application/json", strings.NewReader(body))
		if err != nil {
			return err
		}
		response.Body.Close()
		fmt.Println("up:", body, "gets", response.Status)
	}
	return nil
}

// A server sends a client a request, and the client answers by POST.
func ExampleCaller() {
	var registry sessions.Registry
	var caller correlation.Caller
	server := httptest.NewServer(&correlation.Handler{Sessions: &registry, Resolve: caller.Resolve})
	defer server.Close()

	session, err := registry.Open(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()

	result, err := caller.Call(context.Background(), phone{session, server.URL},
		correlation.Request{Method: "approve", Params: json.RawMessage(`{"amount":120}`)})
	fmt.Println("Call:", string(result), err)

	// Output:
	// down: request {"jsonrpc":"2.0","id":"1","method":"approve","params":{"amount":120}}
	// up: {"jsonrpc":"2.0","id":"1","result":{"approved":true}} gets 202 Accepted
	// up: {"jsonrpc":"2.0","id":"1","result":{"approved":true}} gets 409 Conflict
	// Call: {"approved":true} <nil>
}
