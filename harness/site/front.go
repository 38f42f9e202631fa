package site

import (
	"net/http"

	"example.com/sseworkbook/harness/status"
)

// front is the page of all lessons.
func (s *Server) front(w http.ResponseWriter, r *http.Request) {
	now := s.now()
	s.show(w, r, http.StatusOK, "front", struct {
		head
		Next *status.Lesson // the lesson that is next; nil if all are done
	}{s.head(now, "Where you are", nil), now.next()})
}

// brief says in a few words where a lesson stands; "" where its steps say it.
func brief(l status.Lesson) string {
	switch {
	case l.Status == status.Done:
		return "done"
	case l.Status == status.Racing:
		return "now with the race detector"
	case l.Status == status.Broken && l.Compiles:
		return "something else fails"
	case l.Status == status.Broken:
		return "does not compile yet"
	}
	return ""
}
