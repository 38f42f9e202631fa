package sessions_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	sessions "example.com/sseworkbook/lessons/04-sessions"
	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
)

// Part 4: the end of a stream, and a server that is full.

// The client may close its page, and the server may close the session. If the
// stream never began, no client will leave.
func TestTheStreamEndsWhenOneOfTheTwoLeaves(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var r sessions.Registry
		s := serve(t, &r, "")
		alice, bob := s.join(t), s.join(t)

		alice.stream.Leave()
		alice.stream.WaitHandler(handlerStays)
		synctest.Wait()
		step.Equal(t, "one of two clients left, but Len() is not 1", 1, r.Len())

		session, known := r.Get(bob.id)
		failIf(t, !known, "one of two clients left, but Get no longer finds the other one's session")
		session.Close()
		bob.stream.WaitEnd("the server closed a session, but its client's stream did not end: the client waits for events that never come")
		bob.stream.WaitHandler("the server closed a session, but its handler is still waiting")
	})
	step.Bubble(t, func(t *testing.T) {
		var r sessions.Registry
		p := pair.Memory(t, pair.HideFlusher(&r))
		response, err := p.Client.Get(p.URL + "/events")
		failIf(t, err != nil, "the ResponseWriter cannot flush, so no stream could be opened: the handler must return, and the client must get a response", strings.TrimSpace(p.ServerLog()))
		response.Body.Close()
		synctest.Wait()
		step.Equal(t, "the stream could not be opened and the client got a response, but Len() is not 0: the session must not stay open", 0, r.Len())
	})
	step.Bubble(t, func(t *testing.T) {
		s := open(t, &sessions.Registry{})
		s.Close()
		wantNoError(t, "a session was closed before Stream was called: Stream must return nil, as for a session that is closed later",
			s.Stream(httptest.NewRecorder(), httptest.NewRequest("GET", "/events", nil)))
	})
	for _, lost := range []string{"endpoint", "news"} {
		step.Bubble(t, func(t *testing.T) { wantLossNoticed(t, lost) })
	}
	for _, ending := range []string{"the client left", "the session was closed"} {
		step.Bubble(t, func(t *testing.T) { wantWriteAwaited(t, ending) })
	}
	step.Bubble(t, func(t *testing.T) { wantClosedByHandler(t) })
	wantHeadersOnly(t)
}

// "Not now" is a response that a client can work with. A 200 without a stream, or a
// 500, is not.
func TestAFullServerSays503(t *testing.T) {
	defer step.Begin(t)()
	wantRefusedAtOnce(t)
	step.Bubble(t, func(t *testing.T) {
		r := sessions.Registry{MaxSessions: 2}
		s := serve(t, &r, "")
		first := s.join(t)
		s.join(t)

		began := time.Now()
		full := s.Open("/events?name=mine", "Accept", "text/event-stream", "User-Agent", "mine", "Last-Event-ID", "mine")
		mediaType, _, _ := mime.ParseMediaType(full.Header().Get("Content-Type"))
		step.Equal(t, "MaxSessions is 2: the handler must refuse a third client with a 503 and a Problem document (shown: status and Content-Type)",
			"503 application/problem+json", fmt.Sprint(full.Status(), " ", mediaType))
		full.WaitEnd("the third client got its 503, but the response did not end")
		var problem struct {
			Status        int
			Title, Detail string
		}
		json.Unmarshal([]byte(full.Received()), &problem)
		step.Equal(t, "a third client got its 503: the body must be a Problem in JSON (shown: the Problem's status and title)", "503 Service Unavailable", fmt.Sprint(problem.Status, " ", problem.Title))
		failIf(t, problem.Detail == "" || sent.MatchString(full.Received()), "the Problem's detail must say what is wrong, and must not repeat anything that the client sent", fmt.Sprintf("got  %q in %s", problem.Detail, full.Received()), `want "too many sessions"`)
		wantRetryAfter(t, full.Header().Get("Retry-After"))
		step.Equal(t, "MaxSessions is 2: the handler must refuse a third client at once (shown: how long the client waited)", 0, time.Since(began))
		head, err := s.Client.Head(s.URL + "/events")
		wantNoError(t, "MaxSessions is 2 and a third client sent HEAD, but got no response", err)
		step.Equal(t, "MaxSessions is 2 and a third client sent HEAD: the client must get the same status and headers as for a GET", fmt.Sprint("503 ", full.Header()), fmt.Sprint(head.StatusCode, " ", head.Header))

		first.stream.Leave()
		first.stream.WaitHandler(handlerStays)
		synctest.Wait()
		step.Equal(t, "MaxSessions is 2, and one of the two clients has left: the next client must get a stream (shown: status)", http.StatusOK, s.Open("/events").Status())
	})
}

// wantLossNoticed loses an event on its way to the client.
func wantLossNoticed(t *testing.T, lost string) {
	t.Helper()
	var r sessions.Registry
	var err error
	client := pair.Memory(t, losing(lost, stream(&r, &err))).Open("/events")
	synctest.Wait()
	r.Broadcast(framing.Event{Data: "news"})
	client.WaitEnd("an event could not be written, but the client's stream did not end: the client cannot notice the loss, so it never reconnects")
	client.WaitHandler("an event could not be written, but Stream is still waiting")
	step.ErrorIs(t, "an event could not be written, but Session.Stream did not return flushing.Stream's error", flushing.ErrClientLeft, err)
}

// wantClosedByHandler checks that the handler closes its session when no stream could be
// opened, and when it panics. The requests have a context that lives on.
func wantClosedByHandler(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	get := httptest.NewRequest(http.MethodGet, "/events", nil)
	unable := func() http.ResponseWriter { return struct{ http.ResponseWriter }{httptest.NewRecorder()} }
	r.ServeHTTP(unable(), get)
	synctest.Wait()
	step.Equal(t, "no stream could be opened, but Len() is not 0: nothing else ends this session, so the handler must close it", 0, r.Len())

	for _, lost := range []string{"endpoint", "news"} {
		panicking := pair.Intercept(httptest.NewRecorder(), func(p []byte) (int, error) {
			if strings.Contains(string(p), lost) {
				panic("aborted at " + lost)
			}
			r.Broadcast(framing.Event{Data: "news"})
			return len(p), nil
		})
		var panicked any
		func() {
			defer func() { panicked = recover() }()
			r.ServeHTTP(panicking, get)
		}()
		synctest.Wait()
		step.Equal(t, "middleware aborted the response with a panic, but Len() is not 0: the handler must close its session even then", 0, r.Len())
		step.Equal(t, "middleware aborted the response with a panic: the handler must let the panic through, or the client sees a normal end (shown: the panic)", any("aborted at "+lost), panicked)
	}

	s := open(t, &r)
	step.ErrorIs(t, "no stream could be opened, but Stream did not return flushing.Open's error", http.ErrNotSupported, s.Stream(unable(), get))
	failIf(t, ended(s), "flushing.Open failed, and Stream closed the session: only the caller of Open may close it")
}

// wantHeadersOnly checks that a HEAD request gets the headers, and that no session
// stays for it. While the next request waits on the connection, net/http does not see
// that the client leaves.
func wantHeadersOnly(t *testing.T) {
	t.Helper()
	r := sessions.Registry{MaxSessions: 2}
	mux := http.NewServeMux()
	mux.Handle("GET /events", &r) // matches HEAD, too
	mux.HandleFunc("GET /other", func(http.ResponseWriter, *http.Request) {})
	p := pair.TCP(t, mux)
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
	wantNoError(t, "the server cannot be reached", err)
	defer conn.Close()
	answers := bufio.NewReader(conn)
	step.Returns(t, "a client sent HEAD, then GET on the same connection, but the handler for HEAD did not return: HEAD asks only for headers", func() {
		for range 3 {
			fmt.Fprint(conn, "HEAD /events HTTP/1.1\r\nHost: localhost\r\n\r\nGET /other HTTP/1.1\r\nHost: localhost\r\n\r\n")
			for _, method := range []string{http.MethodHead, http.MethodGet} {
				if _, err = http.ReadResponse(answers, &http.Request{Method: method}); err != nil {
					return
				}
			}
		}
	})
	wantNoError(t, "a client sent HEAD and GET requests on one connection, but could not read all the responses", err)
	step.Equal(t, "three HEAD requests got their headers, but Len() is not 0: a HEAD request must not leave a session open", 0, r.Len())
	for range 2 {
		step.Equal(t, "MaxSessions is 2, and three HEAD requests came first: two clients that ask for their streams must each get a 200, because a HEAD must not count", http.StatusOK, p.Open("/events").Status())
	}
	head := httptest.NewRequest(http.MethodHead, "/events", nil)
	step.ErrorIs(t, "Stream was called for a HEAD request, but did not return flushing.Open's error",
		http.ErrBodyNotAllowed, open(t, &sessions.Registry{}).Stream(httptest.NewRecorder(), head))
}

// wantWriteAwaited ends a session during a write, and checks that Stream waits for
// the write: after the handler has returned, nothing may use its ResponseWriter.
func wantWriteAwaited(t *testing.T, ending string) {
	t.Helper()
	var r sessions.Registry
	var returned atomic.Bool
	proceed := make(chan struct{})
	client := pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s, _ := r.Open(req.Context())
		defer s.Close()
		s.Stream(pair.Intercept(w, func(b []byte) (int, error) {
			if strings.Contains(string(b), "news") {
				<-proceed
			}
			if returned.Load() {
				return 0, errLost
			}
			return w.Write(b)
		}), req)
		returned.Store(true)
	})).Open("/events")
	synctest.Wait()
	r.Broadcast(framing.Event{Data: "news"})
	synctest.Wait()
	if ending == "the client left" {
		client.Leave()
	} else {
		closeAll(r.All())
	}
	synctest.Wait()
	early := returned.Load()
	close(proceed)
	client.WaitHandler(ending + ", but its handler is still waiting")
	failIf(t, early, ending+", but Stream returned while SendFrames was still writing: nothing may use a ResponseWriter after its handler has returned")
}

// sent finds what the client that is refused has sent.
var sent = regexp.MustCompile(`mine|/events|text/event-stream|GET`)

// wantRetryAfter checks that value is a few seconds, as a number or a date.
func wantRetryAfter(t *testing.T, value string) {
	t.Helper()
	seconds, err := strconv.Atoi(value)
	if date, notNumber := http.ParseTime(value); notNumber == nil {
		seconds, err = int(time.Until(date).Seconds()), nil
	}
	failIf(t, err != nil || seconds < 2 || seconds > 60, "the 503 does not tell its client to try again in a few seconds: the client comes back at once, with all the others, or much too late",
		fmt.Sprintf("got  Retry-After: %s", value), "want Retry-After: 5, or another number from 2 to 60")
}

// stream is a handler that does what the registry's ServeHTTP does, and keeps the
// error of Stream.
func stream(r *sessions.Registry, err *error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s, _ := r.Open(req.Context())
		defer s.Close()
		*err = s.Stream(w, req)
	})
}

// losing is middleware whose ResponseWriter refuses an event with this text in it.
func losing(text string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		h.ServeHTTP(pair.Intercept(w, func(p []byte) (int, error) {
			if strings.Contains(string(p), text) {
				return 0, errors.New("refused")
			}
			return w.Write(p)
		}), req)
	})
}

// wantNoneOfThoseWhoLeft opens sessions for clients that have left. It must be called in a bubble.
func wantNoneOfThoseWhoLeft(t *testing.T) {
	t.Helper()
	var r sessions.Registry
	ctx, leave := context.WithCancel(t.Context())
	leave()
	for range 100 {
		s, err := r.Open(ctx) // it may refuse this, or open a session that ends at once
		failIf(t, s == nil && err == nil, "a client left before Open was called for it, but Open returned neither a session nor an error")
	}
	synctest.Wait()
	step.Equal(t, "100 clients left before Open was called for them, but Len() is not 0", 0, r.Len())
}

// wantLetGo closes sessions as soon as they are in the registry, with a context that goes
// on. It must be called in a bubble.
func wantLetGo(t *testing.T) {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var r sessions.Registry
	var opened []weak.Pointer[sessions.Session]
	var done atomic.Bool
	var crowd sync.WaitGroup
	for range 2 {
		crowd.Go(func() {
			for !done.Load() {
				closeAll(r.All())
			}
		})
	}
	for range 8000 {
		s, _ := r.Open(ctx)
		opened = append(opened, weak.Make(s))
	}
	done.Store(true)
	crowd.Wait()
	for range 100 { // these have been sent something
		s, _ := r.Open(ctx)
		opened = append(opened, weak.Make(s))
	}
	r.Broadcast(framing.Event{Data: "hello"})
	closeAll(r.All())
	synctest.Wait()
	runtime.GC()
	kept := 0
	for _, s := range opened {
		if s.Value() != nil {
			kept++
		}
	}
	runtime.KeepAlive(&r)
	failIf(t, kept > 2, "8,100 sessions were closed (many just before Open returned), and the context that they shared is still alive: nothing may keep a closed session in memory",
		fmt.Sprintf("got  %d in memory", kept), "want none") // the last ones may still be in a register
}

// wantWatchKept ends a context while Open asks for the nth time whether it has ended. Its
// watcher runs as soon as Open starts it.
func wantWatchKept(t *testing.T, nth int) {
	t.Helper()
	var r sessions.Registry
	var crowd step.Crowd
	var looks atomic.Int64
	proceed := make(chan struct{})
	parent, leave := context.WithCancel(t.Context())
	defer leave()
	ctx := watched{parent, func() {
		if looks.Add(1) == int64(nth) {
			<-proceed
		}
	}}
	crowd.Start(func() { r.Open(ctx) })
	crowd.Settle()
	step.OnOneProcessor(func() {
		step.InTurn(parent, 2, func(i int) {
			if i == 0 {
				leave()
				return
			}
			close(proceed)
			crowd.Settle() // Open waits for the lock of the context, between the two
			_, end := context.WithCancel(parent)
			end()
		})
	})
	crowd.Wait()
	closeAll(r.All())
}

// wantRefusedAtOnce refuses two clients while the 503s of two others, one for each server, are
// being written. Nothing orders them for the race detector.
func wantRefusedAtOnce(t *testing.T) {
	t.Helper()
	one, two := &sessions.Registry{MaxSessions: 1}, &sessions.Registry{MaxSessions: 2}
	defer closeAll(append(fill(t, one, 1), fill(t, two, 2)...))
	registries := []*sessions.Registry{one, two, one, one}
	got, proceed := make([]string, len(registries)), make(chan struct{})
	ask := func(client int, before func()) {
		defer func() { recover() }() // the rest of the step reports what a client sees of a panic
		w := httptest.NewRecorder()
		registries[client].ServeHTTP(held{w, before}, httptest.NewRequest(http.MethodGet, "/events", nil))
		got[client] = fmt.Sprint(w.Code, " ", w.Body)
	}
	var crowd step.Crowd
	release := sync.OnceFunc(func() { close(proceed) })
	defer func() { release(); crowd.Wait() }()
	crowd.Start(func() { ask(0, func() { <-proceed }) })
	crowd.Start(func() { ask(1, func() { <-proceed }) })
	crowd.Settle()
	var quick sync.WaitGroup // nobody holds these up
	quick.Go(func() { ask(2, func() {}) })
	quick.Go(func() { ask(3, func() {}) })
	step.Returns(t, "two 503s were being written to slow clients: two other clients must get their 503s without waiting for these", quick.Wait)
	release()
	crowd.Wait()
	together := strings.Join(got, "")
	for client := range registries {
		ask(client, func() {})
	}
	step.Equal(t, "four clients of two servers were refused at once: each must get the same response as when it is refused alone", strings.Join(got, ""), together)
}

// A held response calls before when its status is written.
type held struct {
	http.ResponseWriter
	before func()
}

func (w held) WriteHeader(status int) {
	w.before()
	w.ResponseWriter.WriteHeader(status)
}
