package timeouts_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/sseworkbook/harness/step"
	timeouts "example.com/sseworkbook/lessons/06-timeouts"
	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// Part 4: whatever comes. There is nothing new to write here.

// Four things can end a call. Whichever comes first decides what the caller gets, what Observe
// gets, and whether the client gets a cancellation.
func TestWhateverEndsACall(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) { step.Whatever(t, 100, drawCalls, checkCalls) })
}

// checkCalls makes all calls of the plan at the same time.
func checkCalls(tb testing.TB, plan calls) {
	var observed, returned notes
	caller := &timeouts.Caller{Timeout: plan.timeout, Observe: func(method string, took time.Duration, err error) {
		observed.Add(fmt.Sprint(method, " ", took, " ", err))
	}}
	ended, told := make([]ending, len(plan.all)), make([]notes, len(plan.all))
	var running sync.WaitGroup
	for i, c := range plan.all {
		running.Go(func() { ended[i] = c.make(caller, strconv.Itoa(i+1), &told[i], &returned) })
	}
	running.Wait()
	left := caller.Len()
	step.Advance(time.Minute) // until the last answers have come

	late := 0
	for i, c := range plan.all {
		ended[i].told = told[i].String()
		want := c.ends(cmp.Or(plan.timeout, timeouts.DefaultTimeout))
		if ended[i] != want {
			step.Fail(tb, fmt.Sprintf("the first event that can end call %d must end it, and Call must send a cancellation if the request was sent but not answered", i+1),
				append([]string{"input " + plan.String()}, step.Compare("got ", ended[i].String(), "want", want.String())...)...)
		}
		if c.answer > want.took && !c.full {
			late++
		}
	}
	step.Equal(tb, "Call must call Observe once per call, with the method, the time and the error\ninput "+plan.String(), returned.sorted(), observed.sorted())
	step.Equal(tb, "Late must count the answers that came after their call ended, and Len must be 0 when all calls have ended\ninput "+plan.String(),
		fmt.Sprintf("Late %d, Len 0", late), fmt.Sprintf("Late %d, Len %d", caller.Late(), left))
}

// A plannedCall is what happens during a call, and when. Zero means never.
type plannedCall struct {
	full             bool // the request cannot be sent
	answer           time.Duration
	refuses          bool // the answer is an error
	deadline, giveUp time.Duration
}

func (c plannedCall) String() string {
	return fmt.Sprintf("Send fails: %t, answer: %v (an error: %t), deadline: %v, cancelled: %v", c.full, moment(c.answer), c.refuses, moment(c.deadline), moment(c.giveUp))
}

// moment returns d as text; zero means never.
func moment(d time.Duration) string {
	if d == 0 {
		return "never"
	}
	return d.String()
}

// calls are calls on one Caller, all at the same time.
type calls struct {
	timeout time.Duration
	all     []plannedCall
}

func (p calls) String() string {
	text := fmt.Sprintf("Timeout %v (0s: the default)", p.timeout)
	for i, c := range p.all {
		text += fmt.Sprintf("; call %d: %s", i+1, c)
	}
	return text
}

// drawCalls draws calls. In each of them, no two things happen at the same moment.
func drawCalls(d *step.Dice) calls {
	at := func(second time.Duration) time.Duration {
		second += time.Microsecond // which is not rounded away
		return step.Of(d, 0, second, second+10*time.Second, second+20*time.Second, second+30*time.Second)
	}
	return calls{at(0), step.Some(d, 4, func(d *step.Dice) plannedCall {
		return plannedCall{d.Int(8) == 7, at(1 * time.Second), d.Int(2) == 1, at(2 * time.Second), at(3 * time.Second)}
	})}
}

// An ending is how a call ended, and what the client was sent.
type ending struct {
	took          time.Duration
	outcome, told string
}

func (e ending) String() string {
	return fmt.Sprintf("%s after %v, sent: %s", e.outcome, e.took, e.told)
}

// The causes with which the context of a caller ends that gives up, or whose deadline passes.
var errLeft, errHurried = errors.New("the caller left"), errors.New("the caller was in a hurry")

// sent is what a client is told by a request.
const sent = "request (params correct: true)"

// make makes the call, and records what the client is sent and what Observe should get.
func (c plannedCall) make(caller *timeouts.Caller, method string, told, returned *notes) (e ending) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), cmp.Or(c.deadline, time.Hour), errHurried)
	defer cancel()
	ctx, giveUp := context.WithCancelCause(ctx)
	defer time.AfterFunc(cmp.Or(c.giveUp, time.Hour), func() { giveUp(errLeft) }).Stop()

	began, id := time.Now(), "none"
	result, err := caller.Call(ctx, c.client(caller, method, &id, told), correlation.Request{Method: method, Params: fmt.Appendf(nil, `{"of":%q}`, method)})
	e = ending{took: time.Since(began), outcome: string(result)}
	returned.Add(fmt.Sprint(method, " ", e.took, " ", err))
	if call, ok := errors.AsType[*correlation.CallError](err); ok {
		e.outcome = fmt.Sprintf("%v (ID and Method correct: %t, Unanswered: %t)", call.Err, call.ID == id && call.Method == method, call.Unanswered)
	} else if err != nil {
		e.outcome = fmt.Sprintf("not a *correlation.CallError: %v", err)
	}
	return e
}

// client returns the client of the call, which records what it is sent, and the id.
func (c plannedCall) client(caller *timeouts.Caller, method string, id *string, told *notes) peerFunc {
	return func(event framing.Event) error {
		var message struct {
			JSONRPC, ID, Method string
			Params              struct{ RequestID, Reason, Of string }
		}
		json.Unmarshal([]byte(event.Data), &message)
		if message.ID == "" {
			told.Add(fmt.Sprintf("%s %s %s (requestId correct: %t), reason: %s", event.Type, message.JSONRPC, message.Method, message.Params.RequestID == *id, message.Params.Reason))
			return nil
		}
		if *id = message.ID; c.full {
			return sessions.ErrFull
		}
		told.Add(fmt.Sprintf("request (params correct: %t)", message.Params.Of == method))
		if c.answer > 0 {
			response := map[bool]correlation.Response{false: yes, true: no}[c.refuses]
			time.AfterFunc(c.answer, func() { answer(caller, event, response) })
		}
		return nil
	}
}

// ends returns how the call must end.
func (c plannedCall) ends(timeout time.Duration) ending {
	if c.full {
		return ending{outcome: fmt.Sprint(sessions.ErrFull, " (ID and Method correct: true, Unanswered: false)"), told: "nothing"}
	}
	took, why := timeout, error(&timeouts.TimeoutError{After: timeout})
	if c.deadline > 0 && c.deadline < took {
		took, why = c.deadline, errHurried
	}
	if c.giveUp > 0 && c.giveUp < took {
		took, why = c.giveUp, errLeft
	}
	switch answered := c.answer > 0 && c.answer < took; {
	case answered && c.refuses:
		return ending{took: c.answer, outcome: fmt.Sprint(no.Error, " (ID and Method correct: true, Unanswered: false)"), told: sent}
	case answered:
		return ending{took: c.answer, outcome: string(yes.Result), told: sent}
	}
	return ending{took: took, outcome: fmt.Sprint(why, " (ID and Method correct: true, Unanswered: true)"), told: fmt.Sprint(sent, ", notification 2.0 notifications/cancelled (requestId correct: true), reason: ", why)}
}

// An answer comes at the very moment when its caller leaves, on another processor. Then it must
// be used or refused, but never accepted and lost.
func TestAnAnswerIsUsedOrRefused(t *testing.T) {
	defer step.Begin(t)()
	var caller timeouts.Caller
	var refused int64
	for round := range 500 {
		ctx, giveUp := context.WithCancel(t.Context())
		sent := make(chan framing.Event, 2)
		var callErr, resolveErr error
		var both sync.WaitGroup
		both.Go(func() {
			_, callErr = caller.Call(ctx, peerFunc(func(e framing.Event) error { sent <- e; return nil }), approve)
		})
		event := <-sent
		both.Go(giveUp)
		if round == 0 {
			both.Wait() // one answer is certainly too late
		}
		both.Go(func() { resolveErr = answer(&caller, event, yes) })
		both.Wait()
		if (callErr == nil) != (resolveErr == nil) {
			step.Fail(t, "an answer arrived just as its caller gave up: Call must return the answer if, and only if, Resolve accepted it",
				fmt.Sprint("Call's error:    ", callErr), fmt.Sprint("Resolve's error: ", resolveErr))
		}
		if errors.Is(resolveErr, correlation.ErrNotWaiting) {
			refused++
		}
	}
	step.Equal(t, "500 answers arrived, each just as its caller gave up: Late must count those that Resolve refused", refused, caller.Late())
}

// A stream carries requests of any length. Some are cancelled, and the stream may end at any
// time. As many run as Limit allows, and each gets the right answer.
func TestWhateverComesDownTheStream(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) { step.Whatever(t, 60, drawScript, checkScript) })
}

// A move is an event on the stream: a request, or the cancellation of an earlier one.
type move struct {
	pause   int // seconds before it
	cancels int // which move it cancels; 0: it is a request
	takes   int // seconds, at least one: as the stream ends, a turn may still go to a request whose context is about to end
	lost    bool
}

// A script is what comes down a stream. Moves are numbered from one.
type script struct {
	limit int
	moves []move
	pause int // seconds before the end
	ends  string
}

func (s script) String() string {
	text, at := fmt.Sprint("Limit ", s.limit), 0 // at counts the seconds since the start
	for i, m := range s.moves {
		at += m.pause
		text += fmt.Sprintf(", +%ds ", at)
		if m.cancels > 0 {
			text += fmt.Sprint("cancel ", m.cancels)
		} else {
			text += fmt.Sprintf("request %d (takes %ds)", i+1, m.takes)
		}
	}
	return fmt.Sprintf("%s, +%ds %s", text, at+s.pause, s.ends)
}

func drawScript(d *step.Dice) script {
	return script{1 + d.Int(3), step.Some(d, 10, func(d *step.Dice) move {
		return move{d.Int(3), max(0, d.Int(12)-4), 1 + d.Int(5), d.Int(6) == 5}
	}), step.Of(d, 100, 0, 1, 2), step.Of(d, "the stream ends", "the stream breaks", "Run's context ends")}
}

// checkScript plays the script. Each move has its own millisecond, so that no two things
// happen at the same moment.
func checkScript(tb testing.TB, s script) {
	ctx, stop := context.WithCancelCause(context.Background())
	p := &performance{script: s, gone: map[string]bool{}}
	client := playIn(ctx, p.answerer())
	defer func() { stop(errBroken); client.end(); <-client.done }()

	began, seconds := time.Now(), 0
	next := func(n, pause int) {
		seconds += pause
		step.Advance(time.Until(began.Add(time.Duration(seconds)*time.Second + time.Duration(n)*time.Millisecond)))
		p.check(tb)
	}
	for i, m := range s.moves {
		next(i+1, m.pause)
		client.send(p.event(i+1, m))
		p.check(tb)
	}
	next(len(s.moves)+1, s.pause)
	done := p.outcomes.String()
	map[string]func(){"the stream ends": client.end, "the stream breaks": func() { client.stream.CloseWithError(errBroken) }, "Run's context ends": func() { stop(errBroken) }}[s.ends]()
	step.Advance(time.Minute)
	step.Equal(tb, s.String()+": Run must end all Handles and return", "Handle calls running: 0, returned: true",
		fmt.Sprintf("Handle calls running: %d, returned: %t", p.working.Load(), client.outcome() != "Run has not returned"))
	step.Equal(tb, s.String()+": Run must return the error that ended it, if any (shown: whether Run returned that error)", s.ends != "the stream ends", errors.Is(client.err, errBroken))
	step.Equal(tb, s.String()+": after that, Run must not deliver or report any more answers", done, p.outcomes.String())
}

// A performance is a script that is played, and what your Answerer did so far.
type performance struct {
	script
	working  atomic.Int32
	outcomes notes           // "1 delivered", "2 lost"
	asked    []string        // the ids that came
	gone     map[string]bool // the ids that were cancelled before they were done
}

func (p *performance) answerer() *timeouts.Answerer {
	move := func(id string) move {
		n, _ := strconv.Atoi(id)
		return p.moves[n-1]
	}
	return &timeouts.Answerer{
		Limit: p.limit,
		Handle: func(ctx context.Context, method string, _ json.RawMessage) (any, error) {
			p.working.Add(1)
			defer p.working.Add(-1)
			wait(ctx, time.Duration(move(method).takes)*time.Second)
			return method, nil
		},
		Deliver: func(_ context.Context, endpoint string, r correlation.Response) error {
			if move(r.ID).lost {
				return errBroken
			}
			p.outcomes.Add(fmt.Sprintf("%s delivered: %s to %s", r.ID, r.Result, endpoint))
			return nil
		},
		OnUndelivered: func(r correlation.Response, err error) { p.outcomes.Add(fmt.Sprintf("%s lost: %v", r.ID, err)) },
	}
}

// event returns the event of move n.
func (p *performance) event(n int, m move) framing.Event {
	if m.cancels == 0 {
		id := strconv.Itoa(n)
		p.asked = append(p.asked, id)
		return request(id, id)
	}
	id := strconv.Itoa(m.cancels)
	p.gone[id] = p.gone[id] || slices.Contains(p.asked, id) && !p.done(id)
	return cancellation(id)
}

// done reports whether the request with this id was delivered or lost.
func (p *performance) done(id string) bool {
	return slices.ContainsFunc(p.outcomes.All(), func(o string) bool { return strings.HasPrefix(o, id+" ") })
}

// check fails the step if the wrong number of Handles is running, or if something
// was delivered that should not be.
func (p *performance) check(tb testing.TB) {
	tb.Helper()
	open, want := 0, []string{}
	for _, id := range p.asked {
		n, _ := strconv.Atoi(id)
		switch done := p.done(id); {
		case !done && !p.gone[id]:
			open++
		case done && p.moves[n-1].lost:
			want = append(want, fmt.Sprintf("%s lost: %v", id, errBroken))
		case done:
			want = append(want, fmt.Sprintf("%s delivered: %q to %s", id, id, near))
		}
	}
	step.Equal(tb, fmt.Sprintf("%v: with %d open requests, Run must run as many Handles as Limit allows", p.script, open), min(open, p.limit), int(p.working.Load()))
	slices.Sort(want)
	step.Equal(tb, p.script.String()+": Run must deliver or report each response once, but no response to a cancelled request", strings.Join(want, ", "), p.outcomes.sorted())
}

// reasons are errors that mean something else elsewhere. As the error of a Send, Handle or
// Deliver, each is only the reason why that failed.
func reasons() (all []error) {
	for _, err := range []error{
		context.Canceled, context.DeadlineExceeded, os.ErrDeadlineExceeded, io.EOF, sessions.ErrClosed, correlation.ErrNotWaiting,
		&timeouts.TimeoutError{After: 5 * time.Second}, &timeouts.RefusedError{StatusCode: http.StatusGone},
		&correlation.CallError{ID: "1", Method: "another", Err: context.Canceled, Unanswered: true},
	} {
		all = append(all, err, fmt.Errorf("asking the database: %w", err))
	}
	return all
}
