package site

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
)

// reconnectionTime is how soon a page asks again when its stream has ended.
const reconnectionTime = time.Second

// maxStreams is how many streams there may be at once. A page has one while it is
// seen, so that they are enough for more windows than anybody has open.
const maxStreams = 64

// events streams the latest snapshot at once, and then each one that follows. A page
// wants to know where things stand and not how they came there, so no queue is kept
// for it: one that is slow misses what was between, and never the last. Where all
// streams are taken, a page is told when to ask again.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		w.Header().Set("Content-Type", "text/event-stream")
		return
	}
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		w.Header().Set("Retry-After", "2")
		http.Error(w, fmt.Sprintf("%d pages are open already, and there is no room for more: close some", maxStreams), http.StatusServiceUnavailable)
		return
	}
	stream, err := flushing.Open(w, r)
	if err != nil {
		return // the client has been told, or is gone
	}
	for {
		now := s.now()
		if stream.Send(now.event()) != nil {
			return
		}
		select {
		case <-now.changed:
		case <-r.Context().Done():
			return
		}
	}
}

// A notice is what the stream says of a snapshot, in JSON. The id of its event is
// the version of the pages: a page that shows another one asks for itself again.
type notice struct {
	Running bool   `json:"running"` // the tests are being run
	Lesson  string `json:"lesson"`  // the one that was saved last; "" before the first save
	Passed  int    `json:"passed"`  // how many steps pass, of all lessons
	Steps   int    `json:"steps"`   // how many there are
}

// event returns what the stream says of where the learner is.
func (now *standing) event() framing.Event {
	data, _ := json.Marshal(notice{now.Running, now.Saved, now.Passed, now.Steps}) // it cannot fail
	return framing.Event{Type: "update", ID: now.Version, Retry: reconnectionTime, Data: string(data)}
}
