package sessions_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/step"
	sessions "example.com/sseworkbook/lessons/04-sessions"
	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
)

func TestMain(m *testing.M) { step.Main(m) }

// open opens a session that ends with the test.
func open(t *testing.T, r *sessions.Registry) *sessions.Session {
	t.Helper()
	var s *sessions.Session
	var err error
	step.Returns(t, "Open did not return, and no other goroutine can wake it: it is waiting for itself", func() {
		s, err = r.Open(t.Context())
	})
	wantNoError(t, "Open returned an error although there was room for one more session", err)
	failIf(t, s == nil, "Open returned neither a session nor an error")
	return s
}

// ended reports whether the Done channel of s is closed.
func ended(s *sessions.Session) bool {
	select {
	case <-s.Done():
		return true
	default:
		return false
	}
}

// events returns the events that a client reads from wire.
func events(wire string) []framing.Event {
	return step.Values(parsing.NewDecoder(strings.NewReader(wire)).Events())
}

// data returns the data of each event.
func data(events []framing.Event) string {
	return joined(events, " ", func(e framing.Event) string { return e.Data })
}

// joined returns what show returns for each of all, with sep between them.
func joined[T any](all []T, sep string, show func(T) string) string {
	var texts []string
	for _, one := range all {
		texts = append(texts, show(one))
	}
	return strings.Join(texts, sep)
}

// unframeable is an event that would break out of its frame.
var unframeable = framing.Event{ID: "7\ndata: forged", Data: "hello"}

// failIf ends the step with sentence if wrong is true.
func failIf(tb testing.TB, wrong bool, sentence string, details ...string) {
	tb.Helper()
	if wrong {
		step.Fail(tb, sentence, details...)
	}
}

// wantNoError checks that err is nil. A nil pointer of an error's type is not.
func wantNoError(tb testing.TB, sentence string, err error) {
	tb.Helper()
	if err == nil {
		return
	}
	details := []string{fmt.Sprintf("got  %v (a %T)", err, err), "want nil"}
	if value := reflect.ValueOf(err); value.Kind() == reflect.Pointer && value.IsNil() {
		details = append(details, "an error that holds a nil pointer is not nil: return nil itself")
	}
	step.Fail(tb, sentence, details...)
}

func wantFieldError(t *testing.T, call string, err error) {
	t.Helper()
	_, ok := errors.AsType[*framing.FieldError](err)
	failIf(t, !ok, call+" got an event that cannot be framed, but did not return AppendText's error", fmt.Sprintf("got  %v", err), "want a *framing.FieldError")
}

// fillQueue sends events with this data to s until its queue is full, and returns how
// many fit.
func fillQueue(t *testing.T, s *sessions.Session, text string) int {
	t.Helper()
	for sent := range 3000 {
		if err := s.Send(framing.Event{Data: text}); err != nil {
			step.ErrorIs(t, "a client read nothing, and Send was called until it failed: Send's error must be ErrFull", sessions.ErrFull, err)
			return sent
		}
	}
	step.Fail(t, "a client read none of 3,000 events, but Send never returned an error: unread events fill the server's memory")
	return 0
}

// A pump is a call of a session's Pump, and its sink. It is for use in a bubble.
type pump struct {
	session *sessions.Session
	turns   chan error // what each call of SendFrames waits for and returns; nil: it returns nil at once

	got  step.List[[][]byte] // what each call of SendFrames got
	seen int                 // the calls that frames has returned
	done chan struct{}
	err  error // what Pump returned, when done is closed
}

// startPump calls the Pump of s, until the session ends.
func startPump(s *sessions.Session) *pump {
	p := &pump{session: s, done: make(chan struct{})}
	go p.run()
	return p
}

func (p *pump) run() {
	defer close(p.done)
	p.err = p.session.Pump(p)
}

// SendFrames is what Pump calls.
func (p *pump) SendFrames(frames ...[]byte) error {
	p.got.Add(slices.Clone(frames))
	if p.turns == nil {
		return nil
	}
	select {
	case err := <-p.turns:
		return err
	case <-p.session.Done():
		return nil
	}
}

// frames returns the frames that came since its last call.
func (p *pump) frames() [][]byte {
	calls := p.got.All()
	defer func() { p.seen = len(calls) }()
	return slices.Concat(calls[p.seen:]...)
}

// news returns the new events, when nothing more can happen in the bubble.
func (p *pump) news() []framing.Event {
	synctest.Wait()
	return events(string(bytes.Join(p.frames(), nil)))
}

// late returns the data of the events that come within a second, marked as late.
func (p *pump) late() string {
	step.Advance(time.Second)
	if came := p.news(); came != nil {
		return data(came) + ", but not at once"
	}
	return ""
}

// calls returns the data of all events, with a bar between two calls of SendFrames.
func (p *pump) calls() string {
	return joined(p.got.All(), " | ", func(frames [][]byte) string { return data(events(string(slices.Concat(frames...)))) })
}

// wire returns the bytes of all events, with a bar between two calls of SendFrames.
func (p *pump) wire() string {
	return joined(p.got.All(), " | ", func(frames [][]byte) string { return string(slices.Concat(frames...)) })
}

// wantEnd checks that Pump has returned want, once nothing more can happen.
func (p *pump) wantEnd(t *testing.T, scene string, want error) {
	t.Helper()
	synctest.Wait()
	select {
	case <-p.done:
		failIf(t, !errors.Is(p.err, want), scene+", but Pump returned the wrong error", fmt.Sprintf("got  Pump() = %v", p.err), fmt.Sprintf("want Pump() = %v", want))
	default:
		step.Fail(t, scene+", but Pump is still waiting: its goroutine leaks, with everything that it holds")
	}
}

const handlerStays = "the client closed its connection, but the handler is still waiting: its goroutine leaks, with everything that it holds"

// atOnce calls f on n goroutines, and returns when all have returned.
func atOnce(n int, f func()) {
	var all sync.WaitGroup
	for range n {
		all.Go(f)
	}
	all.Wait()
}

// waiting returns how many events wait in the queue of s.
func waiting(t *testing.T, s *sessions.Session) (n int) {
	t.Helper()
	step.Returns(t, "events were queued for a session whose Sink fails: Pump must hand over the events once, and return the Sink's error", func() {
		s.Pump(sinkFunc(func(frames ...[]byte) error {
			n = len(events(string(bytes.Join(frames, nil))))
			return errLost // and so Pump returns
		}))
	})
	return n
}

// A sinkFunc is a Sink.
type sinkFunc func(frames ...[]byte) error

func (f sinkFunc) SendFrames(frames ...[]byte) error { return f(frames...) }

// broadcastTo broadcasts an event, and checks that the quick ones get it, and that none
// of them has to wait.
func broadcastTo(t *testing.T, r *sessions.Registry, quick []*pump, text string) error {
	t.Helper()
	began := time.Now()
	var err error
	step.Returns(t, "one client does not read, but Broadcast is waiting for it: no other client gets anything", func() {
		err = r.Broadcast(framing.Event{Data: text})
	})
	step.Equal(t, "one client does not read, but Broadcast waited for it, and all other clients waited too (shown: how long)", 0, time.Since(began))
	sentence := "one client does not read: the Pumps of all other clients must hand over the event at once"
	if err != nil {
		sentence = "one client does not read: all other clients must get the event even if Broadcast returns an error"
	}
	for _, p := range quick {
		step.Equal(t, sentence, text, data(p.news()))
	}
	return err
}

// wantMissed checks that err names the sessions that missed a broadcast.
func wantMissed(t *testing.T, scene string, err error, want ...*sessions.Session) {
	t.Helper()
	step.ErrorIs(t, scene+": Broadcast must return an error that wraps ErrFull, or its caller cannot tell that an event was lost", sessions.ErrFull, err)
	missed, ok := errors.AsType[*sessions.MissedError](err)
	failIf(t, !ok, scene+": Broadcast must return a *MissedError, or its caller cannot tell which sessions missed the event", fmt.Sprintf("got  %T", err))
	ids := func(all []*sessions.Session) string {
		ids := strings.Fields(joined(all, " ", (*sessions.Session).ID))
		slices.Sort(ids)
		return strings.Join(ids, " ")
	}
	step.Equal(t, scene+": the MissedError must name exactly the sessions that missed the event", ids(want), ids(missed.Sessions))
}

// wantNothingKept checks that sessions that came and left take no memory.
func wantNothingKept(t *testing.T) {
	t.Helper()
	const visits = 2000
	var r sessions.Registry
	visit := func() int {
		for range visits {
			open(t, &r).Close()
		}
		synctest.Wait()
		objects, _ := step.Memory()
		return objects
	}
	before := visit() // what grows with the first ones may stay
	kept := visit() - before
	failIf(t, kept > visits/2, "2,000 sessions were opened and closed, but they left objects in memory: these add up while the server runs",
		fmt.Sprintf("got  %d more objects in memory than before", kept), "want no more than before")
}

var errLost = errors.New("the connection is lost")

// drawn returns how many bytes f takes from crypto/rand.
func drawn(f func()) int64 {
	reader := rand.Reader
	defer func() { rand.Reader = reader }()
	var taken counter
	rand.Reader = io.TeeReader(reader, &taken)
	f()
	return taken.Load()
}

// A counter counts the bytes that are written to it. It is safe for concurrent use.
type counter struct{ atomic.Int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.Add(int64(len(p)))
	return len(p), nil
}

// repeated returns the places of two equal ids, if there are any.
func repeated(ids []string) (first, second int, found bool) {
	places := map[string]int{}
	for second, id := range ids {
		if first, found := places[id]; found {
			return first, second, true
		}
		places[id] = second
	}
	return 0, 0, false
}

// chance returns how many random bits there can be in each of ids at most: a
// character counts for as many values as occur in its place.
func chance(ids []string) float64 {
	var bits float64
	for place := range len(ids[0]) {
		seen := map[byte]bool{}
		for _, id := range ids {
			if place < len(id) {
				seen[id[place]] = true
			}
		}
		bits += math.Log2(float64(len(seen)))
	}
	return bits
}

// Visitors come to a registry, and go.
type visitors struct {
	r     *sessions.Registry
	stays *sessions.Session
	most  int64 // how many may be inside at once, without the one that stays

	inside, broadcasts atomic.Int64
	wrong              step.List[string]
}

// visit opens a session this many times.
func (v *visitors) visit(ctx context.Context, times int) {
	for range times {
		if s, err := v.r.Open(ctx); err == nil { // if not, others are inside
			v.stay(s)
		}
	}
}

func (v *visitors) stay(s *sessions.Session) {
	if v.inside.Add(1) > v.most {
		v.wrong.Add("Open let in more than MaxSessions")
	}
	if found, _ := v.r.Get(s.ID()); found != s {
		v.wrong.Add("Get did not find a session that was open")
	}
	if v.r.Send(s.ID(), framing.Event{Data: "hello"}) != nil || v.r.Broadcast(framing.Event{Data: "hello"}) != nil {
		v.wrong.Add("Send or Broadcast returned an error although there was room in every queue")
	}
	v.broadcasts.Add(1)
	v.inside.Add(-1)
	s.Close()
	if _, found := v.r.Get(s.ID()); found {
		v.wrong.Add("Get found a session after its Close")
	}
}

// span returns how many events there are, with the first word of the first one and
// of the last one.
func span(events []framing.Event) string {
	if len(events) == 0 {
		return "none"
	}
	first, _, _ := strings.Cut(events[0].Data, " ")
	last, _, _ := strings.Cut(events[len(events)-1].Data, " ")
	return fmt.Sprintf("%d, from %s to %s", len(events), first, last)
}

// closeAll closes sessions one by one. At the end of a context, all would close at once.
func closeAll(all []*sessions.Session) {
	for _, s := range all {
		s.Close()
	}
}

// wantSmallQueue fills a queue with events of a few bytes.
func wantSmallQueue(t *testing.T) {
	t.Helper()
	const most = 4 << 20
	var r sessions.Registry
	s := open(t, &r)
	_, before := step.Memory()
	for range 1000 {
		s.Send(framing.Event{Data: "x"})
	}
	if _, after := step.Memory(); after-before > most {
		step.Fail(t, "a thousand events of a few bytes each are waiting for a client that does not read: the queue must not take far more memory than its limit of 1 MiB",
			fmt.Sprintf("got  %d KiB", (after-before)>>10), "want about 1024 KiB at most")
	}
	runtime.KeepAlive(s)
}
