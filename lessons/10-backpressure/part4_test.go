package backpressure_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	backpressure "example.com/sseworkbook/lessons/10-backpressure"
	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	reconnection "example.com/sseworkbook/solutions/08-reconnection"
)

// Part 4, who may miss nothing.

// A queue in memory is short. A log is long, so the client may as well come back for the
// rest.
func TestATooSlowClientIsDisconnected(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		limit := &backpressure.Limit{Size: 3}
		registry := &sessions.Registry{Policy: limit.Disconnect}
		slow, quick := connect(t, registry, make(chan struct{})), connect(t, registry, nil)
		slow.session.Send(framing.Event{Data: "it is busy with this"})
		synctest.Wait()
		say := func(text string) {
			if err := registry.Broadcast(broadcast(text)); err != nil {
				step.Fail(t, "a broadcast was one too many for a client, but Broadcast returned an error: Disconnect must return the error that ends the session, so that the sender gets none", fmt.Sprintf("got  %v", err))
			}
			synctest.Wait()
		}
		for n := range 3 {
			say(fmt.Sprint(n + 1))
		}
		for range 10 {
			slow.session.Send(framing.Event{Data: "a"})
		}
		step.Equal(t, "Size is 3, and three broadcasts and ten events without an ID wait for a client: its session must stay open (shown: whether it ended)", false, slow.ended())
		say("4")
		step.Equal(t, "Size is 3, and a fourth broadcast came while three were waiting for a client: its session must end at once (shown: whether it did)", true, slow.ended())
		say("5")
		step.Equal(t, "a slow client was disconnected: the other one must get every broadcast, and stay connected", "1, 2, 3, 4, 5 (ended: false)", fmt.Sprintf("%s (ended: %v)", shown(quick.events()), quick.ended()))
		step.Equal(t, "Disconnect ended one session: Counts must return just that", "{Dropped:0 Replaced:0 Disconnected:1}", fmt.Sprintf("%+v", limit.Counts()))
		wantFull(t, "Disconnect", limit.Disconnect)
	})
	for _, size := range []int{1, 300, 0, -1} {
		want := size
		if size <= 0 {
			want = backpressure.DefaultSize
		}
		l := newLine(t, (&backpressure.Limit{Size: size}).Disconnect).numbers(1, want)
		step.Equal(t, fmt.Sprintf("Size is %d, and %d broadcasts came: the session must stay open", size, want), nil, l.err)
		step.ErrorIs(t, fmt.Sprintf("Size is %d, and broadcast %d came: the session must end", size, want+1), sessions.ErrClosed, l.numbers(want+1, want+1).err)
	}
}

// The client knows the ID before the gap, and the log has what comes after it.
func TestAGapIsALoss(t *testing.T) {
	defer step.Begin(t)()
	const a, gap, e = "id: 1\ndata: a\n\n", "event: gap\ndata: 3\n\n", "id: 5\ndata: e\n\n"
	errEnough := errors.New("enough")
	for _, c := range []struct {
		scene, wire string
		handle      error  // of each event
		events      string // that handle should get
		want        error
		lastID      string
	}{
		{"a stream with two events ended", a + e, nil, "a 1, e 5", nil, "5"},
		{"a stream broke off in the middle of an event", a + "da", nil, "a 1", errBroken, "1"},
		{"events of other types came, and some without an ID of their own", "event: endpoint\ndata: x\n\nevent: start\nid: 0\ndata\n\nevent: reset\nid: 7\ndata\n\ndata: y\n\nevent: Gap\ndata: 1\n\nevent: gaps\ndata: 2\n\n" + a,
			nil, "endpoint:x , start: 0, reset: 7, y 7, Gap:1 7, gaps:2 7, a 1", nil, "1"},
		{"handle returned an error for the first event", a + e, errEnough, "a 1", errEnough, "1"},
		{"handle returned io.EOF for the first event", a + e, io.EOF, "a 1", io.EOF, "1"},
		{"a gap event came after the first event", a + gap + e, nil, "a 1", &backpressure.GapError{Missing: 3}, "1"},
		{"a gap event came first", gap + e, nil, "", &backpressure.GapError{Missing: 3}, ""},
		{"a gap event came without a number", a + "event: gap\ndata: some\n\n" + e, nil, "a 1", new(backpressure.GapError), "1"},
	} {
		got := followed(t, c.wire, c.handle)
		step.Equal(t, c.scene+": handle must get exactly these events (shown: data and ID)", c.events, got.handled)
		step.Equal(t, c.scene+": progress must be called for each event that handle gets, but not for a gap", c.events, got.progress)
		step.Equal(t, c.scene+": the Follow must return this", fmt.Sprintf("%T %v", c.want, c.want), fmt.Sprintf("%T %v", got.err, got.err))
		step.Equal(t, c.scene+": the Follow must read exactly this far (shown: the source's last event ID)", c.lastID, got.lastID)
	}

	follow := backpressure.Complete(func(framing.Event) error { return nil })
	noProgress := func(framing.Event) {}
	follow(context.Background(), source(t, a+"da"), noProgress)
	step.Equal(t, "one Follow was used for a stream that broke off, and then for one that ended: it must return nil for the second", nil, follow(context.Background(), source(t, ""), noProgress))

	busy, enough := make(chan struct{}), make(chan struct{})
	follow = backpressure.Complete(func(e framing.Event) error {
		if e.Data == "a" {
			close(busy)
			<-enough
		}
		return nil
	})
	var both sync.WaitGroup
	defer both.Wait()
	defer close(enough)
	both.Go(func() { follow(context.Background(), source(t, a), noProgress) })
	step.Returns(t, "one Follow was used for two streams at once, and handle was busy with an event of one: the other stream must not wait", func() {
		<-busy
		follow(context.Background(), source(t, e), noProgress)
	})
}

// What a Follow did with a stream.
type outcome struct {
	handled, progress string
	err               error
	lastID            string
}

// followed has Complete follow a stream with these bytes, with a context that ends with
// the first error of handle.
func followed(t *testing.T, wire string, result error) (got outcome) {
	t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	var handled, progress []string
	show := func(e framing.Event) string {
		if e.Type == "gap" {
			return "gap of " + e.Data
		}
		return strings.TrimPrefix(shown([]framing.Event{e}), "~") + " " + e.ID
	}
	follow := backpressure.Complete(func(e framing.Event) error {
		handled = append(handled, show(e))
		if result != nil {
			leave()
		}
		return result
	})
	s := source(t, wire)
	got.err = follow(ctx, s, func(e framing.Event) { progress = append(progress, show(e)) })
	got.handled, got.progress, got.lastID = strings.Join(handled, ", "), strings.Join(progress, ", "), s.LastEventID()
	return got
}

// source returns a stream with these bytes. It breaks off if they end in the middle of a
// line.
func source(t *testing.T, wire string) *parsing.Source {
	t.Helper()
	var body io.Reader = strings.NewReader(wire)
	if wire != "" && !strings.HasSuffix(wire, "\n") {
		body = io.MultiReader(body, iotest.ErrReader(errBroken))
	}
	client := &http.Client{Transport: roundTripper(func(r *http.Request) *http.Response {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: io.NopCloser(body), Request: r}
	})}
	r, _ := http.NewRequest(http.MethodGet, "http://server.test/events", nil)
	s, err := parsing.Connect(client, r)
	if err != nil {
		step.Fail(t, "the client could not connect", err.Error())
	}
	return s
}

var errBroken = io.ErrUnexpectedEOF

type roundTripper func(*http.Request) *http.Response

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

// Each policy that loses nothing for good, and a client that may miss nothing.
func TestEverythingComesInTheEnd(t *testing.T) {
	defer step.Begin(t)()
	const events, each = 3000, 20 * time.Millisecond
	limit := &backpressure.Limit{Size: 10}
	for _, policy := range policies(limit, "Refuse", "DropOldest", "Disconnect") {
		step.Bubble(t, func(t *testing.T) {
			log := reconnection.NewLog(&sessions.Registry{Policy: policy.decide}, events)
			p := pair.Memory(t, log, pair.BufferSize(4<<10))
			ctx, leave := context.WithCancel(context.Background())
			var got step.List[string]
			var losses step.List[reconnection.Loss]
			client := &reconnection.Reconnector{URL: p.URL, Client: p.Client, Random: func() float64 { return 0 }, OnLost: losses.Add}
			done := make(chan struct{})
			go func() {
				defer close(done)
				client.Run(ctx, backpressure.Complete(func(e framing.Event) error {
					if e.Type == "message" {
						got.Add(e.Data)
						<-time.After(each)
					}
					return nil
				}))
			}()
			synctest.Wait()
			for n := range events {
				log.Publish(framing.Event{Data: fmt.Sprint(n)})
				step.Advance(time.Millisecond)
			}
			step.Advance(10 * time.Minute)
			leave()
			<-done
			scene := fmt.Sprintf("with the policy %s, 3,000 events came twenty times as fast as a client with Complete reads", policy.name)
			if len(losses.All()) == 0 {
				step.Fail(t, scene+": the client must have lost its connection at least once, at a gap or because it was disconnected", "got  no loss", fmt.Sprintf("counts %+v", limit.Counts()))
			}
			step.Equal(t, scene+": the client must get every event in the end, once and in order (shown: how many it got)", events, len(got.All()))
			for n, data := range got.All() {
				step.Equal(t, scene+": the client must get every event in the end, once and in order", fmt.Sprint(n), data)
			}
		})
	}
}
