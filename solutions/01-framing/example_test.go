package framing_test

import (
	"fmt"
	"os"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// An event for a chat, after a comment; a payload of two lines becomes two data
// fields. An event that cannot be framed gives an error, and nothing is written.
func Example() {
	stream := framing.AppendComment(nil, "welcome")
	stream, err := framing.Event{
		ID: "7", Type: "chat", Data: "hi\ndata: you have won", Retry: 3 * time.Second,
	}.AppendText(stream)
	if err != nil {
		fmt.Println(err)
		return
	}
	os.Stdout.Write(stream)

	_, err = framing.Event{ID: "8\ndata: forged"}.WriteTo(os.Stdout)
	fmt.Println("refused:", err)
	// Output:
	// : welcome
	// event: chat
	// id: 7
	// retry: 3000
	// data: hi
	// data: data: you have won
	//
	// refused: event field "id": contains a line break
}
