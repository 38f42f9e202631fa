// Package record is the form in which a test's pair tells what passed between its
// parties: a Line after the other, in JSON. Package pair writes them, and package
// trace reads them.
package record

import (
	"bytes"
	"time"
)

// Variable names, in the environment of a test, the file to which each pair
// appends what passes between its parties: a [Line] in JSON on each line.
const Variable = "SSEWORKBOOK_TRACE"

// A Line is one thing that passed between two parties, or that one of them did.
type Line struct {
	Step     string        `json:"step"`           // the name of the test
	Part     string        `json:"part,omitempty"` // the name of the sub-test, if it is one
	Pair     int64         `json:"pair"`           // which of the process's pairs
	At       time.Duration `json:"at"`             // since the pair was there, in nanoseconds; virtual in a bubble
	Kind     Kind          `json:"kind"`
	From     string        `json:"from,omitempty"`     // "client", "proxy" or "server"
	To       string        `json:"to,omitempty"`       // likewise
	Exchange int           `json:"exchange,omitempty"` // which of the pair's requests
	Text     string        `json:"text,omitempty"`     // what there is to say in words
	Bytes    []byte        `json:"bytes,omitempty"`    // the first ones
	Size     int           `json:"size,omitempty"`     // how many bytes there are; of Left, how many lines
	Stream   bool          `json:"stream,omitempty"`   // of Head: an event stream follows
}

// A Kind says what a Line is.
type Kind string

// A line of a trace is one of these.
const (
	Request Kind = "request" // Text is "GET /events"
	Head    Kind = "head"    // status and header fields; Text is "200 OK"
	Body    Kind = "body"    // what one read of the response's body gave
	End     Kind = "end"     // of the response; Text is why
	Panic   Kind = "panic"   // of a handler; Text says which, and where
	Held    Kind = "held"    // Text says what a handler that still runs has written, and not flushed
	Failed  Kind = "failed"  // the pair's test is red
	Full    Kind = "full"    // the pair has told all that it may
	Left    Kind = "left"    // how many lines were left out after that
)

// EndedWell is the Text of an End as it should be.
const EndedWell = "the response ended as it should"

// FrameEnd returns the length of the first frame of an event stream with its blank
// line, or 0 where that has not come yet.
func FrameEnd(b []byte) int {
	end := 0
	for _, blank := range []string{"\n\n", "\r\n\r\n", "\r\r"} {
		i := bytes.Index(b, []byte(blank))
		if i >= 0 && (end == 0 || i+len(blank) < end) {
			end = i + len(blank)
		}
	}
	return end
}
