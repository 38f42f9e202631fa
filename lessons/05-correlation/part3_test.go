package correlation_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	correlation "example.com/sseworkbook/lessons/05-correlation"
	sessions "example.com/sseworkbook/solutions/04-sessions"
)

// Part 3: the POST.

// A POST with an answer is a delivery, not a request for something: 202 and an empty body.
func TestAnAnswerIsAcceptedWith202(t *testing.T) {
	defer step.Begin(t)()
	for _, c := range []struct{ what, body, want string }{
		{"a result", `{"jsonrpc":"2.0","id":%q,"result":{"approved":true}}`, `{"approved":true}`},
		{"an error", `{"jsonrpc":"2.0","id":%q,"error":{"code":-32602,"message":"no such account","data":[7]}}`, "no such account (code -32602)[7]"},
		{"null as its result", `{"jsonrpc":"2.0","id":%q,"result":null}`, "null"},
		{"a number that is too large for a float64", `{"jsonrpc":"2.0","id":%q,"result":9007199254740993}`, "9007199254740993"},
		{"a result with spaces in it", `{"jsonrpc":"2.0","id":%q,"result":[1,  "<"]}`, `[1,  "<"]`},
		{"a result with half an emoji (JavaScript can send that)", `{"jsonrpc":"2.0","id":%q,"result":["\ud83d"]}`, `["\ud83d"]`},
	} {
		step.Bubble(t, func(t *testing.T) {
			s := serve(t)
			defer s.pair.Close() // which looks into the server's log
			id, answer := s.Add(s.alice.ID())
			received := listen(t, answer)
			got := s.post(s.alice, "application/json", withID(c.body, id))
			step.Equal(t, "a client posted "+c.what+": the status must be 202, and the body empty (shown: status, Content-Type, body)",
				`202 "" ""`, fmt.Sprintf("%d %q %q", got.Status, got.Header.Get("Content-Type"), got.Body))
			step.Equal(t, "a client posted "+c.what+" and read 202: the caller must receive that response", c.want, received())
		})
	}
	for _, contentType := range []string{"application/json; charset=utf-8", "Application/JSON"} {
		step.Bubble(t, func(t *testing.T) { wantAccepted(t, contentType, 100, true) })
	}
	step.Bubble(t, func(t *testing.T) { wantAccepted(t, "application/json", correlation.MaxBody, true) })
	step.Bubble(t, func(t *testing.T) { wantAccepted(t, "application/json", 100, false) })
	for _, query := range []string{"session=%s&v=2", "v=2&session=%s", "session=%%%x%s"} {
		step.Bubble(t, func(t *testing.T) {
			s := serve(t)
			defer s.pair.Close()
			id, answer := s.Add(s.alice.ID())
			received := listen(t, answer)
			session := s.alice.ID()
			if strings.Contains(query, "%x") { // its first letter, escaped
				query = fmt.Sprintf(query, session[:1], session[1:])
			} else {
				query = fmt.Sprintf(query, session)
			}
			got := s.pair.Post("/responses?"+query, "application/json", withID(`{"jsonrpc":"2.0","id":%q,"result":"yes"}`, id))
			step.Equal(t, "a client posted its answer to /responses?"+query+": the server must find the session in the query (shown: status and what the caller received)",
				"202 yes", fmt.Sprint(got.Status, " ", received()))
		})
	}
	step.Bubble(t, wantOthersAccepted)
}

// wantOthersAccepted checks a POST while a hundred others are on their way, which then break off.
func wantOthersAccepted(t *testing.T) {
	s := serve(t)
	defer s.pair.Close()
	id, answer := s.Add(s.alice.ID())
	received := listen(t, answer)
	var uploads [100]*io.PipeWriter
	var ends [100]func(string) int
	for i := range uploads {
		uploads[i], ends[i] = s.upload(t)
		io.WriteString(uploads[i], withID(`{"jsonrpc":"2.0","id":%q,"result":"half"}`, id))
	}
	synctest.Wait()
	for _, session := range []*sessions.Session{s.bob, s.alice} {
		next, _ := s.Add(session.ID())
		step.Returns(t, "one client is still sending 100 POSTs, but a new POST, from this or another client, gets no response", func() {
			step.Equal(t, "one client is still sending 100 POSTs: a new answer, from this or another client, must get 202 without waiting for those POSTs", 202, s.answer(session, next, "true").Status)
		})
	}
	for i, upload := range uploads {
		upload.CloseWithError(io.ErrClosedPipe)
		step.Equal(t, "the test's client aborted its POST, but still got a response", 0, ends[i]("the test's client aborted its POST, but the POST has not ended"))
	}
	step.Equal(t, "the connection broke in the middle of a POST, so the client will post again: the caller must not receive anything yet", "", received())
}

// wantAccepted checks a POST of this type, with a body of so many bytes whose length its header tells, or does not.
func wantAccepted(t *testing.T, contentType string, size int, told bool) {
	t.Helper()
	s := serve(t)
	defer s.pair.Close()
	id, answer := s.Add(s.alice.ID())
	received := listen(t, answer)
	body := withID(`{"jsonrpc":"2.0","id":%q,"result":"`, id)
	result := strings.Repeat("x", size-len(body+`"}`))
	body += result + `"}`
	r, err := http.NewRequest(http.MethodPost, s.pair.URL+"/responses?session="+s.alice.ID(), strings.NewReader(body))
	step.Equal(t, "the test cannot make a request", nil, err)
	r.Header.Set("Content-Type", contentType)
	length := "with a Content-Length"
	if !told {
		r.ContentLength, length = -1, "without a Content-Length"
	}
	got := s.pair.Do(r)
	step.Equal(t, fmt.Sprintf("a client posted a valid answer (%q, %d bytes, %s): the server must accept it (shown: status, whether the caller received it)",
		contentType, size, length), "202 true", fmt.Sprint(got.Status, " ", received() == result))
}

// The author of a client sees only your server's responses. A status and a sentence for
// each mistake save them an evening.
func TestABadAnswerIsToldWhatIsWrong(t *testing.T) {
	defer step.Begin(t)()
	const body = `{"jsonrpc":"2.0","id":%q,"result":true}`
	cases := []struct {
		name, contentType, body string // %q or %d in the body is the id of a pending request
		before                  func(s *server, id string)
		want                    string // status, and JSON-RPC code if there is one
		why                     error  // the error that the problem is made from, if that is a known one
	}{
		{"text that is not JSON", "application/json", `{"jsonrpc":"2.0","id":%q`, nil, "400 -32700", nil},
		{"a result that is not UTF-8", "application/json", `{"jsonrpc":"2.0","id":%q,"result":"` + "\xff" + `"}`, nil, "400 -32700", nil},
		{"a request instead of a response", "application/json", `{"jsonrpc":"2.0","id":%q,"method":"approve"}`, nil, "400 -32600", nil},
		{"a response with neither result nor error", "application/json", `{"jsonrpc":"2.0","id":%q}`, nil, "400 -32600", nil},
		{"a request with a result in it", "application/json", `{"jsonrpc":"2.0","id":%q,"method":"approve","result":true}`, nil, "400 -32600", nil},
		{"a response in an array", "application/json", `[` + body + `]`, nil, "400 -32600", nil},
		{"a response without a JSON-RPC version", "application/json", `{"id":%q,"result":true}`, nil, "400 -32600", nil},
		{"a response without an id", "application/json", `{"jsonrpc":"2.0","result":"%s"}`, nil, "400 -32600", nil},
		{"an error that is a string instead of an object", "application/json", `{"jsonrpc":"2.0","id":%q,"error":"no"}`, nil, "400 -32600", nil},
		{"an error with a null id (the client could not read the request)", "application/json", `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"not %s"}}`, nil, "404", correlation.ErrUnknownRequest},
		{"a response whose id is a number, not a string", "application/json", `{"jsonrpc":"2.0","id":%d,"result":true}`, nil, "404", correlation.ErrUnknownRequest},
		{"a response with an id that no request has", "application/json", `{"jsonrpc":"2.0","id":"not %s","result":true}`, nil, "404", correlation.ErrUnknownRequest},
		{"a response with an id of 100,000 bytes", "application/json", `{"jsonrpc":"2.0","id":"` + strings.Repeat("1", 100_000) + `","result":true}`, nil, "404", correlation.ErrUnknownRequest},
		{"an answer that it had posted before", "application/json", body, func(s *server, id string) { s.answer(s.alice, id, "true") }, "409", correlation.ErrAnswered},
		{"an answer whose caller had given up", "application/json", body, func(s *server, id string) { s.Cancel(id) }, "410", correlation.ErrNotWaiting},
		{"an answer to a request that went to another session", "application/json", body, func(s *server, _ string) { s.alice, s.bob = s.bob, s.alice }, "403", correlation.ErrWrongSession},
		{"an answer as text/plain", "text/plain", body, nil, "415", nil},
		{"an answer without a content type", "", body, nil, "415", nil},
		{"an answer as application/json-seq", "application/json-seq", body, nil, "415", nil},
		{"an answer larger than 1 MiB", "application/json", `{"jsonrpc":"2.0","id":%q,"result":"` + strings.Repeat("x", 1<<20) + `"}`, nil, "413", nil},
		{"an answer from a session that had ended", "application/json", body, func(s *server, _ string) {
			s.answer(s.alice, "unknown", "true") // while it is open
			s.alice.Close()
		}, "404", sessions.ErrNotFound},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			defer step.Begin(t)()
			step.Bubble(t, func(t *testing.T) {
				s := serve(t)
				defer s.pair.Close()
				id, answer := s.Add(s.alice.ID())
				received := listen(t, answer)
				if c.before != nil {
					c.before(s, id)
				}
				before := received()
				got := s.post(s.alice, c.contentType, withID(c.body, id))
				wantProblem(t, c.name, c.want, got)
				if c.why != nil && !strings.Contains(got.Body, c.why.Error()) {
					step.Fail(t, "a client posted "+c.name+", but the response describes the wrong problem", fmt.Sprintf("got  %s", got.Body),
						fmt.Sprintf("want the problem that ProblemOf returns for %q", c.why))
				}
				if problem := problemOf(c.contentType, withID(c.body, id)); problem != "" {
					step.Equal(t, "a client posted "+c.name+": the response must be the Problem that ProblemOf returns for the error from ReadJSON or ParseResponse", problem, got.Body)
				}
				step.Equal(t, "a client posted "+c.name+", and the server refused it: the caller must not receive anything from this POST", before, received())

				next, _ := s.Add(s.bob.ID())
				step.Equal(t, "a client posted "+c.name+", then another client posted a valid answer: that answer must get 202",
					202, s.answer(s.bob, next, "true").Status)
				if c.why != sessions.ErrNotFound {
					next, _ = s.Add(s.alice.ID())
					step.Equal(t, "a client posted "+c.name+", and then a valid answer: that answer must get 202", 202, s.answer(s.alice, next, "true").Status)
				}
			})
		})
	}
	if t.Failed() {
		return
	}
	for _, query := range []string{"", "?session=", "?session=unknown", "?session=%[2]s", "?session=%%20%[1]s", "?session=%[1]sA"} {
		step.Bubble(t, func(t *testing.T) { wantNotOpen(t, query) })
	}
	for _, c := range []struct {
		refused error
		want    string
	}{
		{fmt.Errorf("an hour ago: %w", correlation.ErrNotWaiting), "410"},
		{&sessions.Problem{Status: http.StatusServiceUnavailable, Detail: "try again later", RetryAfter: 2 * time.Second}, "503"},
		{errors.New("the password of the database is wrong"), "500"},
	} {
		step.Bubble(t, func(t *testing.T) { wantOwnProblem(t, c.refused, c.want) })
	}
	for _, contentType := range []string{"application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
		wantUnread(t, contentType)
	}
	wantBrokenRefused(t)
	wantSlow(t, "its caller gave up", func(s *server, id string) { s.Cancel(id) }, "410 ")
	wantSlow(t, "another POST answered the same request", func(s *server, id string) { s.answer(s.alice, id, `"first"`) }, "409 first")
	wantSlow(t, "the client's session ended", func(s *server, _ string) { s.alice.Close() }, "202 slow", "404 ")
}

// post posts body as the client of session.
func (s *server) post(session *sessions.Session, contentType, body string) pair.Response {
	return s.pair.Post("/responses?session="+session.ID(), contentType, body)
}

// answer posts a response as the client of session.
func (s *server) answer(session *sessions.Session, id, result string) pair.Response {
	return s.post(session, "application/json", withID(`{"jsonrpc":"2.0","id":%q,"result":`+result+`}`, id))
}

// upload starts a POST of alice's, whose body is written piece by piece. The function that it returns waits for
// the status of the response (0: there is none).
func (s *server) upload(t *testing.T) (body *io.PipeWriter, status func(otherwise string) int) {
	t.Helper()
	read, body := io.Pipe()
	came := make(chan int, 1)
	go func() {
		status := 0
		if got, err := s.pair.Client.Post(s.pair.URL+"/responses?session="+s.alice.ID(), "application/json", read); err == nil {
			got.Body.Close()
			status = got.StatusCode
		}
		came <- status
	}()
	return body, func(otherwise string) (status int) {
		t.Helper()
		step.Returns(t, otherwise, func() { status = <-came })
		return status
	}
}

// wantSlow checks a POST whose body arrives in two halves, with something else in between. It wants one of
// these: a status, and what the caller received.
func wantSlow(t *testing.T, what string, meanwhile func(s *server, id string), want ...string) {
	t.Helper()
	step.Bubble(t, func(t *testing.T) {
		s := serve(t)
		defer s.pair.Close()
		id, answer := s.Add(s.alice.ID())
		received := listen(t, answer)
		body, status := s.upload(t)
		io.WriteString(body, withID(`{"jsonrpc":"2.0","id":%q,`, id))
		synctest.Wait()
		meanwhile(s, id)
		io.WriteString(body, `"result":"slow"}`)
		body.Close()
		what = "half of an answer's body arrived, then " + what + ", and then the rest arrived"
		got := fmt.Sprint(status(what+", but the client gets no response"), " ", received())
		if !slices.Contains(want, got) {
			step.Fail(t, what+": the status must tell the client whether the caller received the answer in this POST (shown: status and what the caller received)",
				fmt.Sprintf("got  %q", got), fmt.Sprintf("want one of %q", want))
		}
	})
}

// wantBrokenRefused posts a body that breaks off. Its sender may still read.
func wantBrokenRefused(t *testing.T) {
	t.Helper()
	registry, session := opened(t)
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/responses?session="+session.ID(), iotest.ErrReader(io.ErrUnexpectedEOF))
	r.Header.Set("Content-Type", "application/json")
	handler := &correlation.Handler{Sessions: registry, Resolve: new(correlation.Pending).Resolve}
	handler.ServeHTTP(w, r)
	step.Equal(t, "a POST's body was cut off: the response must be the Problem that ProblemOf returns for ReadJSON's error (shown: status)",
		correlation.ProblemOf(io.ErrUnexpectedEOF).Status, w.Code)
}

// wantUnread checks how much the handler reads of a POST of this type with a very large body. A form is
// special: r.FormValue reads it to find the session in it.
func wantUnread(t *testing.T, contentType string) {
	t.Helper()
	registry, session := opened(t)
	body := &largeBody{io.LimitedReader{R: endless{}, N: 20 << 20}}
	r := httptest.NewRequest(http.MethodPost, "/responses?session="+session.ID(), body)
	r.Header.Set("Content-Type", contentType)
	handler := &correlation.Handler{Sessions: registry, Resolve: new(correlation.Pending).Resolve}
	handler.ServeHTTP(httptest.NewRecorder(), r)
	read := 20<<20 - body.N
	if read > correlation.MaxBody+1 { // one more shows that it is too large
		step.Fail(t, "a client posted 20 MiB as "+contentType+": ServeHTTP must not read more than MaxBody bytes, or a client that pauses halfway never gets its response (r.FormValue and Body.Close read more)",
			fmt.Sprintf("got  %d bytes read", read), fmt.Sprintf("want at most %d", correlation.MaxBody+1))
	}
}

// A largeBody is one whose Close reads on. So does that of a request to a net/http server, for up to 256 KiB.
type largeBody struct{ io.LimitedReader }

func (b *largeBody) Close() error {
	_, err := io.Copy(io.Discard, b)
	return err
}

// endless is a body that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	copy(p, strings.Repeat("x", len(p)))
	return len(p), nil
}

// problemOf returns the problem in this body, as the client reads it, or "" if the body is a response.
func problemOf(contentType, body string) string {
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	read, err := correlation.ReadJSON(w, r)
	if err == nil {
		_, err = correlation.ParseResponse(read)
	}
	if err == nil {
		return ""
	}
	correlation.ProblemOf(err).ServeHTTP(w, r)
	return w.Body.String()
}

// wantNotOpen checks a POST whose query names no open session; it may contain the verb of a session's id,
// or of that id in lower case.
func wantNotOpen(t *testing.T, query string) {
	t.Helper()
	s := serve(t)
	defer s.pair.Close()
	id, answer := s.Add(s.alice.ID())
	received := listen(t, answer)
	query, _, _ = strings.Cut(fmt.Sprintf(query+"%[3]s", s.alice.ID(), strings.ToLower(s.alice.ID()), "\n"), "\n")
	wantProblem(t, "an answer to /responses"+query+", which names no open session", "404", s.pair.Post("/responses"+query, "application/json", withID(`{"jsonrpc":"2.0","id":%q,"result":true}`, id)))
	step.Equal(t, "a client posted an answer to /responses"+query+", which names no open session: the caller must not receive it", "", received())
}

// wantOwnProblem checks what a client reads when the handler's Resolve returns this error.
func wantOwnProblem(t *testing.T, refused error, want string) {
	t.Helper()
	registry, session := opened(t)
	const body = `{"jsonrpc":"2.0","id":"1","result":true}`
	var calls []string
	handler := &correlation.Handler{Sessions: registry, Resolve: func(session string, r correlation.Response) error {
		calls = append(calls, session+" "+asJSON(r))
		return refused
	}}
	p := pair.Memory(t, handler)
	defer p.Close()
	got := p.Post("/?session="+session.ID(), "application/json", body)
	what := "an answer, and Resolve returned \"" + refused.Error() + "\""
	step.Equal(t, "a client posted an answer: ServeHTTP must call Resolve once, with the client's session and the response",
		session.ID()+" "+body, strings.Join(calls, ", "))
	wantProblem(t, what, want, got)
	if strings.Contains(got.Body, "password") {
		step.Fail(t, "Resolve returned an internal error, but the response shows that error's text to the client", fmt.Sprintf("got  %s", got.Body),
			"want the problem that ProblemOf returns")
	}
	problem := httptest.NewRecorder()
	correlation.ProblemOf(refused).ServeHTTP(problem, httptest.NewRequest(http.MethodPost, "/", nil))
	step.Equal(t, "a client posted "+what+": the response must be the Problem that ProblemOf returns for that error (shown: Retry-After, body)",
		fmt.Sprintf("%q %s", problem.Header().Get("Retry-After"), problem.Body), fmt.Sprintf("%q %s", got.Header.Get("Retry-After"), got.Body))
}

// wantProblem fails the step unless got is a problem (RFC 9457) with the status in want
// and, if there is one after it, the JSON-RPC code.
func wantProblem(t *testing.T, posted, want string, got pair.Response) {
	t.Helper()
	status, code, _ := strings.Cut(want, " ")
	step.Equal(t, "a client posted "+posted+": the response must have the status "+status, status, strconv.Itoa(got.Status))
	var problem sessions.Problem
	if contentType := got.Header.Get("Content-Type"); contentType != "application/problem+json" ||
		json.Unmarshal([]byte(got.Body), &problem) != nil || problem.Detail == "" {
		step.Fail(t, "a client posted "+posted+": the status is right, but the response is not a Problem with a Detail",
			fmt.Sprintf("got  %s %q", contentType, got.Body), "want application/problem+json, with a sentence in its detail")
	}
	step.Equal(t, "a client posted "+posted+": the Problem must have this JSON-RPC code (0: none)", cmp.Or(code, "0"), strconv.Itoa(problem.Code))
}
