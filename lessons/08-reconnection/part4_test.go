package reconnection_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/step"
	reconnection "example.com/sseworkbook/lessons/08-reconnection"
	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
)

// Part 4, whatever comes. There is nothing new to write.

// A client that has connected hundreds of times must not be heavier than one that has
// just begun.
func TestNothingIsLeftBehind(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		s := newScene(t, ends("retry: 1000\ndata: a\n\n"), breaks("data: b\n\n"), says(503), ends("data: c\n\n"))
		s.after(10 * time.Second)
		before, _ := step.Goroutines()
		step.Advance(5 * time.Minute)
		after, most := step.Goroutines()
		if after > before+2 {
			step.Fail(t, "Run has connected hundreds of times: no goroutine of the earlier connections may still be running",
				fmt.Sprintf("got  %d more", after-before), "most of them are at "+most)
		}
		step.Equal(t, "Run has connected hundreds of times: at most one body may be open at a time", int32(1), s.most.Load())
		s.leave(errors.New("enough"))
		s.end()
		step.Equal(t, "Run returned: every body must be closed", int32(0), s.open.Load())
		at := len(s.requests.All())
		step.Advance(time.Hour)
		step.Equal(t, "Run returned: it must not send another request", at, len(s.requests.All()))
	})
	step.Bubble(t, func(t *testing.T) {
		h := newHouse(t, 10)
		for range 50 {
			h.open("").Leave()
			h.open(h.id(3)).Leave()
			h.publish(framing.Event{Data: "x"})
		}
		synctest.Wait()
		step.Equal(t, "100 clients connected to the log and left: Len() of its registry must be 0", 0, h.registry.Len())
	})
	h := unpaired(10)
	text := strings.Repeat("x", 1000)
	var first int
	for i := range 3000 {
		h.log.Publish(framing.Event{Data: text + fmt.Sprint(i)})
		if i == 100 {
			_, first = step.Memory()
		}
	}
	_, last := step.Memory()
	if last > first+200_000 {
		step.Fail(t, "a log of 10 got 3,000 events of 1 kB: it must keep only the last 10",
			fmt.Sprintf("got  %d KB more than after 100 events", (last-first)/1000))
	}
	step.Equal(t, "a log of 10 got 3,000 events: LastID() must return the ID of the last one", h.id(3000), h.log.LastID())
}

// Whatever a server answers, the client comes back when it should, with the last event
// ID that it should have.
func TestWhateverTheServerAnswers(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		step.Whatever(t, 400, drawScript, func(tb testing.TB, script []turn) {
			want := expected(script)
			client := &player{script: script, start: time.Now()}
			err := client.reconnector().Run(context.Background(), client.follow)
			if response, ok := errors.AsType[*parsing.ResponseError](err); ok {
				err = fmt.Errorf("%d", response.StatusCode)
			}
			got := append(client.seen, fmt.Sprintf("Run returned %v", err))
			step.Equal(tb, fmt.Sprintf("a server answered with %s, then with 204: each request must come at the right time, with the right Last-Event-ID (Random returns 0.5; shown: requests, events, losses)",
				joined(script, turn.String)), strings.Join(want, "; "), strings.Join(got, "; "))
		})
	})
}

// A turn is what a server answers to one request.
type turn struct {
	status int      // of 200 there is a stream
	after  int      // Retry-After in seconds, or 0
	pieces []string // of the stream
	breaks bool     // the stream breaks off
}

func (t turn) String() string {
	switch {
	case t.status != 200 && t.after > 0:
		return fmt.Sprintf("%d (Retry-After: %d)", t.status, t.after)
	case t.status != 200:
		return fmt.Sprint(t.status)
	case t.breaks:
		return fmt.Sprintf("a stream %q that breaks off", strings.Join(t.pieces, ""))
	}
	return fmt.Sprintf("a stream %q that ends", strings.Join(t.pieces, ""))
}

const (
	withID     = "id: 1\ndata: a\n\n"
	withoutID  = "data: b\n\n"
	emptyID    = "id\ndata: c\n\n"
	onlyID     = "id: 2\n\n"
	noWait     = "retry: 0\n\n"
	longWait   = "retry: 5000\n\n"
	endpoint   = "event: endpoint\ndata: e\n\n"
	unfinished = "id: 3\ndata: unfinished"
)

func drawScript(d *step.Dice) []turn {
	return step.Some(d, 7, func(d *step.Dice) turn {
		switch step.Of(d, "stream", "stream", "stream", "busy", "away", "final") {
		case "busy":
			return turn{status: step.Of(d, 503, 429), after: step.Of(d, 0, 2, 20)}
		case "away":
			return turn{status: 502}
		case "final":
			return turn{status: step.Of(d, 404, 502)}
		}
		pieces := step.Some(d, 4, func(d *step.Dice) string {
			return step.Of(d, withID, withoutID, emptyID, onlyID, noWait, longWait, endpoint)
		})
		if step.Of(d, false, true) {
			pieces = append(pieces, unfinished)
		}
		return turn{status: 200, pieces: pieces, breaks: step.Of(d, false, true)}
	})
}

// expected returns what a player should see: a model of Run.
func expected(script []turn) (seen []string) {
	at, id, retry, losses := time.Duration(0), "", 3*time.Second, 0
	for _, t := range script {
		seen = append(seen, fmt.Sprintf("%v id %q", at, id))
		why, least := fmt.Sprint(t.status), time.Duration(0)
		switch t.status {
		case 404:
			return append(seen, "Run returned 404")
		case 200:
			why = "ended"
			for _, piece := range t.pieces {
				switch piece {
				case withID:
					id = "1"
				case emptyID:
					id = ""
				case onlyID:
					id = "2"
				case noWait:
					retry = 0
				case longWait:
					retry = 5 * time.Second
				}
				switch piece {
				case withID, withoutID, emptyID:
					losses = 0
					fallthrough
				case endpoint:
					seen = append(seen, fmt.Sprintf("%q %q", piece[strings.Index(piece, "data: ")+6:][:1], id))
				}
			}
			if t.breaks {
				why = "broke"
			}
		default:
			least = time.Duration(t.after) * time.Second
		}
		losses++
		window := min(max(time.Second, retry)<<min(losses-1, 10), 30*time.Second)
		wait := max(least, retry) + window/2
		seen = append(seen, fmt.Sprintf("lost (%s), %v", why, wait))
		at += wait
	}
	return append(seen, fmt.Sprintf("%v id %q", at, id), "Run returned <nil>")
}

// A player is an http.RoundTripper that answers as its script says, and a follow. It keeps
// what it sees.
type player struct {
	script []turn
	start  time.Time
	n      int
	seen   []string
}

func (p *player) reconnector() *reconnection.Reconnector {
	return &reconnection.Reconnector{
		URL: "http://sse.test/events", Client: &http.Client{Transport: p}, Random: func() float64 { return 0.5 },
		OnLost: func(l reconnection.Loss) {
			why := "ended"
			if response, ok := errors.AsType[*parsing.ResponseError](l.Err); ok {
				why = fmt.Sprint(response.StatusCode)
			} else if l.Err != io.EOF {
				why = "broke"
			}
			p.seen = append(p.seen, fmt.Sprintf("lost (%s), %v", why, l.Wait))
		},
	}
}

func (p *player) RoundTrip(r *http.Request) (*http.Response, error) {
	p.seen = append(p.seen, fmt.Sprintf("%v id %q", time.Since(p.start), r.Header.Get("Last-Event-ID")))
	next := turn{status: 204}
	if p.n < len(p.script) {
		next = p.script[p.n]
	}
	p.n++
	resp := &http.Response{StatusCode: next.status, Header: http.Header{"Content-Type": {"text/event-stream"}}, Request: r}
	if next.after > 0 {
		resp.Header.Set("Retry-After", fmt.Sprint(next.after))
	}
	var body io.Reader = strings.NewReader(strings.Join(next.pieces, ""))
	if next.breaks {
		body = io.MultiReader(body, broken{})
	}
	resp.Body = io.NopCloser(body)
	return resp, nil
}

// broken is a connection that broke.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func (p *player) follow(_ context.Context, source *parsing.Source, progress func(framing.Event)) error {
	for event, err := range source.Events() {
		if err != nil {
			return err
		}
		progress(event)
		p.seen = append(p.seen, fmt.Sprintf("%q %q", event.Data, event.ID))
	}
	return nil
}

// Whatever the clients do, each stream has exactly what a model of a few lines says.
func TestWhateverTheClientsDo(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		step.Whatever(t, 300, drawMoves, func(tb testing.TB, moves []move) {
			const size = 3
			h := unpaired(size)
			ctx, leave := context.WithCancel(context.Background())
			var want, got []string
			var tapes []*tape
			published := 0
			for _, m := range moves {
				if m.publishes {
					published++
					h.log.Publish(framing.Event{Data: "x"})
					for i := range want {
						want[i] += fmt.Sprint(" ", published)
					}
					synctest.Wait()
					continue
				}
				w, r := new(tape), httptest.NewRequestWithContext(ctx, "GET", "/events", nil)
				switch {
				case m.had < 0:
					want = append(want, fmt.Sprint("start ", published))
				case m.had > published || m.had < published-size:
					want = append(want, fmt.Sprint("reset ", published))
				default:
					want = append(want, "")
					for n := m.had + 1; n <= published; n++ {
						want[len(want)-1] += fmt.Sprint(" ", n)
					}
				}
				if m.had >= 0 {
					r.Header.Set("Last-Event-ID", h.id(m.had))
				}
				tapes = append(tapes, w)
				go h.log.ServeHTTP(w, r) // ends with ctx
				synctest.Wait()
			}
			leave()
			synctest.Wait()
			for i, w := range tapes {
				var text string
				for _, e := range w.events()[1:] {
					kind := ""
					if e.Type != "message" {
						kind = e.Type + " "
					}
					text += " " + kind + strings.TrimPrefix(e.ID, h.epoch+"-")
				}
				got = append(got, text)
				want[i] = strings.TrimSpace(want[i])
				got[i] = strings.TrimSpace(got[i])
			}
			step.Equal(tb, fmt.Sprintf("this happened to a log that keeps 3 events (%s): each client must get what it missed, then each new event (shown: the events of each client, by number)", joined(moves, move.String)),
				strings.Join(want, " | "), strings.Join(got, " | "))
		})
	})
}

// A move is an event that is published, or a client that connects.
type move struct {
	publishes bool
	had       int // the client's last event, or -1
}

func (m move) String() string {
	switch {
	case m.publishes:
		return "Publish"
	case m.had < 0:
		return "a newcomer connects"
	}
	return fmt.Sprintf("a client that had event %d connects", m.had)
}

func drawMoves(d *step.Dice) []move {
	return step.Some(d, 12, func(d *step.Dice) move {
		if step.Of(d, true, true, false) {
			return move{publishes: true}
		}
		return move{had: d.Int(9) - 1}
	})
}
