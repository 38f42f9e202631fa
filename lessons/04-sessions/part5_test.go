package sessions_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/step"
	sessions "example.com/sseworkbook/lessons/04-sessions"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// Part 5: whatever comes. You write nothing new here.

// Clients connect, read and leave in any order, and they get what a model of a few
// lines predicts.
func TestEachGetsItsOwnWhateverHappens(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		const many = 1000 // nearly as many as a queue holds
		s := open(t, &sessions.Registry{})
		for i := range many {
			s.Send(framing.Event{Data: fmt.Sprint(i+1, strings.Repeat(" ha", 40))})
		}
		step.Equal(t, "1,000 small events waited for a slow client: the client must get every one of them, in order", fmt.Sprintf("%d, from 1 to %d", many, many),
			span(startPump(s).news()))
		step.Whatever(t, 400, drawStory, tell)
	})
}

// A story is what happens at two registries, A and B.
type story struct {
	maxSessions, maxQueuedBytes int
	policy                      string // a key of policies
	events                      []happening
}

// A happening is one call, or what a client does. Who is a registry for Open and Broadcast,
// and a session for everything else.
type happening struct {
	what, text string
	who        int
}

// policies has each Policy under its name.
var policies = map[string]sessions.Policy{
	"":                           nil,
	"that keeps only the newest": func(_ [][]byte, next []byte) ([][]byte, error) { return [][]byte{next}, nil },
	"that refuses xx":            refusing(errRefused),
	"that ends sessions at xx":   refusing(errEnds),
}

var (
	errRefused = errors.New("the policy refused")
	errEnds    = fmt.Errorf("the client is too slow: %w", sessions.ErrClosed)
)

// refusing returns a Policy that returns err for an event with xx in it.
func refusing(err error) sessions.Policy {
	return func(waiting [][]byte, next []byte) ([][]byte, error) {
		if strings.Contains(string(next), "xx") {
			return nil, err
		}
		return append(waiting, next), nil
	}
}

func drawStory(d *step.Dice) story {
	s := story{policy: step.Of(d, "", "", "that keeps only the newest", "that refuses xx", "that ends sessions at xx"), maxSessions: step.Of(d, 0, -1, 2, 1)}
	if s.policy == "" {
		s.maxQueuedBytes = step.Of(d, 0, -1, 30, 60)
	}
	opened := 0
	s.events = step.Some(d, 25, func(d *step.Dice) happening {
		e := happening{
			what: step.Of(d, "Open", "Open, and Pump", "Broadcast", "Send", "Registry.Send", "reads", "Close", "leaves"),
			text: step.Of(d, "a", "b", "", "xx", forged),
		}
		switch e.what {
		case "Open", "Open, and Pump":
			opened++
			e.who = d.Int(2)
		case "Broadcast":
			e.who = d.Int(2)
		default:
			e.who = d.Int(opened + 1)
		}
		return e
	})
	return s
}

// forged stands for the event that cannot be framed.
const forged = "one that cannot be framed"

// event returns the event of a text.
func event(text string) framing.Event {
	switch text {
	case forged:
		return unframeable
	case "b":
		return framing.Event{ID: "b", Type: "b", Data: "b\nb"}
	}
	return framing.Event{Data: text}
}

// String returns the story in one line.
func (s story) String() string {
	text := fmt.Sprintf("MaxSessions %d, MaxQueuedBytes %d", s.maxSessions, s.maxQueuedBytes)
	if s.policy != "" {
		text += ", a Policy " + s.policy
	}
	for _, e := range s.events {
		text += "; " + e.String()
	}
	return text
}

func (e happening) String() string {
	switch e.what {
	case "Open", "Open, and Pump":
		return names[e.who] + "." + e.what
	case "Broadcast":
		return fmt.Sprintf("%s.Broadcast %q", names[e.who], e.text)
	case "Send", "Registry.Send":
		return fmt.Sprintf("%s %q to session %d", e.what, e.text, e.who)
	}
	return fmt.Sprintf("session %d: %s", e.who, e.what)
}

var names = [2]string{"A", "B"}

// A world is what the model knows of a story.
type world struct {
	story
	tb     testing.TB
	ctx    context.Context
	homes  [2]*home
	guests []*guest // one for each Open; nil: it was refused
}

// A home is a registry.
type home struct {
	r            *sessions.Registry
	open, queued int // sessions, and bytes
}

// A guest is a session that was opened.
type guest struct {
	s     *sessions.Session
	home  *home
	leave context.CancelFunc
	pump  *pump // nil: nothing calls its Pump
	ended bool

	waiting, taken [][]byte // taken are the frames that its sink is writing
	calls          []string // the bytes that its sink has got
}

// tell makes a story happen, and checks what can be seen of it.
func tell(tb testing.TB, in story) {
	tb.Helper()
	ctx, end := context.WithCancel(tb.Context())
	defer synctest.Wait()
	defer end()
	w, began := &world{story: in, tb: tb, ctx: ctx}, time.Now()
	for i := range w.homes {
		w.homes[i] = &home{r: &sessions.Registry{MaxSessions: in.maxSessions, MaxQueuedBytes: in.maxQueuedBytes, Policy: policies[in.policy]}}
	}
	for _, e := range in.events {
		w.happens(e)
		synctest.Wait()
		w.wantKnown()
	}
	if waited := time.Since(began); waited != 0 {
		w.fail("one of your functions slept or waited for a timer: these calls must all return at once", fmt.Sprintf("got  %v", waited), "want 0s")
	}
	for i, g := range w.guests {
		w.wantHanded(i, g)
	}
}

func (w *world) happens(e happening) {
	switch e.what {
	case "Open", "Open, and Pump":
		w.opens(w.homes[e.who], e.what != "Open")
		return
	case "Broadcast":
		w.broadcast(w.homes[e.who], e.text)
		return
	}
	if e.who >= len(w.guests) || w.guests[e.who] == nil {
		return
	}
	switch g := w.guests[e.who]; e.what {
	case "Send":
		w.sends(g, "Send", e.text, g.s.Send(event(e.text)), sessions.ErrClosed)
	case "Registry.Send":
		w.sends(g, "Registry.Send", e.text, g.home.r.Send(g.s.ID(), event(e.text)), sessions.ErrNotFound)
	case "reads":
		w.reads(g)
	case "Close":
		g.s.Close()
		g.ends()
	case "leaves":
		g.leave()
		g.ends()
	}
}

func (w *world) opens(h *home, pumps bool) {
	ctx, leave := context.WithCancel(w.ctx)
	s, err := h.r.Open(ctx)
	if limit := w.maxSessions; limit > 0 && h.open >= limit {
		leave()
		w.guests = append(w.guests, nil)
		w.wantError("at the limit of MaxSessions, Open", sessions.ErrLimit, err)
		return
	}
	w.wantError("Open", nil, err)
	g := &guest{s: s, home: h, leave: leave}
	if pumps {
		g.pump = &pump{session: s, turns: make(chan error), done: make(chan struct{})}
		go g.pump.run()
	}
	w.guests = append(w.guests, g)
	h.open++
}

// sends checks the error of a Send to g, which is gone if the session has ended.
func (w *world) sends(g *guest, call, text string, got, gone error) {
	switch {
	case g.ended && text == forged && call == "Send": // either error will do
	case g.ended:
		w.wantError(call+" to a session that has ended", gone, got)
	case text == forged:
		w.wantFieldError(call, got)
	default:
		w.wantError(call, w.put(g, text), got)
	}
}

// put queues an event, and returns the error of a Send that does so.
func (w *world) put(g *guest, text string) error {
	frame, _ := event(text).AppendText(nil)
	waiting := append(slices.Clip(g.waiting), frame)
	if policy := policies[w.policy]; policy != nil {
		var err error
		if waiting, err = policy(g.waiting, frame); err != nil {
			if errors.Is(err, sessions.ErrClosed) {
				g.ends()
				return sessions.ErrClosed
			}
			return err
		}
	}
	more := size(waiting) - size(g.waiting)
	if most := w.maxQueuedBytes; most > 0 && more > 0 && g.home.queued+more > most {
		return sessions.ErrFull
	}
	g.home.queued += more
	g.waiting = waiting
	g.take()
	return nil
}

// broadcast checks that the sessions that missed an event are named. If there is room
// for only some, it may be any of them.
func (w *world) broadcast(h *home, text string) {
	err := h.r.Broadcast(event(text))
	if text == forged {
		w.wantFieldError("Broadcast", err)
		return
	}
	missed, ok := errors.AsType[*sessions.MissedError](err)
	if !ok || missed == nil {
		w.wantError("Broadcast", nil, err)
		missed = &sessions.MissedError{}
	}
	var named []*guest
	for i, g := range w.guests {
		switch {
		case g == nil || g.home != h || g.ended:
		case slices.Contains(missed.Sessions, g.s):
			named = append(named, g)
		default:
			if err := w.put(g, text); err != nil && !errors.Is(err, sessions.ErrClosed) {
				w.fail(fmt.Sprintf("session %d missed an event (%v), but Broadcast's error does not name that session", i, err))
			}
		}
	}
	if len(named) != len(missed.Sessions) {
		w.fail("the MissedError names a session twice, or one that is not open in this registry")
	}
	for _, g := range named {
		if w.put(g, text) == nil {
			w.fail("the MissedError names a session that had room for the event")
		}
	}
}

// reads makes the sink of g take more.
func (w *world) reads(g *guest) {
	if g.ended || g.taken == nil {
		return
	}
	select {
	case g.pump.turns <- nil:
	default:
		w.fail("an event was queued for a session whose Pump is running, but Pump did not hand over the event")
	}
	g.home.queued -= size(g.taken)
	g.taken = nil
	g.take()
}

// take hands what waits to the sink, if the sink is idle.
func (g *guest) take() {
	if g.pump != nil && g.taken == nil && len(g.waiting) > 0 {
		g.taken, g.waiting = g.waiting, nil
		g.calls = append(g.calls, string(slices.Concat(g.taken...)))
	}
}

func (g *guest) ends() {
	if !g.ended {
		g.ended = true
		g.home.open--
		g.home.queued -= size(g.waiting) + size(g.taken)
	}
}

// wantKnown checks which sessions the registries have.
func (w *world) wantKnown() {
	for i, h := range w.homes {
		if got := h.r.Len(); got != h.open {
			w.fail(fmt.Sprintf("Len() of registry %s is not the number of its open sessions", names[i]), fmt.Sprintf("got  %d", got), fmt.Sprintf("want %d", h.open))
		}
		all := h.r.All()
		if len(all) != h.open || slices.ContainsFunc(all, ended) {
			w.fail(fmt.Sprintf("registry %s: All() must return its open sessions, and no others", names[i]), fmt.Sprintf("got  %d sessions", len(all)), fmt.Sprintf("want %d, none of which has ended", h.open))
		}
		for n, g := range w.guests {
			if g == nil {
				continue
			}
			if s, found := h.r.Get(g.s.ID()); found != (g.home == h && !g.ended) || found && s != g.s {
				w.fail(fmt.Sprintf("registry %s: Get must find session %d if the session is open in this registry, and otherwise must not find it", names[i], n), fmt.Sprintf("got  found: %v", found), fmt.Sprintf("want found: %v", !found))
			}
			if ended(g.s) != g.ended {
				w.fail(fmt.Sprintf("Done of session %d must be closed when the session has ended, and not before", n), fmt.Sprintf("got  closed: %v", !g.ended), fmt.Sprintf("want closed: %v", g.ended))
			}
		}
	}
}

// wantHanded checks what the Pump of a session handed over. What still waited when the
// session ended may come or not.
func (w *world) wantHanded(n int, g *guest) {
	if g == nil || g.pump == nil {
		return
	}
	got, want := g.pump.wire(), strings.Join(g.calls, " | ")
	if got != want && !(g.ended && got == want+" | "+string(slices.Concat(g.waiting...))) {
		w.fail(fmt.Sprintf("the Pump of session %d handed over the wrong events, or divided them into the wrong calls of SendFrames (\"|\" separates the calls)", n), fmt.Sprintf("got  %q", got), fmt.Sprintf("want %q", want))
	}
}

func (w *world) wantError(call string, want, got error) {
	w.tb.Helper()
	if !errors.Is(got, want) {
		w.fail(call+" returned the wrong error", fmt.Sprintf("got  %v", got), fmt.Sprintf("want %v", want))
	}
}

func (w *world) wantFieldError(call string, got error) {
	w.tb.Helper()
	if _, ok := errors.AsType[*framing.FieldError](got); !ok {
		w.fail(call+" got an event that cannot be framed, but did not return AppendText's error", fmt.Sprintf("got  %v", got), "want a *framing.FieldError")
	}
}

// fail ends the story with a failure.
func (w *world) fail(sentence string, details ...string) {
	w.tb.Helper()
	step.Fail(w.tb, sentence, append(details, "after "+w.String())...)
}

func size(frames [][]byte) (bytes int) {
	for _, f := range frames {
		bytes += len(f)
	}
	return bytes
}
