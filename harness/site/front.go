package site

import (
	"net/http"
	"slices"

	"example.com/sseworkbook/harness/status"
)

// front is the page of all lessons.
func (s *Server) front(w http.ResponseWriter, r *http.Request) {
	now := s.now()
	page := struct {
		head
		Next  *status.Lesson // the lesson that is next; nil if all are done
		Built []built        // in all lessons, if all are done
		GoOn  []status.Way   // then
	}{s.head(now, "Where you are", nil), now.next(), nil, status.GoOn}
	if page.Next == nil {
		page.Built = s.built(now)
	}
	s.show(w, r, http.StatusOK, "front", page)
}

// A built is what somebody has built in one lesson.
type built struct {
	*status.Lesson
	Can  string           // what they can do now, in Markdown; "" if the lesson does not say it
	Uses []*status.Lesson // the lessons that it is built on
}

// built returns the map of what somebody has built who has done all lessons.
func (s *Server) built(now *standing) (all []built) {
	for i, lesson := range s.lessons {
		b := built{Lesson: &now.Lessons[i]}
		said, _ := lesson.Completion() // what it does not say is left out, and so is what cannot be read
		b.Can = said.Can
		uses, _ := lesson.Uses()
		for j := range now.Lessons {
			if slices.Contains(uses, now.Lessons[j].Name) {
				b.Uses = append(b.Uses, &now.Lessons[j])
			}
		}
		all = append(all, b)
	}
	return all
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
