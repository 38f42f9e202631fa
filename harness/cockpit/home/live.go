package home

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"example.com/sseworkbook/harness/cockpit"
	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
)

// reconnectionTime is how soon a page asks again when its stream has ended.
const reconnectionTime = time.Second

// A Notice is what the stream says of an update, in JSON. The id of its event is
// the version of the pages: a page that shows another one asks for itself again.
type Notice struct {
	Running bool   `json:"running"` // the tests are being run
	Lesson  string `json:"lesson"`  // the one that was saved last; "" before the first save
	Passed  int    `json:"passed"`  // how many steps pass, of all lessons
	Steps   int    `json:"steps"`   // how many there are
}

// events streams the latest update at once, and then each one that follows. A page
// wants to know where things stand and not how they came there, so no queue is kept
// for it: one that is slow misses what was between, and never the last.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		w.Header().Set("Content-Type", "text/event-stream")
		return
	}
	stream, err := flushing.Open(w, r)
	if err != nil {
		return // the client has been told, or is gone
	}
	for {
		update, next := s.where.Latest()
		if stream.Send(s.event(update)) != nil {
			return
		}
		select {
		case <-next:
		case <-r.Context().Done():
			return
		}
	}
}

// event returns what the stream says of an update.
func (s *Server) event(update cockpit.Update) framing.Event {
	now := s.standing(update)
	data, _ := json.Marshal(Notice{now.Running, now.Saved, now.Passed, now.Steps}) // it cannot fail
	return framing.Event{Type: "update", ID: s.version(update), Retry: reconnectionTime, Data: string(data)}
}

// version names what the pages show after an update. Another process counts anew,
// so its name is part of it.
func (s *Server) version(update cockpit.Update) string {
	return fmt.Sprintf("%s-%d", s.process, update.N)
}
