package correlation_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	correlation "example.com/sseworkbook/lessons/05-correlation"
	sessions "example.com/sseworkbook/solutions/04-sessions"
)

// Part 3: the POST.

// A POST with an answer is a delivery, not a question: 202 and an empty body.
func TestAnAnswerIsAcceptedWith202(t *testing.T) {
	defer step.Begin(t)()
	for _, c := range []struct{ what, body, want string }{
		{"a result", `{"jsonrpc":"2.0","id":%q,"result":{"approved":true}}`, `{"approved":true}`},
		{"an error", `{"jsonrpc":"2.0","id":%q,"error":{"code":-32601,"message":"no such method"}}`, "no such method (code -32601)"},
		{"half an emoji, which JavaScript can send,", `{"jsonrpc":"2.0","id":%q,"result":["\ud83d"]}`, `["\ud83d"]`},
	} {
		step.Bubble(t, func(t *testing.T) {
			s := serve(t)
			id, answer := s.Add(s.alice.ID())
			received := listen(t, answer)
			got := s.post(s.alice, "application/json", withID(c.body, id))
			step.Equal(t, "a client answered with "+c.what+" in its POST: the server must answer with 202 and an empty body",
				`202 ""`, fmt.Sprintf("%d %q", got.Status, got.Body))
			step.Equal(t, "a client answered with "+c.what+" and read 202: the caller must receive it", c.want, received())
		})
	}
	for _, query := range []string{"session=%s&v=2", "v=2&session=%s", "session=%%%x%s"} {
		step.Bubble(t, func(t *testing.T) {
			s := serve(t)
			id, answer := s.Add(s.alice.ID())
			received := listen(t, answer)
			session := s.alice.ID()
			if strings.Contains(query, "%x") { // its first letter, escaped
				query = fmt.Sprintf(query, session[:1], session[1:])
			} else {
				query = fmt.Sprintf(query, session)
			}
			got := s.pair.Post("/responses?"+query, "application/json", withID(`{"jsonrpc":"2.0","id":%q,"result":"yes"}`, id))
			step.Equal(t, "a client posted its answer to /responses?"+query+": the server must find the session there, and answer with 202",
				"202 yes", fmt.Sprint(got.Status, " ", received()))
		})
	}
	step.Bubble(t, func(t *testing.T) {
		s := serve(t)
		id, answer := s.Add(s.alice.ID())
		received := listen(t, answer)
		broken := io.MultiReader(strings.NewReader(withID(`{"jsonrpc":"2.0","id":%q,"result":"half"}`, id)), iotest.ErrReader(io.ErrClosedPipe))
		_, err := s.pair.Client.Post(s.pair.URL+"/responses?session="+s.alice.ID(), "application/json", broken)
		step.Equal(t, "the test's client gave up in the middle of its POST, but got a response", true, err != nil)
		step.Equal(t, "the connection broke before the end of a POST, and its client will post again: the caller must not receive anything yet", "", received())
	})
}

// The author of a client sees nothing of your server but its responses. A status for
// each mistake, and a sentence with it, saves them an evening.
func TestABadAnswerIsToldWhatIsWrong(t *testing.T) {
	defer step.Begin(t)()
	const body = `{"jsonrpc":"2.0","id":%q,"result":true}`
	cases := []struct {
		name, contentType, body string // %q or %d in the body is the id of a request that waits
		before                  func(s *server, id string)
		want                    string // status, and JSON-RPC code if there is one
		why                     error  // what ProblemOf makes the problem of, where that is a known error
	}{
		{"text that is not JSON", "application/json", `{"jsonrpc":"2.0","id":%q`, nil, "400 -32700", nil},
		{"a result that is not UTF-8", "application/json", `{"jsonrpc":"2.0","id":%q,"result":"` + "\xff" + `"}`, nil, "400 -32700", nil},
		{"a request, where a response should be", "application/json", `{"jsonrpc":"2.0","id":%q,"method":"approve"}`, nil, "400 -32600", nil},
		{"a response with neither result nor error", "application/json", `{"jsonrpc":"2.0","id":%q}`, nil, "400 -32600", nil},
		{"a request with a result in it", "application/json", `{"jsonrpc":"2.0","id":%q,"method":"approve","result":true}`, nil, "400 -32600", nil},
		{"a response in an array", "application/json", `[` + body + `]`, nil, "400 -32600", nil},
		{"a response without its JSON-RPC version", "application/json", `{"id":%q,"result":true}`, nil, "400 -32600", nil},
		{"a response without an id", "application/json", `{"jsonrpc":"2.0","result":"%s"}`, nil, "400 -32600", nil},
		{"an error that is a string, where an object should be", "application/json", `{"jsonrpc":"2.0","id":%q,"error":"no"}`, nil, "400 -32600", nil},
		{"an error for a request whose id was unreadable", "application/json", `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"not %s"}}`, nil, "404", correlation.ErrUnknownRequest},
		{"an id that is a number, not a string", "application/json", `{"jsonrpc":"2.0","id":%d,"result":true}`, nil, "404", correlation.ErrUnknownRequest},
		{"an id that no request has", "application/json", `{"jsonrpc":"2.0","id":"not %s","result":true}`, nil, "404", correlation.ErrUnknownRequest},
		{"an answer that was posted before", "application/json", body, func(s *server, id string) { s.answer(s.alice, id, "true") }, "409", correlation.ErrAnswered},
		{"an answer whose caller has given up", "application/json", body, func(s *server, id string) { s.Cancel(id) }, "410", correlation.ErrNotWaiting},
		{"an answer to a question that another session was asked", "application/json", body, func(s *server, _ string) { s.alice, s.bob = s.bob, s.alice }, "403", correlation.ErrWrongSession},
		{"an answer as text/plain", "text/plain", body, nil, "415", nil},
		{"an answer of a megabyte", "application/json", `{"jsonrpc":"2.0","id":%q,"result":"` + strings.Repeat("x", 1<<20) + `"}`, nil, "413", nil},
		{"an answer from a session that has ended", "application/json", body, func(s *server, _ string) { s.alice.Close() }, "404", sessions.ErrNotFound},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			defer step.Begin(t)()
			step.Bubble(t, func(t *testing.T) {
				s := serve(t)
				id, answer := s.Add(s.alice.ID())
				received := listen(t, answer)
				if c.before != nil {
					c.before(s, id)
				}
				before := received()
				got := s.post(s.alice, c.contentType, withID(c.body, id))
				wantProblem(t, c.name, c.want, got)
				if c.why != nil && !strings.Contains(got.Body, c.why.Error()) {
					step.Fail(t, "a client posted "+c.name+", but the problem in the response is another one", fmt.Sprintf("got  %s", got.Body),
						fmt.Sprintf("want the problem that ProblemOf makes of %q", c.why))
				}
				step.Equal(t, "a client posted "+c.name+", and the server refused it: the caller must not receive it", before, received())

				next, _ := s.Add(s.bob.ID())
				step.Equal(t, "a client posted "+c.name+", and then another client posted a good answer: its status must be 202",
					202, s.answer(s.bob, next, "true").Status)
			})
		})
	}
	for _, c := range []struct {
		refused error
		want    string
	}{
		{fmt.Errorf("an hour ago: %w", correlation.ErrNotWaiting), "410"},
		{&sessions.Problem{Status: http.StatusServiceUnavailable, Detail: "try again later"}, "503"},
		{errors.New("the password of the database is wrong"), "500"},
	} {
		step.Bubble(t, func(t *testing.T) { wantOwnProblem(t, c.refused, c.want) })
	}
}

// wantOwnProblem checks what a client reads when the handler's Resolve returns this error.
func wantOwnProblem(t *testing.T, refused error, want string) {
	t.Helper()
	registry := &sessions.Registry{}
	session, err := registry.Open(t.Context())
	step.Equal(t, "the test cannot open a session", nil, err)
	handler := &correlation.Handler{Sessions: registry, Resolve: func(string, correlation.Response) error { return refused }}
	got := pair.Memory(t, handler).Post("/?session="+session.ID(), "application/json", `{"jsonrpc":"2.0","id":"1","result":true}`)
	wantProblem(t, "an answer for which Resolve returned \""+refused.Error()+"\"", want, got)
	if strings.Contains(got.Body, "password") {
		step.Fail(t, "Resolve returned an error that is not for a client to read, and the response has its text", fmt.Sprintf("got  %s", got.Body),
			"want a problem as ProblemOf makes it")
	}
}
