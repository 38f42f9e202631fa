package site

import "net/http"

// demo is the page on which the demo's conversation is drawn while it goes on.
func (s *Server) demo(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, "demo", s.head(s.now(), "Demo", nil))
}
