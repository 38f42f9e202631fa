package reconnection_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/step"
	framing "example.com/sseworkbook/solutions/01-framing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
)

// Part 3, the server sends what was missed.

// An ID says where an event is in the log, and in which log.
func TestEachEventGetsAnIDOfItsLog(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		h := newHouse(t, 10)
		tab := h.open("")
		h.publish(framing.Event{Type: "news", Data: "a"}, framing.Event{ID: "mine", Data: "b"}, framing.Event{Data: "c\nd", Retry: time.Second})
		got := h.published(tab)
		step.Equal(t, "three events were published: every open session must get them, in order", `news "a", message "b", message "c\nd"`,
			joined(got, func(e framing.Event) string { return fmt.Sprintf("%s %q", e.Type, e.Data) }))
		step.Equal(t, "each event's ID must be the log's epoch and the event's number, even if the event came with its own ID",
			h.id(1)+", "+h.id(2)+", "+h.id(3), joined(got, idOf))
		step.Equal(t, "an event came with an ID that cannot be framed: the log's ID replaces it, so Publish must return nil", nil, h.log.Publish(framing.Event{ID: "two\nlines", Data: "d"}))
		err := h.log.Publish(framing.Event{Type: "two\nlines", Data: "x"})
		if _, ok := errors.AsType[*framing.FieldError](err); !ok {
			step.Fail(t, "an event that cannot be framed was published: Publish must return the *framing.FieldError", fmt.Sprintf("got  %v", err))
		}
		h.publish(framing.Event{Data: "e"})
		step.Equal(t, "an event could not be framed: it must not count, so the next event must not skip a number", h.id(5), lastOf(h.published(tab)).ID)
	})
	step.Bubble(t, func(t *testing.T) {
		h := newHouse(t, 10)
		step.Equal(t, "an event was published while no client was connected: Publish must return nil", nil, h.log.Publish(framing.Event{Data: "a"}))
		step.Equal(t, "an event was published while no client was connected: it must count", h.id(1), h.log.LastID())
	})
}

// A client that comes back says which event it had last. It gets what came after that,
// each event once and in order, and then what is published. A newcomer has missed
// nothing.
func TestAClientThatComesBackGetsWhatItMissed(t *testing.T) {
	defer step.Begin(t)()
	for _, size := range []int{1, 5, 6, 1000} {
		step.Bubble(t, func(t *testing.T) {
			h := newHouse(t, size)
			h.number(7)
			for had := max(0, 7-size); had <= 7; had++ {
				tab := h.open(h.id(had))
				step.Equal(t, fmt.Sprintf("a log of size %d got 7 events, and the client's last one was %d: the client must get the later ones, in order", size, had),
					span(had+1, 7), joined(h.live(tab), dataOf))
			}
		})
	}
	step.Bubble(t, func(t *testing.T) {
		h := newHouse(t, 5)
		h.publish(framing.Event{Type: "news", Data: "a\nb", Retry: time.Second})
		tab := h.open(h.id(0))
		first := eventsOf(tab)
		step.Equal(t, "a client came back: its stream must begin with the endpoint event, followed by the missed event, unchanged",
			`endpoint, news "a\nb" `+h.id(1), first[0].Type+", "+joined(first[1:], func(e framing.Event) string { return fmt.Sprintf("%s %q %s", e.Type, e.Data, e.ID) }))
		step.Equal(t, "the missed event was published with a Retry: the client must get the Retry, too", true, strings.Contains(tab.Received(), "retry: 1000\n"))
		h.publish(framing.Event{Data: "live"})
		step.Equal(t, "a client came back, and then an event was published: the client must get this event, too", `"a\nb", "live"`,
			joined(h.live(tab), func(e framing.Event) string { return fmt.Sprintf("%q", e.Data) }))
	})
	step.Bubble(t, func(t *testing.T) {
		h := newHouse(t, 5)
		h.number(3)
		ctx, leave := context.WithCancel(t.Context())
		w, r := new(tape), httptest.NewRequestWithContext(ctx, "POST", "/events?lastEventId="+h.id(0)+"&Last-Event-ID="+h.id(0), nil)
		go h.log.ServeHTTP(w, r) // ends with ctx
		synctest.Wait()
		leave()
		step.Equal(t, "a POST had an id in its query, but no Last-Event-ID: the log must ignore the query, and begin the stream with endpoint and start", "endpoint, start",
			joined(w.events(), func(e framing.Event) string { return e.Type }))
	})
	for _, published := range []int{0, 3} {
		step.Bubble(t, func(t *testing.T) {
			h := newHouse(t, 5)
			h.number(published)
			tab := h.open("")
			step.Equal(t, fmt.Sprintf("%d events were published, and then a client came without Last-Event-ID: it must get only a start event, with the log's last ID", published),
				"start "+h.id(published), joined(h.live(tab), func(e framing.Event) string { return e.Type + " " + e.ID }))
			h.publish(framing.Event{Data: "live"})
			step.Equal(t, "a client came without Last-Event-ID, and then an event was published: the client must get the event", "live", lastOf(h.live(tab)).Data)
			back := h.open(h.id(published))
			step.Equal(t, "a client got a start event, left, and missed an event: if it returns with the start event's ID, it must get the missed one", "live", joined(h.live(back), dataOf))
		})
	}
}

// An ID comes from a client, so it can be anything. If the log cannot send all that
// was missed, it sends nothing of it, and says so: a gap that nobody sees is worse than
// one that is announced.
func TestAnIDThatCannotBeServedGetsAReset(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		h, other := newHouse(t, 5), newHouse(t, 5)
		other.number(7)
		h.number(7)
		for _, c := range []struct{ what, id string }{
			{"too old, because the event after it is no longer kept", h.id(1)},
			{"the log's first, and event 1 is no longer kept", h.id(0)},
			{"from another log, with a number that this log has", other.id(6)},
			{"from another log, with its last number", other.id(7)},
			{"one more than the last", h.id(8)},
			{"far too large", h.epoch + "-1000000000000000000"},
			{"larger than 64 bits", h.epoch + "-18446744073709551622"}, // 2^64 + 6
			{"the largest of 64 bits", h.epoch + "-18446744073709551615"},
			{"negative", h.epoch + "--1"},
			{"not a number", h.epoch + "-x"},
			{"one with a letter after the number", h.epoch + "-6x"},
			{"one with a plus sign", h.epoch + "-+6"},
			{"one with a leading zero", h.epoch + "-06"},
			{"one with an underscore", h.epoch + "-0_6"},
			{"without a number", h.epoch + "-"},
			{"only the epoch", h.epoch},
			{"only a number", "6"},
			{"without an epoch", "-6"},
			{"one with half of the epoch", h.epoch[:13] + "-6"},
			{"in lower case", strings.ToLower(h.id(6))},
			{"two IDs in one", h.id(6) + "," + h.id(6)},
			{"a-b", "a-b"},
			{"-1", "-1"},
			{"32 KiB long", strings.Repeat("x", 32<<10)},
			{"32 KiB of digits", h.epoch + "-" + strings.Repeat("6", 32<<10)},
			{"only dashes", strings.Repeat("-", 1000)},
			{"not ASCII", h.epoch + "-６"},
		} {
			tab := h.open(c.id)
			step.Equal(t, "the Last-Event-ID is "+c.what+": the status must be 200, because any other ends a browser's EventSource", 200, tab.Status())
			step.Equal(t, "the Last-Event-ID is "+c.what+": the client must get one reset event with the log's last ID, and no old event", "reset "+h.id(7),
				joined(h.live(tab), func(e framing.Event) string { return e.Type + " " + e.ID }))
			tab.Leave()
		}
		tab := h.open("nonsense")
		h.publish(framing.Event{Data: "live"})
		step.Equal(t, "a client got a reset, and then an event was published: the client must get the event", "live", lastOf(h.live(tab)).Data)
		step.Equal(t, "a client got a reset and then missed an event: if it returns with the reset's ID, it must get the missed one", "live", joined(h.live(h.open(h.id(7))), dataOf))
	})
	step.Bubble(t, func(t *testing.T) {
		h := newHouse(t, 5)
		h.registry.MaxSessions = 1
		h.open("")
		refused := h.Get("/events")
		step.Equal(t, "the registry's limit is reached: the client must get a 503 with Retry-After, as in lesson 04", "503, Retry-After true",
			fmt.Sprintf("%d, Retry-After %t", refused.Status, refused.Header.Get("Retry-After") != ""))
		step.Equal(t, "a client was refused: Len() must not count it", 1, h.registry.Len())
		step.Returns(t, "a client was refused, and then an event was published: Publish must not block", func() { h.log.Publish(framing.Event{Data: "x"}) })
	})
	wantEndedSessions(t)
}

// wantEndedSessions has requests whose contexts do not end, as those of a handler in
// front of the log may not.
func wantEndedSessions(t *testing.T) {
	t.Helper()
	h := unpaired(5)
	h.log.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("HEAD", "/events", nil))
	step.Equal(t, "a HEAD request got its response, but its context has not ended: ServeHTTP must still close the session (shown: Len())", 0, h.registry.Len())
	func() {
		defer func() { recover() }()
		h.log.ServeHTTP(&tape{onWrite: func() { panic("a broken middleware") }}, httptest.NewRequest("GET", "/events", nil))
	}()
	step.Equal(t, "a write to the client panicked, but the request's context has not ended: ServeHTTP must still close the session (shown: Len())", 0, h.registry.Len())
}

// Between the moment when the log looks up what was missed and the moment when the
// session gets what is published, an event can get lost, or come twice.
func TestNoEventFallsBetweenReplayAndLive(t *testing.T) {
	defer step.Begin(t)()
	for _, id := range []int{2, -1} {
		for range 20 {
			c := newCrossing(id)
			c.r = c.r.WithContext(hooked{c.r.Context(), sync.OnceFunc(c.publish)})
			c.serve()
			c.check(t, "an event was published while the client's session was being opened")

			c = newCrossing(id)
			c.w.onWrite = sync.OnceFunc(c.publish)
			c.serve()
			c.check(t, "an event was published while a client got the first bytes of its stream")

			c = newCrossing(id)
			step.Overtaken(c.registry, c.serve, c.publish)
			c.check(t, "an event was published just before the client's session was opened")

			c = newCrossing(id)
			step.Overtaken(c.log, c.serve, c.publish)
			c.check(t, "an event was published just before the log looked up what a client had missed")

			c = newCrossing(id)
			step.Overtaken(c.registry, c.publish, c.serve)
			c.check(t, "a client connected while an event was on its way to the sessions")

			c = newCrossing(id)
			c.registry.Policy = whenQueued(c.serve)
			c.registry.Open(c.r.Context())
			c.publish()
			c.check(t, "a client connected while an event was being put into the queues")
		}
	}
	wantAllInOrder(t)
}

// whenQueued returns a Policy that calls f when the first event is queued.
func whenQueued(f func()) sessions.Policy {
	once := sync.OnceFunc(f)
	return func(waiting [][]byte, next []byte) ([][]byte, error) {
		once()
		return append(waiting, next), nil
	}
}

// A crossing is a client that connects to a log of 3 events while a fourth is being
// published.
type crossing struct {
	*house
	had                int // the event that the client had last, or -1
	w                  *tape
	r                  *http.Request
	leave              func()
	stream, publishing step.Crowd
}

func newCrossing(had int) *crossing {
	ctx, leave := context.WithCancel(context.Background())
	c := &crossing{house: unpaired(10), had: had, w: new(tape), r: httptest.NewRequestWithContext(ctx, "GET", "/events", nil), leave: leave}
	c.number(3)
	if had >= 0 {
		c.r.Header.Set("Last-Event-ID", c.id(had))
	}
	return c
}

// serve starts the stream, and returns when it is at rest.
func (c *crossing) serve() {
	c.stream.Start(func() { c.log.ServeHTTP(c.w, c.r) })
	c.stream.Settle()
}

// publish starts to publish the fourth event, and returns when that is done or waits.
func (c *crossing) publish() {
	c.publishing.Start(func() { c.log.Publish(framing.Event{Data: "4"}) })
	c.publishing.Settle()
}

// check publishes a fifth event, and wants the client to have all that it should.
func (c *crossing) check(t *testing.T, sentence string) {
	t.Helper()
	c.publishing.Wait()
	c.stream.Settle()
	c.log.Publish(framing.Event{Data: "5"})
	c.stream.Settle()
	c.leave()
	c.stream.Wait()
	events := c.w.events()
	got := joined(slices.DeleteFunc(slices.Clone(events), func(e framing.Event) bool { return e.Type != "message" }), dataOf)
	if c.had >= 0 {
		step.Equal(t, sentence+": the client, which had event 2, must get each later event once and in order", "3, 4, 5", got)
		return
	}
	want := "start 3, then 4, 5"
	if startOf(events) == c.id(4) {
		want = "start 4, then 5"
	}
	_, number, _ := strings.Cut(startOf(events), "-")
	step.Equal(t, sentence+": the client, which had no event, must get each event after the ID in its start event", want, "start "+number+", then "+got)
}

// startOf returns the ID of the start event.
func startOf(events []framing.Event) string {
	for _, e := range events {
		if e.Type == "start" {
			return e.ID
		}
	}
	return "no start event"
}

// wantAllInOrder has many clients connect while many events are published.
func wantAllInOrder(t *testing.T) {
	t.Helper()
	const rounds, clients, events = 40, 4, 20
	for range rounds {
		h := unpaired(1000)
		ctx, leave := context.WithCancel(context.Background())
		var publishers, streams step.Crowd
		start := make(chan struct{})
		tapes := make([]*tape, clients)
		for i := range tapes {
			tapes[i] = new(tape)
			r := httptest.NewRequestWithContext(ctx, "GET", "/events", nil)
			r.Header.Set("Last-Event-ID", h.id(0))
			streams.Start(func() {
				<-start
				h.log.ServeHTTP(tapes[i], r)
			})
		}
		for range 2 {
			publishers.Start(func() {
				<-start
				for range events {
					h.log.Publish(framing.Event{Data: "x"})
				}
			})
		}
		close(start)
		publishers.Wait()
		streams.Settle()
		leave()
		streams.Wait()
		for _, tape := range tapes {
			var numbers []string
			for _, e := range tape.events()[1:] {
				_, number, _ := strings.Cut(e.ID, "-")
				numbers = append(numbers, number)
			}
			step.Equal(t, "two goroutines published 20 events each while four clients connected: each client must get all 40, once and in order",
				span(1, 2*events), strings.Join(numbers, ", "))
		}
	}
}

// A client that does not keep up would miss an event, and nobody would know. Here it is
// disconnected instead: it comes back, and gets the rest from the log.
func TestASlowClientIsDisconnected(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		h := newHouse(t, 5000)
		slow, quick, other := h.open(""), h.open(""), h.open("")
		slow.Pause()
		other.Pause()
		for n := 1; n <= 3000; n++ {
			if err := h.log.Publish(framing.Event{Data: fmt.Sprint(n, strings.Repeat(" ", 100))}); err != nil {
				step.Fail(t, "a client does not read, and its queue is full: Publish must return nil, because the client will get the event later", fmt.Sprintf("got  %v", err))
			}
			synctest.Wait()
		}
		step.Equal(t, "two clients do not read, and 3,000 events were published: their sessions must be closed", 1, h.registry.Len())
		step.Equal(t, "two clients do not read: the third client must get all events", 3000, len(h.published(quick)))
		slow.Resume()
		slow.WaitEnd("a slow client's session was closed: its stream must end")
		all := h.published(slow)
		back := h.published(h.open(lastOf(all).ID))
		step.Equal(t, "a slow client was disconnected and came back: its two streams together must have all 3,000 events", 3000, len(all)+len(back))
	})
	h := unpaired(10)
	for range 3 {
		h.registry.Open(t.Context())
	}
	for n := 0; n < 3000 && h.registry.Len() == 3; n++ {
		h.log.Publish(framing.Event{Data: "x"})
	}
	step.Equal(t, "the same event filled the queues of three sessions that nobody reads: all three must be closed (shown: Len())", 0, h.registry.Len())
}

// A hooked context calls hook whenever your code uses the context.
type hooked struct {
	context.Context
	hook func()
}

func (c hooked) Done() <-chan struct{} {
	c.hook()
	return c.Context.Done()
}
