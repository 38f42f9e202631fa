package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"golang.org/x/sync/errgroup"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// startLimit is how long the clients may take to connect for the first time.
const startLimit = 10 * time.Second

// forever is longer than any run.
const forever time.Duration = math.MaxInt64

// errPatience ends the clients that do not get the last event.
var errPatience = errors.New("the last event did not come in time")

// A run is one run of the chaos, with all that takes part.
type run struct {
	o       Options
	began   time.Time
	tally   tally
	events  []framing.Event
	server  *server
	proxies []*proxy
	clients []*client
	started chan struct{} // gets a value for each client that has its first ID
}

// Run starts a server, the clients and a proxy for each of them, publishes the events,
// and waits until each client has the last one, or for half a minute. It returns what
// happened, even if something was lost: [Report.Err] returns that. If ctx ends first, or
// a part of the run fails, it returns the cause, and no report. When Run returns, nothing
// of what it started is left.
func Run(ctx context.Context, o Options) (*Report, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	r, err := newRun(o.withDefaults())
	if err != nil {
		return nil, err
	}
	if err := r.all(ctx); err != nil {
		return nil, err
	}
	return r.report(), nil
}

// all runs the server and the proxies, and the clients while these run.
func (r *run) all(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	around, end := context.WithCancel(context.WithoutCancel(ctx)) // ends after the clients
	defer end()
	var stage errgroup.Group
	parts := []func(context.Context) error{r.server.run, r.show}
	for _, p := range r.proxies {
		parts = append(parts, p.run)
	}
	for _, part := range parts {
		stage.Go(func() error {
			err := part(around)
			if err != nil {
				fail(err)
			}
			return err
		})
	}
	err := r.play(ctx)
	end()
	return cmp.Or(stage.Wait(), err)
}

// newRun returns a run whose server and proxies listen.
func newRun(o Options) (*run, error) {
	r := &run{o: o, began: time.Now(), events: newEvents(o.Seed, o.Events), started: make(chan struct{}, o.Clients)}
	var err error
	if r.server, err = newServer(o); err != nil {
		return nil, err
	}
	for number := 1; number <= o.Clients; number++ {
		h := &history{began: r.began, tally: &r.tally}
		plan := func(connection int) Plan { return newPlan(o.Seed, number, connection, o.scale()) }
		p, err := newProxy(r.server.addr(), plan, h)
		if err != nil {
			r.close()
			return nil, err
		}
		r.proxies = append(r.proxies, p)
		judge := NewJudge(r.events, r.server.log.LastID(), o.logSize)
		r.clients = append(r.clients, newClient(number, p.url(), o, judge, h, func() { r.started <- struct{}{} }))
	}
	return r, nil
}

// close closes the listeners of a run that does not begin.
func (r *run) close() {
	r.server.listener.Close()
	for _, p := range r.proxies {
		p.listener.Close()
	}
}

// play has the clients receive what is published. It returns when all of them are done,
// or have had their time.
func (r *run) play(ctx context.Context) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	crew, ctx := errgroup.WithContext(ctx)
	for _, c := range r.clients {
		crew.Go(func() error { return c.run(ctx) })
	}
	late := time.AfterFunc(forever, func() { end(errPatience) })
	defer late.Stop()
	crew.Go(func() error {
		if err := r.awaitStart(ctx); err != nil {
			return err
		}
		if err := r.server.publish(ctx, r.events, &r.tally.published); err != nil {
			return err
		}
		late.Reset(r.o.patience)
		return nil
	})
	if err := crew.Wait(); !errors.Is(err, errPatience) {
		return err
	}
	return nil
}

// awaitStart waits until each client has an ID to go on from: from then on, it may miss
// nothing.
func (r *run) awaitStart(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, fmt.Errorf("not all clients had connected after %v", startLimit))
	defer cancel()
	for range r.clients {
		select {
		case <-r.started:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// show says each quarter of a second how far the run is, on a terminal, until ctx ends.
func (r *run) show(ctx context.Context) error {
	if r.o.Progress == nil {
		return nil
	}
	ticker := time.NewTicker(250 * time.Millisecond)
	defer ticker.Stop()
	defer fmt.Fprint(r.o.Progress, "\r\x1b[K")
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
		fmt.Fprintf(r.o.Progress, "\r%2.0f s · %s of %s events published · %s received · %s faults\x1b[K", time.Since(r.began).Seconds(),
			thousands(int(r.tally.published.Load())), thousands(r.o.Events),
			thousands(int(r.tally.delivered.Load())), thousands(int(r.tally.faults.Load())))
	}
}
