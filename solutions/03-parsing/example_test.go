package parsing_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	parsing "example.com/sseworkbook/solutions/03-parsing"
)

// A client follows a stream, and keeps what it needs to reconnect when the stream
// ends: the last event ID, and how long the server wants the client to wait.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/events" {
			fmt.Fprint(w, "<p>Please log in.")
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, ": hello\nretry: 2000\n\nid: 7\nevent: add\ndata: {\"amount\":\ndata: 120}\n\ndata: done\n\n")
	}))
	defer server.Close()

	r, err := http.NewRequest(http.MethodGet, server.URL+"/events", nil)
	if err != nil {
		panic(err)
	}
	r.Header.Set("Last-Event-ID", "6")
	source, err := parsing.Connect(server.Client(), r)
	if err != nil {
		panic(err)
	}
	defer source.Close()
	source.OnComment = func(text string) { fmt.Printf("comment %q\n", text) }
	for event, err := range source.Events() {
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s %s %q\n", event.ID, event.Type, event.Data)
	}
	wait, said := source.ReconnectionTime()
	fmt.Println("reconnect with", source.LastEventID(), "after", wait, said)

	r.URL.Path = "/login"
	_, err = parsing.Connect(server.Client(), r)
	if refusal, ok := errors.AsType[*parsing.ResponseError](err); ok {
		fmt.Println(refusal.StatusCode, err)
	}

	// Output:
	// comment "hello"
	// 7 add "{\"amount\":\n120}"
	// 7 message "done"
	// reconnect with 7 after 2s true
	// 200 the server answered with "text/html; charset=utf-8", not with text/event-stream
}
