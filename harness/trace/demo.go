package trace

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"example.com/sseworkbook/harness/tour"
	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
)

// demosAtOnce is how many conversations may be going on for all pages together.
const demosAtOnce = 4

// A Demo is the event stream of the demo's page: the conversation, message by message,
// while it goes on. It is safe for concurrent use.
type Demo struct {
	rest  time.Duration
	yours []string
	slots chan struct{}
}

// NewDemo returns the stream of a conversation that rests for so long before each
// scene but the first. The lessons in yours, by name, are labelled as the learner's.
func NewDemo(rest time.Duration, yours []string) *Demo {
	return &Demo{rest: rest, yours: yours, slots: make(chan struct{}, demosAtOnce)}
}

// ServeHTTP has the conversation played once, and tells of it. It ends when whoever
// asked leaves.
func (d *Demo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	default:
		http.Error(w, "too many demos are running already", http.StatusServiceUnavailable)
		return
	}
	stream, err := flushing.Open(w, r)
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	send := func(kind string, v any) {
		if stream.Send(event(kind, v)) != nil {
			cancel() // nobody is there to whom it could be told
		}
	}
	send("lanes", tour.Parties())
	err = tour.PlayConversation(ctx, d.rest, d.yours, func(m tour.Message) { send("", drawn(m)) })
	if err != nil {
		_ = stream.Send(framing.Event{Type: "trouble", Data: err.Error()}) // mostly, nobody is there
		return
	}
	send("end", nil)
}

// event returns an event with v in JSON.
func event(kind string, v any) framing.Event {
	data, _ := json.Marshal(v) // texts and numbers: it cannot fail
	return framing.Event{Type: kind, Data: string(data)}
}

// drawn returns a message of the conversation as it is drawn.
func drawn(m tour.Message) Message {
	owner := "reference"
	if m.Yours {
		owner = "yours"
	}
	message := Message{
		At:   float64(m.At.Microseconds()) / 1000,
		From: m.From.String(), To: m.To.String(), Label: m.Text, Note: m.Reason, Bytes: m.Wire,
		Lesson: m.Lesson[:2] + " " + owner, Chapter: m.Scene,
	}
	switch {
	case m.End:
		message.Kind = End
	case m.Reason != "":
		message.Kind = Refusal
	}
	return message
}
