package cleanup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	cleanup "example.com/sseworkbook/lessons/07-cleanup"
	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
)

// Part 1: the client leaves.

// An outside system (a shop, a cron job) knows nothing about event streams. It sends one POST, and the
// response carries what a client somewhere answered.
func TestATriggerReturnsTheAnswer(t *testing.T) {
	defer step.Begin(t)()
	for _, over := range protocols {
		server := cleanup.NewServer()
		p := pair.TCP(t, server, over.opts...)
		client := join(t, p, double)
		got := p.Post("/trigger", "application/json", `{"session":"`+client+`","method":"double","params":21}`)
		step.Equal(t, over.name+": POST /trigger asked a client to double 21: the trigger's sender must get the client's result",
			"200 42", fmt.Sprint(got.Status, " ", outcome(got.Body)))
		step.Equal(t, over.name+": POST /trigger asked a client to double 21: the response must have Content-Type application/json",
			"application/json", got.Header.Get("Content-Type"))
		client = join(t, p, func(_ context.Context, _ string, params json.RawMessage) (any, error) { return params, nil })
		got = p.Post("/trigger", "application/json", `{"session":"`+client+`","method":"echo","params":`+verbatim+`}`)
		step.Equal(t, over.name+": a client answered with the trigger's own params, which contain a long number and a duplicate name: the trigger's sender must get exactly that JSON as the result",
			`{"result":`+verbatim+`}`, strings.TrimSpace(got.Body))
	}
}

// The sender of a trigger needs to know whether it can try again, and whom to ask.
func TestATriggerThatFailsSaysWhy(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		rude := join(t, p.Pair, func(_ context.Context, _ string, params json.RawMessage) (any, error) {
			no := &correlation.Error{Code: 7, Message: "not today"}
			if params != nil {
				json.Unmarshal(params, &no) // the error that the trigger asks for, or null
			}
			if no == nil {
				return nil, nil
			}
			return nil, no
		})
		step.Equal(t, p.over+": the client answered a trigger with an error: the sender must get that error, as the Outcome's Error",
			"200 error 7 after 0s", p.trigger(rude, 0).wait(t))
		step.Equal(t, p.over+": a trigger for all clients asked the only client, and that client answered with an error: the sender must get a list with that error (shown: status, [outcome:count], time)",
			"200 [error 7:1] after 0s", p.trigger("", 0).wait(t))
		for _, answer := range []string{`{"code":7,"message":"not today","data":` + verbatim + `}`, `{"code":-32603,"message":"internal error"}`, `{"code":0,"message":"` + strings.Repeat("no ", 100) + `"}`, `{"code":0,"message":""}`, `null`} {
			want := map[bool]string{true: `{"result":null}`, false: `{"error":` + answer + `}`}[answer == "null"]
			step.Equal(t, p.over+": the client answered with null or with an error: the trigger's sender must get exactly that answer, including an error's code, message and data",
				want, strings.TrimSpace(p.Post("/trigger", "application/json", `{"session":"`+rude+`","method":"really?","params":`+answer+`}`).Body))
		}

		silent, _ := p.open()
		late := p.trigger(silent, time.Millisecond)
		step.Equal(t, p.over+": a trigger's timeout is 1 ms, and the client does not answer: the sender must get a 504 after 1 ms",
			"504 after 1ms", late.wait(t))
		late.wantProblem(t, p.over+": the client did not answer a trigger in time", http.StatusGatewayTimeout, "", "the client did not answer in time")
		step.Equal(t, p.over+": a trigger has no timeout, and the client does not answer: the sender must get a 504 after the Caller's 30 s",
			"504 after 30s", p.trigger(silent, 0).wait(t))
		step.Equal(t, p.over+": a trigger names a session that does not exist: its sender must get a 404 at once",
			"404 after 0s", p.trigger("nobody", 0).wait(t))

		full, _ := p.server.Sessions.Open(t.Context())
		fill(full)
		busy := p.trigger(full.ID(), 0)
		step.Equal(t, p.over+": the client's queue is full: the trigger's sender must get a 503 at once",
			"503 after 0s", busy.wait(t))
		wantRetryAfter(t, p.over+": the trigger's sender got a 503: its Retry-After header must say when to try again", busy.header)
		busy.wantProblem(t, p.over+": a trigger named a client whose queue was full", http.StatusServiceUnavailable, "1", "too much waits for the client already")
	})
}

// A client that left cannot answer, and the server knows that it left. Waiting another 30 seconds helps no one.
func TestACallToAClientThatLeftFailsAtOnce(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		session, stream := p.open()
		var observed step.List[string]
		p.server.Caller.Observe = func(_ string, _ time.Duration, err error) { observed.Add(describe(err)) }
		call := p.ask(t.Context(), session)
		trigger, all := p.trigger(session, 0), p.trigger("", 0)
		time.Sleep(time.Second)
		stream.Leave()
		step.Equal(t, p.over+": Call asked a client, and the client left at +1 s: Call must return at that moment, with an error that wraps ErrClientLeft",
			"flushing.ErrClientLeft after 1s", call.wait(t))
		step.Equal(t, p.over+": a trigger asked a client, and the client left at +1 s: the trigger's sender must get a 502 at that moment",
			"502 after 1s", trigger.wait(t))
		left := trigger.wantProblem(t, p.over+": a trigger asked a client, and the client left", http.StatusBadGateway, "", "the client left before it answered")
		all.wait(t)
		step.Equal(t, p.over+": a trigger for all clients asked the only client, and that client left: the sender must get a list that contains only that client's problem document",
			`[{"problem":`+left+`}]`, strings.TrimSpace(all.body))
		step.Equal(t, p.over+": the client left, and three calls ended: for each call, Observe must get an error that wraps ErrClientLeft",
			[]string{"flushing.ErrClientLeft", "flushing.ErrClientLeft", "flushing.ErrClientLeft"}, observed.All())
		step.Equal(t, p.over+": the client left, and all calls ended: the server must have no pending requests left", 0, p.server.Caller.Len())
		synctest.Wait() // until the registry has noticed too
		step.Equal(t, p.over+": the only client left: a trigger for all clients must get a 404 at once", "404 after 0s", p.trigger("", 0).wait(t))
	})
	for _, cause := range []error{context.Canceled, errImpatient, context.DeadlineExceeded, sessions.ErrFull, &timeouts.TimeoutError{After: time.Second}, &correlation.Error{Code: 7, Message: "not today"}} {
		step.Bubble(t, func(t *testing.T) { streamEnds(t, "was cancelled at +1 s", cause) })
		step.Bubble(t, func(t *testing.T) { streamEnds(t, "reached its deadline at +1 s", cause) })
	}
	step.Bubble(t, func(t *testing.T) {
		unsent(t, "the session had ended before Call was called", "sessions.ErrClosed", "null", (*sessions.Session).Close)
		unsent(t, "the client's queue was full when Call was called", "sessions.ErrFull", "null", fill)
		unsent(t, "Call was called with params that are not JSON", "*json.SyntaxError", "{", func(*sessions.Session) {})
	})
	step.Bubble(t, func(t *testing.T) {
		server := cleanup.NewServer()
		left, leave := context.WithCancel(t.Context())
		leave()
		w := httptest.NewRecorder()
		step.OnOneProcessor(func() {
			session, _ := server.Sessions.Open(left) // has ended, but the registry does not know it yet
			r := httptest.NewRequest("POST", "/trigger", strings.NewReader(`{"session":"`+session.ID()+`","method":"really?"}`))
			r.Header.Set("Content-Type", "application/json")
			server.ServeHTTP(w, r)
		})
		if w.Code != http.StatusBadGateway && w.Code != http.StatusNotFound {
			step.Fail(t, "a trigger arrived just as its client left: the sender must get a 502, or a 404 if the session was already gone",
				fmt.Sprint("got  ", w.Code))
		}
	})
}

// A party that leaves ends its own calls, and no others.
func TestOtherCallsGoOn(t *testing.T) {
	defer step.Begin(t)()
	onEach(t, func(t *testing.T, p *house) {
		a := join(t, p.Pair, func(context.Context, string, json.RawMessage) (any, error) {
			time.Sleep(3 * time.Second)
			return true, nil
		})
		b, bLeaves := p.open()
		impatient, giveUp := context.WithCancelCause(t.Context())

		calls := []*call{p.ask(t.Context(), a), p.ask(impatient, a), p.ask(t.Context(), b)}
		time.Sleep(time.Second)
		bLeaves.Leave()
		time.Sleep(time.Second)
		giveUp(errImpatient)

		var got []string
		for _, c := range calls {
			got = append(got, c.wait(t))
		}
		step.Equal(t, p.over+": client B left at +1 s, one of client A's callers gave up at +2 s, and A answered at +3 s: each Call must end only when its own client leaves, its own caller gives up, or its own answer arrives",
			"true after 3s, impatient after 2s, flushing.ErrClientLeft after 1s", strings.Join(got, ", "))
	})
	onEach(t, func(t *testing.T, p *house) {
		silent, stream := p.open()
		p.server.Caller.Timeout = time.Minute
		var observed step.List[string]
		p.server.Caller.Observe = func(_ string, _ time.Duration, err error) { observed.Add(describe(err)) }
		step.Equal(t, p.over+": the client did not answer within the Caller's one-minute Timeout: Call must return when that minute is over, with an error that wraps a *TimeoutError",
			"*timeouts.TimeoutError after 1m0s", p.ask(t.Context(), silent).wait(t))
		impatient, stop := context.WithTimeoutCause(t.Context(), time.Second, errImpatient)
		defer stop()
		step.Equal(t, p.over+": the caller's context reached its deadline at +1 s, with a cause: Call must return at that moment, with an error that wraps that cause",
			"impatient after 1s", p.ask(impatient, silent).wait(t))
		step.Equal(t, p.over+": one call timed out, and another call's caller gave up: Observe must get each call's cause",
			[]string{"*timeouts.TimeoutError", "impatient"}, observed.All())
		var told []string
		for range 4 { // each call's request and its cancellation
			told = append(told, stream.NextFrame(p.over+": a caller stopped waiting: the client must get notifications/cancelled"))
		}
		if !strings.Contains(told[3], errImpatient.Error()) {
			step.Fail(t, p.over+": the caller gave up with a cause: the client's notifications/cancelled must give that cause as its reason",
				"got  "+strings.TrimSpace(told[3]), "want reason: "+errImpatient.Error())
		}
		trigger := p.trigger(silent, 0)
		time.Sleep(time.Second)
		step.Equal(t, p.over+": a trigger asked a client that does not answer: one request must be pending", 1, p.server.Caller.Len())
		trigger.leave()
		synctest.Wait()
		step.Equal(t, p.over+": the trigger's sender left: the trigger's request must not stay pending", 0, p.server.Caller.Len())
	})
}

// A client may answer and leave at the same moment. If its answer was accepted, the caller gets it; if not, the
// caller gets an error. No caller gets both, and no caller gets neither.
func TestAnAnswerAndADepartureSettleACallOnce(t *testing.T) {
	defer step.Begin(t)()
	meeting(t, func(t *testing.T, leave func(), answer func() error, call *call) {
		leave()
		synctest.Wait()
		refused := answer()
		step.Equal(t, "the client left, and then its answer arrived: Call must immediately return an error that wraps ErrClientLeft", "flushing.ErrClientLeft after 0s", call.wait(t))
		if refused == nil {
			step.Fail(t, "the client left and Call returned an error, but Resolve then accepted a late answer: a call must end only once")
		}
	})
	orders := []struct {
		name    string
		happens func(leave func(), answer func() error) error
	}{
		{"answered and left", func(leave func(), answer func() error) error { defer leave(); return answer() }},
		{"left and answered", func(leave func(), answer func() error) error { leave(); return answer() }},
	}
	for _, order := range orders {
		meeting(t, func(t *testing.T, leave func(), answer func() error, call *call) {
			var refused error
			step.OnOneProcessor(func() { refused = order.happens(leave, answer) })
			got, verdict, want := call.wait(t), "accepted: Call must return that answer", "true after 0s"
			if refused != nil {
				verdict, want = "refused: Call must return an error that wraps ErrClientLeft", "flushing.ErrClientLeft after 0s"
			}
			step.Equal(t, fmt.Sprintf("the client %s at the same moment, and its answer was %s",
				order.name, verdict), want, got)
		})
	}
}

// meeting is a call that waits in Call, for an answer or for the end of its session.
func meeting(t *testing.T, happens func(t *testing.T, leave func(), answer func() error, call *call)) {
	t.Helper()
	step.Bubble(t, func(t *testing.T) {
		p := &house{server: cleanup.NewServer()}
		session, _ := p.server.Sessions.Open(t.Context())
		call := p.ask(t.Context(), session.ID())
		question := asked(session)
		synctest.Wait()
		answer := func() error {
			return p.server.Caller.Resolve(session.ID(), yes(question.ID))
		}
		happens(t, session.Close, answer, call)
	})
}

// join connects a client from an earlier lesson, and returns its session.
func join(t *testing.T, p *pair.Pair, handle func(ctx context.Context, method string, params json.RawMessage) (any, error)) (session string) {
	t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	from, _ := url.Parse(p.URL + "/events")
	stream, err := parsing.Connect(p.Client, (&http.Request{Method: "GET", URL: from, Header: http.Header{}}).WithContext(ctx))
	if err != nil {
		leave()
		step.Fail(t, "a client could not open GET /events as an event stream", "got  "+err.Error())
	}
	first := make(chan framing.Event, 100)
	client := timeouts.Answerer{Client: p.Client, Handle: handle, OnEvent: func(e framing.Event) { first <- e }}
	running := begin("a client", func() (string, error) { return "", client.Run(ctx, stream, from) })
	t.Cleanup(func() {
		leave()
		<-running.done
	})
	select {
	case e := <-first:
		return sessionOf(e)
	case <-running.done:
		step.Fail(t, "a client opened GET /events, but its stream ended before the first event")
		return ""
	}
}

// A sink takes the first frames of a session.
type sink struct{ frames []byte }

func (s *sink) SendFrames(frames ...[]byte) error {
	s.frames = bytes.Join(frames, nil)
	return errors.New("no more")
}

// asked waits for the request that was sent to a session without a stream.
func asked(s *sessions.Session) (r correlation.Request) {
	var first sink
	s.Pump(&first)
	for _, e := range events(string(first.frames)) {
		return request(e)
	}
	return r
}

var errImpatient = errors.New("impatient")

// names are the errors that describe knows, the most specific ones first: an error
// may well wrap several of them.
var names = []struct {
	name string
	err  error
}{
	{"cleanup.ErrShutdown", cleanup.ErrShutdown},
	{"flushing.ErrClientLeft", flushing.ErrClientLeft},
	{"sessions.ErrClosed", sessions.ErrClosed},
	{"sessions.ErrFull", sessions.ErrFull},
	{"parsing.ErrEventTooLarge", parsing.ErrEventTooLarge},
	{"impatient", errImpatient},
	{"context.DeadlineExceeded", context.DeadlineExceeded},
	{"context.Canceled", context.Canceled},
}

// describe names an error.
func describe(err error) string {
	for _, known := range names {
		if errors.Is(err, known.err) {
			return known.name
		}
	}
	if e, ok := errors.AsType[*correlation.Error](err); ok {
		return fmt.Sprint("error ", e.Code)
	}
	if e, ok := errors.AsType[*timeouts.TimeoutError](err); ok {
		return fmt.Sprintf("%T", e)
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("%T", e)
	}
	if e, ok := errors.AsType[*parsing.ResponseError](err); ok {
		return fmt.Sprintf("%T", e)
	}
	if e, ok := errors.AsType[*url.Error](err); ok && e.Op == "parse" {
		return fmt.Sprintf("%T", e)
	}
	return err.Error()
}

// ofCall returns the error of a Call, which must be a *CallError that says which
// request failed.
func ofCall(err error) error {
	_, answered := errors.AsType[*correlation.Error](err)
	_, noJSON := errors.AsType[*json.SyntaxError](err)
	unanswered := !answered && !noJSON && !errors.Is(err, sessions.ErrClosed) && !errors.Is(err, sessions.ErrFull) // then it was sent
	switch call, ok := err.(*correlation.CallError); {
	case err != nil && !ok:
		return fmt.Errorf("%s, as a %T and not a *correlation.CallError", describe(err), err) // no %w: it is wrong, whatever it wraps
	case ok && (call.ID == "" || call.Method != "really?" || call.Unanswered != unanswered):
		return fmt.Errorf("%s, in a *correlation.CallError with ID %q, Method %q and Unanswered %v", describe(err), call.ID, call.Method, call.Unanswered)
	}
	return err
}

// call asks as lesson 06 does, without the Server's Call.
func (p *house) call(session *sessions.Session, method, params string) *call {
	return begin("Caller.Call", func() (string, error) {
		result, err := p.server.Caller.Call(context.Background(), session, correlation.Request{Method: method, Params: json.RawMessage(params)})
		return string(result), err
	})
}

// canned is an event stream of one line, which comes without a network.
type canned string

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: io.NopCloser(io.MultiReader(strings.NewReader(string(c)), strings.NewReader("\n\n"))), Request: r}, nil
}

// fill fills the queue of a session.
func fill(s *sessions.Session) {
	for s.Send(framing.Event{Data: "news"}) == nil {
	}
}

// unsent is a Call whose request cannot be sent.
func unsent(t *testing.T, scene, wraps, params string, prepare func(*sessions.Session)) {
	t.Helper()
	server := cleanup.NewServer()
	var observed []string
	server.Caller.Observe = func(method string, _ time.Duration, err error) {
		observed = append(observed, method+" "+describe(err))
	}
	session, _ := server.Sessions.Open(t.Context())
	prepare(session)
	call := begin("Call", func() (string, error) {
		_, err := server.Call(t.Context(), session, correlation.Request{Method: "really?", Params: json.RawMessage(params)})
		return "nil", ofCall(err)
	})
	step.Equal(t, scene+": Call must immediately return a *correlation.CallError that wraps the reason", wraps+" after 0s", call.wait(t))
	step.Equal(t, scene+": Observe must be called once for this call too, with the error that Call returned", []string{"really? " + wraps}, observed)
}
