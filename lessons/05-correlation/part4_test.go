package correlation_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
	"weak"

	"example.com/sseworkbook/harness/step"
	correlation "example.com/sseworkbook/lessons/05-correlation"
	sessions "example.com/sseworkbook/solutions/04-sessions"
)

// Part 4: whatever comes. There is nothing new to write here.

// Requests, answers and cancellations come in any order, to two Pendings, P and Q. Each
// call must return what a model of a few lines returns.
func TestEachAnswerFindsItsRequestWhateverComes(t *testing.T) {
	defer step.Begin(t)()
	step.Whatever(t, 500, drawMoves, func(tb testing.TB, in moves) {
		w := world{known: [2]map[string]*request{{}, {}}}
		for i, m := range in {
			w.plays(tb, in[:i], m)
		}
		for _, known := range w.known {
			for id, r := range known {
				step.Equal(tb, fmt.Sprintf("the channel of id %q must hold this response at the end (\"\" means none)\nafter %v", id, in), r.inside, take(r.answer))
			}
		}
	})
}

// A move is one call of P or Q. Its id is that of an earlier request, in some spelling.
type move struct {
	what, session, spelling string
	second                  int // 1: Q's
	request                 int
}

type moves []move

func drawMoves(d *step.Dice) moves {
	return step.Some(d, 12, func(d *step.Dice) move {
		m := move{what: step.Of(d, "Add", "result", "error", "Cancel", "receive"), second: step.Of(d, 0, 0, 1)}
		if m.what != "Add" {
			m.request = d.Int(4)
			m.spelling = step.Of(d, "%s", "%s", "%s", "%s", "%s", "%s", "%s", "%s", "0%s", "+%s", " %s", "%s ", "%s\x00", "\"%s\"", "%.0s")
		}
		m.session = step.Of(d, "A", "A", "A", "A", "A", "A", "B", "AB", "AC", "a", "A ", "")
		return m
	})
}

// String returns all moves in one line.
func (all moves) String() string {
	var lines []string
	for _, m := range all {
		lines = append(lines, m.String())
	}
	return strings.Join(lines, ", ")
}

func (m move) String() string {
	pending, id := "PQ"[m.second:m.second+1], fmt.Sprintf(m.spelling, fmt.Sprintf("id%d", m.request))
	switch m.what {
	case "Add":
		return fmt.Sprintf("%s.Add(%q)", pending, m.session)
	case "Cancel":
		return fmt.Sprintf("%s.Cancel(%q)", pending, id)
	case "receive":
		return fmt.Sprintf("a caller of %s receives from the channel of %q", pending, id)
	}
	return fmt.Sprintf("%s.Resolve(%q, a%s for %q)", pending, m.session, map[string]string{"result": " result", "error": "n error"}[m.what], id)
}

// A world is P and Q, and what is known of their requests.
type world struct {
	pendings [2]correlation.Pending
	known    [2]map[string]*request
	ids      []string // in the order of Add
}

// A request of the model waits as long as why is nil.
type request struct {
	session string
	answer  <-chan correlation.Response
	inside  string // the response in the channel, as JSON
	why     error
}

// plays makes a move after others, and checks its result.
func (w *world) plays(tb testing.TB, before moves, m move) {
	say, after := m.String(), ""
	if len(before) > 0 {
		after = "\nafter " + before.String()
	}
	pending, known := &w.pendings[m.second], w.known[m.second]
	if m.what == "Add" {
		id, answer := pending.Add(m.session)
		if known[id] != nil {
			step.Fail(tb, say+" returned the id of an earlier request"+after, fmt.Sprintf("got  %q", id), "want an id that Add has never returned")
		}
		known[id] = &request{session: m.session, answer: answer}
		w.ids = append(w.ids, id)
	} else {
		id := fmt.Sprintf(m.spelling, "of no request")
		if len(w.ids) > 0 {
			id = fmt.Sprintf(m.spelling, w.ids[m.request%len(w.ids)])
		}
		uses(tb, pending, known[id], say, after, id, m)
	}
	waiting := 0
	for _, r := range known {
		if r.why == nil {
			waiting++
		}
	}
	step.Equal(tb, say+": Len() must then count the requests that are still waiting"+after, waiting, pending.Len())
}

// uses makes a move about the request r, which is nil if no request has this id.
func uses(tb testing.TB, pending *correlation.Pending, r *request, say, after, id string, m move) {
	waits := r != nil && r.why == nil
	switch m.what {
	case "Cancel":
		if waits {
			r.why = correlation.ErrNotWaiting
		}
		step.Equal(tb, say+" must report whether a request with this id was still waiting"+after, waits, pending.Cancel(id))
	case "receive":
		if r != nil {
			step.Equal(tb, say+": that caller must get this response (\"\" means none)"+after, r.inside, take(r.answer))
			r.inside = ""
		}
	default:
		answer := response(id, fmt.Sprintf(`"to %s"`, id))
		if m.what == "error" {
			answer = correlation.Response{JSONRPC: "2.0", ID: id, Error: &correlation.Error{Message: "no", Data: json.RawMessage(`[1]`)}}
		}
		want := refusal(r, m.session)
		if want == nil {
			r.why, r.inside = correlation.ErrAnswered, asJSON(answer)
		}
		must := " must return nil"
		if want != nil {
			must = fmt.Sprintf(" must return the error %q", want)
		}
		step.Equal(tb, say+must+after, fmt.Sprint(want), known(pending.Resolve(m.session, answer)))
	}
}

// refusal returns why a response of session to r is refused, or nil.
func refusal(r *request, session string) error {
	switch {
	case r == nil:
		return correlation.ErrUnknownRequest
	case r.session != session:
		return correlation.ErrWrongSession
	}
	return r.why
}

// Clients answer once, twice, for another client or not at all, and callers give up, all
// within the same few seconds.
func TestACallEndsOnceWhateverComes(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		step.Whatever(t, 200, drawTalks, func(tb testing.TB, in talks) {
			var caller correlation.Caller
			var all []*conversation
			for _, talk := range in {
				all = append(all, begin(tb.Context(), &caller, talk))
			}
			step.Advance(10 * time.Second)
			for i, c := range all {
				c.check(tb, fmt.Sprintf("call %d ", i+1), "\ninput "+in.String())
			}
			step.Equal(tb, "all calls have returned, so Len() must be 0\ninput "+in.String(), 0, caller.Len())
		})
	})
	for _, how := range []string{
		"the client answered", "Send returned an error", "the client answered and Send returned an error", "the caller left",
		"the client answered as the caller left", "the client answered, the caller left and Send returned an error", "the params were not JSON",
	} {
		step.Bubble(t, func(t *testing.T) { wantOwnAnswers(t, how) })
	}
}

// A talk is a Call whose caller leaves at a given second, and what the clients do.
type talk struct {
	params  string
	send    error // what Send returns
	leaves  int
	how     string // its context ends
	replies []reply
}

// A reply comes at a given second.
type reply struct {
	at            int
	what, session string
}

type talks []talk

func drawTalks(d *step.Dice) talks {
	return step.Some(d, 3, func(d *step.Dice) talk {
		return talk{
			params: step.Of(d, "7", "7", "7", "{bad"),
			send:   step.Of(d, nil, nil, nil, sessions.ErrFull),
			leaves: 1 + d.Int(4),
			how:    step.Of(d, "cancelled", "cancelled with a cause", "at a deadline", "at a deadline with a cause"),
			replies: step.Some(d, 3, func(d *step.Dice) reply {
				return reply{d.Int(5), step.Of(d, "a result", "an error"), step.Of(d, "A", "A", "B")}
			}),
		}
	})
}

// String returns all talks in one line.
func (all talks) String() string {
	var lines []string
	for i, t := range all {
		line := fmt.Sprintf("call %d to session A with params %s", i+1, t.params)
		if t.send != nil {
			line += fmt.Sprintf(", Send returns %q", t.send)
		}
		for _, r := range t.replies {
			line += fmt.Sprintf(", session %s posts %s after %d s", r.session, r.what, r.at)
		}
		lines = append(lines, fmt.Sprintf("%s, the context ends after %d s (%s)", line, t.leaves, t.how))
	}
	return strings.Join(lines, "; ")
}

// A conversation is a talk under way.
type conversation struct {
	talk
	ctx      context.Context
	asking   *asked
	accepted []string // what Resolve returned nil for
}

// begin starts the Call of a talk.
func begin(parent context.Context, caller *correlation.Caller, t talk) *conversation {
	c := &conversation{talk: t, ctx: leaving(parent, time.Duration(t.leaves)*time.Second, t.how)}
	peer := client(func(r correlation.Request) error {
		for _, reply := range t.replies {
			if t.send == nil {
				go c.post(caller, reply, r.ID)
			}
		}
		return t.send
	})
	c.asking = call(c.ctx, caller, peer, correlation.Request{Method: "approve", Params: json.RawMessage(t.params)})
	return c
}

// post posts a reply at its second.
func (c *conversation) post(caller *correlation.Caller, r reply, id string) {
	time.Sleep(time.Duration(r.at) * time.Second)
	answer := response(id, `"yes"`)
	if r.what == "an error" {
		answer = noSuchMethod(id)
	}
	if caller.Resolve(r.session, answer) == nil {
		c.accepted = append(c.accepted, fmt.Sprintf("%s, after %d s", r.what, r.at))
	}
}

// check checks how the Call ended.
func (c *conversation) check(tb testing.TB, say, input string) {
	if !c.asking.hasEnded() {
		step.Fail(tb, say+"is still waiting after 10 s"+input)
	}
	sent := c.send == nil && c.params == "7"
	promised := false
	for _, r := range c.replies {
		promised = promised || sent && r.session == "A" && r.at < c.leaves
	}
	want := fmt.Sprintf("%v, Unanswered: true, after %d s", context.Cause(c.ctx), c.leaves)
	switch {
	case len(c.accepted) > 1:
		step.Fail(tb, say+"got several responses, but Resolve returned nil for more than one"+input, fmt.Sprintf("got  %q", c.accepted), "want an error for all but one")
	case len(c.accepted) == 1:
		want = c.accepted[0]
	case promised:
		step.Fail(tb, say+"was waiting when its response arrived, but Resolve returned an error"+input)
	case !sent && c.send != nil && c.params == "7":
		want = fmt.Sprintf("%v, Unanswered: false, after 0 s", c.send)
	case !sent:
		want = "params that are not JSON, Unanswered: false, after 0 s"
	}
	step.Equal(tb, say+"must end like this"+input, want, c.came())
}

// came describes how a Call ended.
func (c *conversation) came() string {
	after := fmt.Sprintf(", after %v s", c.asking.took.Seconds())
	failed, isCallError := errors.AsType[*correlation.CallError](c.asking.err)
	if c.asking.err == nil && text(c.asking.result) == "yes" {
		return "a result" + after
	}
	if !isCallError {
		return fmt.Sprintf("result %s, error %#v%s", c.asking.result, c.asking.err, after)
	}
	if refusal, ok := errors.AsType[*correlation.Error](failed); ok && !failed.Unanswered && refusal != nil {
		return "an error" + after
	}
	after = fmt.Sprintf(", Unanswered: %t", failed.Unanswered) + after
	if _, ok := errors.AsType[*json.SyntaxError](failed); ok {
		return "params that are not JSON" + after
	}
	for _, cause := range []error{errLeft, context.Canceled, context.DeadlineExceeded, sessions.ErrFull} {
		if errors.Is(failed, cause) { // and perhaps another one too
			return cause.Error() + after
		}
	}
	return failed.Error() + after
}

// A server runs for months. It must release what a request needs when the request ends.
func TestWhatHasEndedIsLetGo(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		var caller correlation.Caller
		var outcomes string
		var params []weak.Pointer[byte]
		n := 0
		prompt := client(func(r correlation.Request) error {
			n++
			switch n % 3 {
			case 1:
				return caller.Resolve("A", response(r.ID, `"yes"`))
			case 2:
				return caller.Resolve("A", noSuchMethod(r.ID))
			}
			return sessions.ErrFull
		})
		before, _ := step.Goroutines()
		held := step.HeldContexts(9, func(ctx context.Context) {
			bytes := fmt.Appendf(nil, `"%0100d"`, n)
			params = append(params, weak.Make(&bytes[0]))
			result, err := caller.Call(ctx, prompt, correlation.Request{Method: "approve", Params: bytes})
			if errors.Is(err, sessions.ErrFull) {
				outcomes += "full; "
				return
			}
			outcomes += outcome(text(result), err) + "; "
		})
		step.Equal(t, "of nine requests, three got a result, three got an error, and three could not be sent: each Call must return its own outcome",
			strings.Repeat("a result: yes; the client's error: no such method (code -32601); full; ", 3), outcomes)
		synctest.Wait()
		if left, most := step.Goroutines(); left > before {
			step.Fail(t, "nine calls returned while their contexts were still alive, but Call left goroutines behind", fmt.Sprintf("got  %d, most often at %s", left-before, most), "want none")
		}
		step.Equal(t, "nine calls returned a minute ago, and their contexts are still alive: your code must no longer use these contexts (shown: how many it still uses)", 0, held())
		step.Equal(t, "nine calls returned a minute ago: none of their params may still be in memory (shown: how many are)", 0, reachable(params))
		runtime.KeepAlive(&caller)
	})
	wantSettledReleased(t)
}

// wantSettledReleased settles requests, and checks that no new one gets an id of theirs, and what they leave in memory.
func wantSettledReleased(t *testing.T) {
	t.Helper()
	var p correlation.Pending
	var names, results, unasked []weak.Pointer[byte]
	given := map[string]bool{}
	for i := range 5000 {
		session, result, unknown := fmt.Sprintf("session %0100d", i), fmt.Appendf(nil, `"%0100d"`, i), fmt.Sprintf("unasked %0100d", i)
		names, results = append(names, weak.Make(unsafe.StringData(session))), append(results, weak.Make(&result[0]))
		unasked = append(unasked, weak.Make(unsafe.StringData(unknown)))
		p.Resolve(session, response(unknown, "true"))
		id, _ := p.Add(session)
		if given[id] {
			step.Fail(t, "Add reused the id of a settled request: a late answer to the settled request would go to the new request's caller",
				fmt.Sprintf("got  %q a second time", id), "want an id that Add has never returned")
		}
		given[id] = true
		if i%2 == 0 {
			p.Cancel(id)
		}
		p.Resolve(session, correlation.Response{JSONRPC: "2.0", ID: id, Result: result})
	}
	runtime.GC()
	const remembered = 2048 // with a margin: a Pending remembers the last 1,024
	step.Equal(t, "5,000 requests were given up or answered: only the last 1,024 of their session ids may stay in memory (the test allows up to 2,048)", min(reachable(names), remembered), reachable(names))
	step.Equal(t, "5,000 requests were given up or answered: Pending may remember only the last 1,024 of them (the test fails above 2,048)", min(reachable(results), remembered), reachable(results))
	step.Equal(t, "5,000 responses were refused because no request has their ids: these ids must not stay in memory (the test allows up to 2,048)", min(reachable(unasked), remembered), reachable(unasked))
	runtime.KeepAlive(&p)
}
