// Package trace shows what passes between the parties of an exchange as a sequence
// diagram in a browser: the guided demo while it runs, and in a file that opens from
// disk what the steps of a lesson have sent.
package trace

// A Diagram is what web/sequence/sequence.js draws.
type Diagram struct {
	Lanes    []string  `json:"lanes"`
	Messages []Message `json:"messages"`
}

// A Message is one arrow of a Diagram.
type Message struct {
	At      float64 `json:"at"`   // milliseconds
	From    string  `json:"from"` // a lane
	To      string  `json:"to"`   // likewise; the same one for what is no message, but happens there
	Label   string  `json:"label"`
	Note    string  `json:"note,omitempty"`
	Bytes   string  `json:"bytes,omitempty"`
	Lesson  string  `json:"lesson,omitempty"`  // who built it
	Chapter string  `json:"chapter,omitempty"` // the heading that it stands under
	Kind    Kind    `json:"kind,omitempty"`
}

// A Kind sets a message off from others.
type Kind string

// A message may be one of these.
const (
	Refusal Kind = "refusal" // the server says no
	Trouble Kind = "trouble" // what should not have happened
	End     Kind = "end"     // with it, the connection or the response is over
)
