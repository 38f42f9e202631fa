package timeouts_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/step"
	timeouts "example.com/sseworkbook/lessons/06-timeouts"
	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// Part 4: whatever comes. There is nothing new to write here.

// Four things can end a call. The first of them decides what the caller reads, what Observe
// is told, and whether the client is.
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
	step.Advance(time.Minute) // the last answers come

	late := 0
	for i, c := range plan.all {
		ended[i].told = told[i].String()
		want := c.ends(cmp.Or(plan.timeout, timeouts.DefaultTimeout))
		if ended[i] != want {
			step.Fail(tb, fmt.Sprintf("call %d of these must end as the first of its ends says, and the client must be told if it left no answer", i+1),
				append([]string{"input " + plan.String()}, step.Compare("got ", ended[i].String(), "want", want.String())...)...)
		}
		if c.answer > want.took && !c.full {
			late++
		}
	}
	step.Equal(tb, plan.String()+": Observe must be told of each call once", returned.sorted(), observed.sorted())
	step.Equal(tb, plan.String()+": Late must count the answers that came after their call's end, and no call must be left",
		fmt.Sprintf("%d late, 0 left", late), fmt.Sprintf("%d late, %d left", caller.Late(), left))
}

// A plannedCall is what happens with a call, and when. Zero is never.
type plannedCall struct {
	full             bool // the request cannot be sent
	answer           time.Duration
	refuses          bool // the answer is an error
	deadline, giveUp time.Duration
}

func (c plannedCall) String() string {
	return fmt.Sprintf("Send fails: %t, answer: %v (an error: %t), deadline: %v, cancelled: %v", c.full, c.answer, c.refuses, c.deadline, c.giveUp)
}

// calls are calls on one Caller, all at the same time.
type calls struct {
	timeout time.Duration
	all     []plannedCall
}

func (p calls) String() string {
	text := fmt.Sprintf("Timeout %v (0s is never, and the default)", p.timeout)
	for i, c := range p.all {
		text += fmt.Sprintf("; call %d: %s", i+1, c)
	}
	return text
}

// drawCalls draws calls, in each of which no two things happen at one moment.
func drawCalls(d *step.Dice) calls {
	at := func(second time.Duration) time.Duration {
		return step.Of(d, 0, second, second+10*time.Second, second+20*time.Second, second+30*time.Second)
	}
	return calls{at(0), step.Some(d, 4, func(d *step.Dice) plannedCall {
		return plannedCall{d.Int(8) == 7, at(1 * time.Second), d.Int(2) == 1, at(2 * time.Second), at(3 * time.Second)}
	})}
}

// An ending is how a call ended, and what the client was told of that.
type ending struct {
	took          time.Duration
	outcome, told string
}

func (e ending) String() string {
	return fmt.Sprintf("%s after %v, sent: %s", e.outcome, e.took, e.told)
}

// errLeft is why a caller gives up, as its context has it.
var errLeft = errors.New("the caller left")

// make makes the call, and writes down what the client is sent and what Observe should be.
func (c plannedCall) make(caller *timeouts.Caller, method string, told, returned *notes) (e ending) {
	ctx, cancel := context.WithTimeout(context.Background(), cmp.Or(c.deadline, time.Hour))
	defer cancel()
	ctx, giveUp := context.WithCancelCause(ctx)
	defer time.AfterFunc(cmp.Or(c.giveUp, time.Hour), func() { giveUp(errLeft) }).Stop()

	began := time.Now()
	result, err := caller.Call(ctx, c.client(caller, told), correlation.Request{Method: method})
	e = ending{took: time.Since(began), outcome: string(result)}
	returned.Add(fmt.Sprint(method, " ", e.took, " ", err))
	if call, ok := errors.AsType[*correlation.CallError](err); ok {
		e.outcome = fmt.Sprintf("%v (unanswered: %t)", call.Err, call.Unanswered)
	} else if err != nil {
		e.outcome = fmt.Sprintf("not a *correlation.CallError: %v", err)
	}
	return e
}

// client returns the client of the call, which writes down what it is sent.
func (c plannedCall) client(caller *timeouts.Caller, told *notes) peerFunc {
	id := "none"
	return func(event framing.Event) error {
		var message struct {
			ID     string
			Params struct{ RequestID, Reason string }
		}
		json.Unmarshal([]byte(event.Data), &message)
		switch {
		case message.ID == "":
			told.Add(fmt.Sprintf("cancelled (its id: %t), since %s", message.Params.RequestID == id, message.Params.Reason))
			return nil
		case c.full:
			return sessions.ErrFull
		}
		id = message.ID
		told.Add("request")
		if c.answer > 0 {
			response := map[bool]correlation.Response{false: yes, true: no}[c.refuses]
			time.AfterFunc(c.answer, func() { answer(caller, event, response) })
		}
		return nil
	}
}

// ends returns how the call has to end.
func (c plannedCall) ends(timeout time.Duration) ending {
	if c.full {
		return ending{outcome: fmt.Sprint(sessions.ErrFull, " (unanswered: false)"), told: "nothing"}
	}
	took, why := timeout, error(&timeouts.TimeoutError{After: timeout})
	if c.deadline > 0 && c.deadline < took {
		took, why = c.deadline, context.DeadlineExceeded
	}
	if c.giveUp > 0 && c.giveUp < took {
		took, why = c.giveUp, errLeft
	}
	switch answered := c.answer > 0 && c.answer < took; {
	case answered && c.refuses:
		return ending{took: c.answer, outcome: fmt.Sprint(no.Error, " (unanswered: false)"), told: "request"}
	case answered:
		return ending{took: c.answer, outcome: string(yes.Result), told: "request"}
	}
	return ending{took: took, outcome: fmt.Sprint(why, " (unanswered: true)"), told: fmt.Sprint("request, cancelled (its id: true), since ", why)}
}

// An answer comes in the same instant in which its caller leaves, on another processor. Then
// it is used or it is refused, but never taken and lost.
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
			both.Wait() // one answer is too late for certain
		}
		both.Go(func() { resolveErr = answer(&caller, event, yes) })
		both.Wait()
		if (callErr == nil) != (resolveErr == nil) {
			step.Fail(t, "an answer came while its caller gave up: Call must return it if Resolve took it, and must not if Resolve refused it",
				fmt.Sprint("Call's error:    ", callErr), fmt.Sprint("Resolve's error: ", resolveErr))
		}
		if errors.Is(resolveErr, correlation.ErrNotWaiting) {
			refused++
		}
	}
	step.Equal(t, "500 answers came, each while its caller gave up: Late must count those that Resolve refused", refused, caller.Late())
}

// A stream carries requests of any length, some of which are cancelled, and it may end at any
// time. As many are at work as Limit allows, and each gets what it should.
func TestWhateverComesDownTheStream(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) { step.Whatever(t, 60, drawScript, checkScript) })
}

// A move is an event that comes: a request, or the cancellation of an earlier one.
type move struct {
	pause   int // seconds before it
	cancels int // which move it cancels; 0: it is a request
	takes   int // seconds
	lost    bool
}

// A script is what comes down a stream. Moves are counted from one.
type script struct {
	limit int
	moves []move
	pause int // seconds before the end
	ends  string
}

func (s script) String() string {
	text := fmt.Sprint("Limit ", s.limit)
	for i, m := range s.moves {
		text += fmt.Sprintf(", +%ds ", m.pause)
		if m.cancels > 0 {
			text += fmt.Sprint("cancel ", m.cancels)
		} else {
			text += fmt.Sprintf("request %d (takes %ds)", i+1, m.takes)
		}
	}
	return fmt.Sprintf("%s, +%ds %s", text, s.pause, s.ends)
}

func drawScript(d *step.Dice) script {
	return script{1 + d.Int(3), step.Some(d, 10, func(d *step.Dice) move {
		return move{d.Int(3), max(0, d.Int(12)-4), d.Int(6), d.Int(6) == 5}
	}), step.Of(d, 100, 0, 1, 2), step.Of(d, "the stream ends", "the stream breaks", "Run's context ends")}
}

// checkScript plays the script. Each move has its own millisecond, so that no two things
// happen at one moment.
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
	switch s.ends {
	case "the stream ends":
		client.end()
	case "the stream breaks":
		client.stream.CloseWithError(errBroken)
	default:
		stop(errBroken)
	}
	step.Advance(time.Minute)
	step.Equal(tb, s.String()+": Run must end all Handles, and return", "0 at work, returned: true",
		fmt.Sprintf("%d at work, returned: %t", p.working.Load(), client.outcome() != "Run has not returned"))
	step.Equal(tb, s.String()+": Run's error must say how it ended", s.ends != "the stream ends", errors.Is(client.err, errBroken))
	step.Equal(tb, s.String()+": Run must deliver nothing after the end", done, p.outcomes.String())
}

// A performance is a script that is played, and what your Answerer made of it so far.
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

// check fails the step if not as many Handles are at work as should be, or if something
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
	step.Equal(tb, fmt.Sprintf("%v: %d requests are open, so as many Handles must be at work as Limit allows of them", p.script, open), min(open, p.limit), int(p.working.Load()))
	slices.Sort(want)
	step.Equal(tb, p.script.String()+": each response must be delivered once, and none that was cancelled", strings.Join(want, ", "), p.outcomes.sorted())
}

// A stream may last for weeks. What was answered, cancelled, or cancelled too late must not
// stay in memory.
func TestNothingIsKeptOfWhatIsDone(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var delivered atomic.Int32
		deliver := func(context.Context, string, correlation.Response) error { delivered.Add(1); return nil }
		client := play(t, &timeouts.Answerer{Handle: takes(time.Second), Deliver: deliver})
		const many = 300
		rounds := func(first int) {
			for id := first; id < first+many; id++ {
				client.send(request(strconv.Itoa(id), "count"))
				step.Advance(time.Duration(id%3) * 2 * time.Second)
				if id%3 < 2 {
					client.send(cancellation(strconv.Itoa(id))) // in time, or too late
				}
			}
		}
		rounds(0)
		step.Equal(t, fmt.Sprintf("%d requests came, and every third was cancelled: Run must answer the others", many), many*2/3, int(delivered.Load()))
		before := objects()
		rounds(many)
		if more := objects() - before; more > many/5 {
			step.Fail(t, fmt.Sprintf("%d requests were answered or cancelled, and their stream goes on: Run must keep nothing of them", many),
				fmt.Sprintf("got  %d more objects in memory than before", more), "want none, or a few")
		}
	})
}

// objects returns how many objects are in memory and can be reached.
func objects() int {
	synctest.Wait()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapObjects)
}
