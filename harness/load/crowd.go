package load

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"example.com/sseworkbook/harness/programs"
	framing "example.com/sseworkbook/solutions/01-framing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// joinLimit is how long a client may take to get its session.
const joinLimit = 30 * time.Second

// errLateSession says that a client was let in, and then told nothing.
var errLateSession = fmt.Errorf("no session within %v", joinLimit)

// A crowd is many clients of one server, each of them the reference's own.
type crowd struct {
	url     string // of the event stream
	http    *http.Client
	hear    func(session string, params json.RawMessage) // is told of each request
	refused func(result json.RawMessage, why string)     // and of each answer that is not delivered
	losses  *losses
	in      atomic.Int64 // how many are connected now
	running sync.WaitGroup

	ctx   context.Context // ends when all are to leave
	leave context.CancelFunc

	// sessions has each client's session, or "" for one that did not get in.
	// A client writes its own before it is settled, and nobody reads before connect
	// has returned.
	sessions []string
}

// newCrowd returns n clients that are not connected yet.
func newCrowd(base string, n int, l *losses, hear func(string, json.RawMessage), refused func(json.RawMessage, string)) *crowd {
	small := &http.Transport{ // a stream of its own for each client
		DisableCompression: true,
		ReadBufferSize:     1 << 10,
		WriteBufferSize:    1 << 10,
	}
	shared := &http.Transport{
		DisableCompression:  true,
		MaxConnsPerHost:     answersAtOnce,
		MaxIdleConnsPerHost: answersAtOnce,
	}
	ctx, leave := context.WithCancel(context.Background())
	return &crowd{
		ctx:      ctx,
		leave:    leave,
		url:      base + "/events",
		http:     &http.Client{Transport: transports{streams: small, answers: shared}},
		hear:     hear,
		refused:  refused,
		losses:   l,
		sessions: make([]string, n),
	}
}

// connect lets the clients in, some at a time, and returns when each has its
// session or does not get one. They stay until close. It reports false if ctx
// ends before: then some are still on their way, and sessions is not to be read.
func (c *crowd) connect(ctx context.Context) bool {
	var joining errgroup.Group
	joining.SetLimit(connectsAtOnce)
	for i := range c.sessions {
		joining.Go(func() error {
			settled := make(chan struct{})
			if ctx.Err() == nil {
				c.running.Go(func() { c.live(i, sync.OnceFunc(func() { close(settled) })) })
			}
			select {
			case <-settled:
			case <-ctx.Done():
			}
			return ctx.Err()
		})
	}
	return joining.Wait() == nil
}

// wait waits until all clients have left by themselves, or the limit is over.
func (c *crowd) wait(limit time.Duration) {
	left := make(chan struct{})
	go func() { // ends with the last client, which close waits for
		c.running.Wait()
		close(left)
	}()
	select {
	case <-left:
	case <-time.After(limit):
	}
}

// close has all clients leave, and waits until they have.
func (c *crowd) close() {
	c.leave()
	c.running.Wait()
	c.http.CloseIdleConnections()
}

// live is a client from its beginning to its end. It calls settled once, when it
// is in or knows that it does not get in.
func (c *crowd) live(i int, settled func()) {
	defer settled()
	ctx, leave := context.WithCancelCause(c.ctx)
	defer leave(nil)
	late := time.AfterFunc(joinLimit, func() { leave(errLateSession) })
	defer late.Stop()
	client := &cleanup.Client{
		URL: c.url,
		Answerer: timeouts.Answerer{
			Client: c.http,
			Handle: func(_ context.Context, _ string, params json.RawMessage) (any, error) {
				c.hear(c.sessions[i], params)
				return params, nil
			},
			OnUndelivered: func(r correlation.Response, err error) { c.refused(r.Result, explain(err)) },
			OnEvent: func(e framing.Event) {
				if e.Type == "endpoint" && c.sessions[i] == "" && late.Stop() {
					c.sessions[i] = programs.SessionID(e.Data)
					c.in.Add(1)
					settled()
				}
			},
		},
	}
	err := client.Run(ctx)
	if c.sessions[i] == "" {
		c.lose(notIn, cmp.Or(context.Cause(ctx), err, errors.New("the stream ended without a session")))
		return
	}
	c.in.Add(-1)
	c.lose(fellOff, cmp.Or(err, errors.New("the server ended the stream")))
}

// lose counts a loss, unless all are leaving.
func (c *crowd) lose(kind string, err error) {
	if c.ctx.Err() == nil {
		c.losses.add(kind, explain(err))
	}
}

// present returns the sessions of those that have got in.
func (c *crowd) present() []string {
	return slices.DeleteFunc(slices.Clone(c.sessions), func(session string) bool { return session == "" })
}

// transports sends streams and answers down connections of different kinds: there
// are as many streams as clients, and few connections for all the answers.
type transports struct{ streams, answers *http.Transport }

func (t transports) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		return t.streams.RoundTrip(r)
	}
	return t.answers.RoundTrip(r)
}

// CloseIdleConnections is for [http.Client.CloseIdleConnections].
func (t transports) CloseIdleConnections() {
	t.streams.CloseIdleConnections()
	t.answers.CloseIdleConnections()
}
