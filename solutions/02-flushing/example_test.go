package flushing_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
)

// A handler opens the stream, and returns when Open fails or a Send reports that the
// client left.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stream, err := flushing.Open(w, r)
		if err != nil {
			return // a HEAD, a writer that cannot stream, a client that left: nothing is left to do
		}
		for _, word := range []string{"flushed", "one by one"} {
			err := stream.Send(framing.Event{Type: "word", Data: word})
			if errors.Is(err, flushing.ErrClientLeft) {
				return
			}
		}
		_ = stream.Comment("the handler returns, and the stream ends")
	}))
	defer server.Close()

	response, err := server.Client().Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	fmt.Println(response.Status, response.Header.Get("Content-Type"))
	fmt.Print(string(body))
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// 200 OK text/event-stream
	// event: word
	// data: flushed
	//
	// event: word
	// data: one by one
	//
	// : the handler returns, and the stream ends
}
