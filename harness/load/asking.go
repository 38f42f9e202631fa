package load

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"example.com/sseworkbook/harness/programs"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// overtime is how much longer than the server a trigger waits, so that it is the
// server that says what is wrong.
const overtime = 2 * time.Second

// An asking makes the requests: request n is due n/Rate seconds after the start,
// whatever became of those before it. Each is a POST /trigger, as an outside
// system would send it.
type asking struct {
	o        Options
	url      string // of the server
	http     *http.Client
	sessions []string // who is asked, in turn
	inFlight inFlight
	losses   *losses

	start          time.Time
	next           atomic.Int64 // the first request that nobody has taken on yet
	sent, received atomic.Int64
	onTheWay       atomic.Int64 // were when the run was stopped

	mu   sync.Mutex // guards took
	took histogram  // of all answers: from when a request was due
}

// newAsking returns an asking of the server at base that has not begun.
func newAsking(base string, o Options, l *losses) *asking {
	transport := &http.Transport{DisableCompression: true, MaxConnsPerHost: triggersAtOnce, MaxIdleConnsPerHost: triggersAtOnce}
	return &asking{o: o, url: base, http: &http.Client{Transport: transport}, inFlight: inFlight{requests: map[int64]*request{}}, losses: l}
}

// run makes all requests of these sessions until each is answered or lost, or ctx ends, and returns
// how long that took. It is twice Patience, and overtime, more than For at the most.
func (a *asking) run(ctx context.Context, sessions []string) time.Duration {
	defer a.http.CloseIdleConnections()
	a.start, a.sessions = time.Now(), sessions
	var askers sync.WaitGroup
	for range min(triggersAtOnce, a.o.total()) {
		askers.Go(func() { a.askOn(ctx) })
	}
	askers.Wait()
	return time.Since(a.start)
}

// askOn takes on one request after the other, until there are no more.
func (a *asking) askOn(ctx context.Context) {
	for {
		n := a.next.Add(1) - 1
		if n >= a.o.total() {
			return
		}
		due := a.start.Add(a.o.due(n))
		if !sleepUntil(ctx, due) {
			return
		}
		a.ask(ctx, n, due)
	}
}

// sleepUntil waits for a moment. It reports false if ctx ends first.
func sleepUntil(ctx context.Context, t time.Time) bool {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// ask makes request n, waits for its answer, and counts what came of it.
func (a *asking) ask(ctx context.Context, n int64, due time.Time) {
	if time.Since(due) > a.o.Patience {
		a.losses.add(notAsked, fmt.Sprintf("it waited %v for its turn: the rate is too high for this machine", a.o.Patience))
		return
	}
	session := a.sessions[n%int64(len(a.sessions))]
	a.inFlight.start(n, session)
	a.sent.Add(1)
	err := a.trigger(ctx, n, session)
	took := time.Since(due)
	cause := context.Cause(ctx)
	ended := errors.Is(cause, ErrServerEnded)
	if err != nil && cause != nil && !ended {
		a.onTheWay.Add(1) // the run was stopped, and its client may still hear of it
		return
	}
	heard, why := a.inFlight.end(n)
	if err == nil {
		a.mu.Lock()
		a.took.add(took)
		a.mu.Unlock()
		return
	}
	if ended {
		why = cause.Error()
	}
	kind := noEvent
	if heard {
		kind = noAnswer
	}
	a.losses.add(kind, cmp.Or(why, explain(err)))
}

// refused is told of an answer that a client could not deliver, and why.
func (a *asking) refused(result json.RawMessage, why string) {
	if n, err := number(result); err == nil {
		a.inFlight.refused(n, why)
	}
}

// hear is told of each request that a client gets.
func (a *asking) hear(session string, params json.RawMessage) {
	a.received.Add(1)
	n, err := number(params)
	if err != nil {
		a.losses.add(foreign, err.Error())
		return
	}
	if wrong := a.inFlight.hear(n, session); wrong != "" {
		a.losses.add(foreign, wrong)
	}
}

// answers returns how long all answers took that have come.
func (a *asking) answers() histogram {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.took
}

// trigger has a session asked for number n, and returns nil when that is what
// came back.
func (a *asking) trigger(ctx context.Context, n int64, session string) error {
	ctx, cancel := context.WithTimeout(ctx, a.o.Patience+overtime)
	defer cancel()
	response, err := programs.PostJSON(ctx, a.http, a.url+"/trigger", cleanup.Trigger{
		Session: session,
		Method:  "load",
		Params:  fmt.Appendf(nil, `{"n":%d}`, n),
		Timeout: a.o.Patience.Milliseconds(),
	})
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return err
	}
	return check(response.Status, text, n)
}

// check returns what is wrong with what came of request n.
func check(status string, text []byte, n int64) error {
	var outcome cleanup.Outcome
	if status != "200 OK" {
		var problem sessions.Problem
		if json.Unmarshal(text, &problem) != nil {
			return errors.New(status)
		}
		return fmt.Errorf("%s: %s", status, problem.Detail)
	}
	if err := json.Unmarshal(text, &outcome); err != nil {
		return fmt.Errorf("reading the outcome: %w", err)
	}
	if outcome.Error != nil {
		return outcome.Error
	}
	got, err := number(outcome.Result)
	if err == nil && got != n {
		err = errors.New("another request's answer came in its place")
	}
	return err
}

// number returns the number that the params of a request have, and its result.
func number(message json.RawMessage) (int64, error) {
	var m struct {
		N *int64 `json:"n"`
	}
	if json.Unmarshal(message, &m) != nil || m.N == nil {
		return 0, errors.New("a message without a number")
	}
	return *m.N, nil
}
