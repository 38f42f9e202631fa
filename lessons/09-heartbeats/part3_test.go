package heartbeats_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	heartbeats "example.com/sseworkbook/lessons/09-heartbeats"
	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	reconnection "example.com/sseworkbook/solutions/08-reconnection"
)

// Part 3, the client's limit.

// limit is the limit of most Transports here.
const limit = 40 * time.Second

// open asks a peer for a stream.
func open(t *testing.T, ctx context.Context, p *peer) *http.Response {
	t.Helper()
	r, _ := http.NewRequestWithContext(ctx, "GET", "http://sse.test/events", nil)
	resp, err := (&heartbeats.Transport{Base: p, Limit: limit}).RoundTrip(r)
	if err != nil {
		step.Fail(t, "a server answered at once, but RoundTrip returned an error", fmt.Sprintf("got  %v", err))
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// A server that is gone sends nothing, and nothing is what a client waits for. So it
// needs to know how long is too long.
func TestAStreamThatIsTooQuietIsAnError(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		p := &peer{}
		r := read(open(t, t.Context(), p).Body)
		io.WriteString(p.body, "data: hello\n\n")
		step.Advance(limit - time.Millisecond)
		step.Equal(t, "the last byte came just under 40 s ago, and Limit is 40 s: the stream must still be open", "still open", r.state())
		step.Equal(t, "the server sent an event: the client must get its bytes", "data: hello\n\n", *r.text.Load())
		step.Advance(time.Millisecond)
		step.Equal(t, "nothing came for 40 s, and Limit is 40 s: Read must return an *IdleError", "ended after 40s: IdleError after 40s", r.state())
		idle, ok := r.err.(*heartbeats.IdleError)
		if !ok || idle.Err == nil {
			step.Fail(t, "nothing came for 40 s: Read must return an unwrapped *IdleError, and its Err must say how the connection ended", fmt.Sprintf("got  %#v", r.err))
		}
		step.Equal(t, "nothing came for 40 s: the connection must be closed, so the context that Base got must end", true, p.gone.Load())
	})
	step.Bubble(t, func(t *testing.T) {
		r, _ := http.NewRequest("GET", "http://sse.test/events", nil)
		p := &peer{}
		transport := &heartbeats.Transport{Base: p}
		resp, _ := transport.RoundTrip(r)
		step.Equal(t, "Limit is zero: RoundTrip must not change the field Limit, because another request may be reading it", time.Duration(0), transport.Limit)
		body := read(resp.Body)
		step.Advance(time.Hour)
		step.Equal(t, "Limit is zero: the limit must be DefaultLimit", "ended after 40s: IdleError after 40s", body.state())
		resp.Body.Close()
	})
}

// The limit is for silence, not for the time between two events. A comment is a sign of
// life, and so is a single byte of a long event.
func TestAnyByteWillDo(t *testing.T) {
	defer step.Begin(t)()
	for _, piece := range []string{": \n", ":", "\n", "d", "\r", "\x00", "data: an event\n\n"} {
		step.Bubble(t, func(t *testing.T) {
			p := &peer{}
			r := read(open(t, t.Context(), p).Body)
			for range 100 {
				step.Advance(limit - time.Second)
				io.WriteString(p.body, piece)
			}
			step.Equal(t, fmt.Sprintf("the server sent %q every 39 s, and Limit is 40 s: the stream must stay open", piece), "still open", r.state())
			step.Equal(t, fmt.Sprintf("the server sent %q a hundred times: the client must get all of them", piece), strings.Repeat(piece, 100), *r.text.Load())
			step.Advance(time.Second * 40)
			step.Equal(t, fmt.Sprintf("the server sent %q a hundred times, and then nothing for 40 s: Read must return an *IdleError", piece),
				"ended after 1h5m40s: IdleError after 40s", r.state())
		})
	}
}

// A reader may be busy with an event for an hour. What comes meanwhile waits in a
// buffer, and the server is not to blame.
func TestASlowReaderIsNoQuietServer(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		p := &peer{}
		body := open(t, t.Context(), p).Body
		go io.WriteString(p.body, "data: a\n\ndata: b\n\n") // ends with the body
		buffer := make([]byte, 9)
		io.ReadFull(body, buffer)
		step.Advance(24 * time.Hour)
		n, err := io.ReadFull(body, buffer)
		step.Equal(t, "a reader took a day for an event, and the next event was already there: Read must return that event", "data: b\n\n <nil>", fmt.Sprintf("%s %v", buffer[:n], err))
		step.Advance(24 * time.Hour)
		r := read(body)
		step.Advance(limit - time.Second)
		step.Equal(t, "a reader took a day, and then Read waited for 39 s: only the time in Read may count", "still open", r.state())
		step.Advance(time.Second)
		step.Equal(t, "nobody read for a day, and then a Read waited for 40 s: that Read must return an *IdleError", "ended after 40s: IdleError after 40s", r.state())
	})
}

// A server can be silent before it has said a word.
func TestTheHeaderHasToComeInTime(t *testing.T) {
	defer step.Begin(t)()
	defer step.Bubble(t, wantTooLate)
	step.Bubble(t, func(t *testing.T) {
		client := &http.Client{Transport: &heartbeats.Transport{Base: &peer{silent: true}, Limit: limit}}
		start := time.Now()
		defer step.OnHang(t, func() (string, []string) {
			return "the server never answers, and Limit is 40 s, but RoundTrip is still waiting", nil
		})()
		_, err := client.Get("http://sse.test/events")
		step.Equal(t, "the server never answers, and Limit is 40 s: RoundTrip must return an *IdleError", "IdleError after 40s, after 40s", kind(err)+", after "+time.Since(start).String())
		var netErr net.Error
		if !errors.As(err, &netErr) || !netErr.Timeout() {
			step.Fail(t, "the server never answers: the error must be a net.Error whose Timeout() is true", fmt.Sprintf("got  %v", err))
		}
	})
	step.Bubble(t, func(t *testing.T) {
		slow := &peer{}
		base := roundTripper(func(r *http.Request) (*http.Response, error) {
			time.Sleep(limit - time.Second)
			return slow.RoundTrip(r)
		})
		r, _ := http.NewRequest("GET", "http://sse.test/events", nil)
		resp, err := (&heartbeats.Transport{Base: base, Limit: limit}).RoundTrip(r)
		step.Equal(t, "the header came after 39 s, and Limit is 40 s: RoundTrip must return the response", nil, err)
		body := read(resp.Body)
		step.Advance(limit - time.Second)
		step.Equal(t, "the header came after 39 s, and then nothing for 39 s: the stream must still be open", "still open", body.state())
		resp.Body.Close()
	})
}

// wantTooLate has a Base that does not honour its context, and answers too late.
func wantTooLate(t *testing.T) {
	late := &peer{}
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		time.Sleep(limit + time.Second)
		return late.RoundTrip(r)
	})
	r, _ := http.NewRequest("GET", "http://sse.test/events", nil)
	_, err := (&heartbeats.Transport{Base: base, Limit: limit}).RoundTrip(r)
	step.Equal(t, "the header came after 41 s, and Limit is 40 s: RoundTrip must return an *IdleError", "IdleError after 40s", kind(err))
	step.Equal(t, "the header came after 41 s, and Limit is 40 s: RoundTrip must close the body, because no one will read it", true, late.closed.Load())
}

type roundTripper func(r *http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Only a stream has a heartbeat. A download may pause for as long as it likes, and what
// else goes wrong has an error of its own.
func TestEverythingElseIsLeftAlone(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		p := &peer{contentType: "Text/Event-Stream;charset=utf-8"}
		r := read(open(t, t.Context(), p).Body)
		step.Advance(limit)
		step.Equal(t, "a stream's Content-Type has capital letters and a parameter, and the stream was too quiet: Read must return an *IdleError", "ended after 40s: IdleError after 40s", r.state())
	})
	step.Bubble(t, func(t *testing.T) {
		p := &peer{contentType: "application/zip"}
		r := read(open(t, t.Context(), p).Body)
		step.Advance(24 * time.Hour)
		step.Equal(t, "a download, which has no heartbeats, paused for a day: its body must stay open", "still open", r.state())
		io.WriteString(p.body, "zip")
		p.body.Close()
		step.Equal(t, "a download ended: its body must end with io.EOF", "ended after 24h0m0s: io.EOF", r.state())
		step.Equal(t, "a download ended: the client must get its bytes", "zip", *r.text.Load())
	})
	step.Bubble(t, func(t *testing.T) {
		p := &peer{}
		r := read(open(t, t.Context(), p).Body)
		step.Advance(time.Second)
		p.body.Close()
		step.Equal(t, "the server ended the stream: Read must return io.EOF itself", "ended after 1s: io.EOF", r.state())
	})
	step.Bubble(t, func(t *testing.T) {
		p, broken := &peer{}, errors.New("the connection broke")
		r := read(open(t, t.Context(), p).Body)
		p.body.CloseWithError(broken)
		step.Equal(t, "the connection broke: Read must return the connection's error", "ended after 0s: the connection broke", r.state())
		req, _ := http.NewRequest("GET", "http://sse.test/events", nil)
		_, err := (&heartbeats.Transport{Base: &peer{fails: broken}, Limit: limit}).RoundTrip(req)
		step.ErrorIs(t, "Base returned an error: RoundTrip must return it", broken, err)
	})
	step.Bubble(t, func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		p := &peer{}
		r := read(open(t, ctx, p).Body)
		step.Advance(time.Second)
		leave()
		step.Equal(t, "the request's own context ended: Read must return the body's error, not an *IdleError", "ended after 1s: context.Canceled", r.state())
		deadline, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r = read(open(t, deadline, &peer{}).Body)
		step.Advance(time.Second)
		step.Equal(t, "the request's own deadline passed: Read must return the body's error, not an *IdleError", "ended after 1s: context.DeadlineExceeded", r.state())
		type key struct{}
		var value any
		r2, _ := http.NewRequestWithContext(context.WithValue(ctx, key{}, "a value"), "GET", "http://sse.test/events", nil)
		before := *r2
		(&heartbeats.Transport{Base: roundTripper(func(r *http.Request) (*http.Response, error) {
			value = r.Context().Value(key{})
			return nil, io.ErrUnexpectedEOF
		})}).RoundTrip(r2)
		step.Equal(t, "the request has a value in its context: Base must find it", any("a value"), value)
		step.Equal(t, "a request was sent: RoundTrip must not change the request itself, only a copy", true, before.Context() == r2.Context())
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }))
	defer server.Close()
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	resp, err := (&http.Client{Transport: &heartbeats.Transport{}}).Get(server.URL)
	step.Equal(t, "Base is nil: Transport must use http.DefaultTransport", nil, err)
	text, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	step.Equal(t, "Base is nil: the client must get the response", "hello", string(text))
}

// With lesson 08, a stream that is too quiet is a loss like any other.
func TestAQuietStreamIsReconnected(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		connections := 0
		p := pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			connections++
			s, err := flushing.Open(w, r)
			if err != nil {
				return
			}
			s.Send(framing.Event{ID: fmt.Sprint(connections), Data: r.Header.Get("Last-Event-ID")})
			<-r.Context().Done() // it hangs, and sends no heartbeats
		}))
		var got, losses []string
		client := *p.Client
		client.Transport = &heartbeats.Transport{Base: p.Client.Transport, Limit: limit}
		c := &reconnection.Reconnector{
			URL: p.URL, Client: &client, Random: func() float64 { return 0 },
			OnLost: func(l reconnection.Loss) { losses = append(losses, kind(l.Err)) },
		}
		ctx, leave := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.Run(ctx, func(_ context.Context, source *parsing.Source, progress func(framing.Event)) error {
				for event, err := range source.Events() {
					if err != nil {
						return err
					}
					progress(event)
					got = append(got, event.ID+" after "+event.Data)
				}
				return nil
			})
		}()
		step.Advance(2*limit + 10*time.Second)
		leave()
		<-done
		step.Equal(t, "a server hangs after each event: the Reconnector must connect again, with the last event ID", "1 after , 2 after 1, 3 after 2", strings.Join(got, ", "))
		step.Equal(t, "a server hangs after each event: OnLost must get the *IdleError", "IdleError after 40s, IdleError after 40s", strings.Join(losses, ", "))
		synctest.Wait()
	})
}
