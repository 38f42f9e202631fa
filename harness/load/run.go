package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// noticeLimit is how long clients get to notice that the server's process has ended.
// The system tells them at once.
const noticeLimit = 2 * time.Second

// A Load is one load on one server. It is for one Run, and is not safe for
// concurrent use.
type Load struct {
	o      Options
	memory *memory
	crowd  *crowd
	asking *asking
	losses *losses

	// What work leaves for the summary.
	connected  int64         // how many clients got in
	connecting time.Duration // how long that took
	working    time.Duration // from the first request's time to the last answer
}

// New returns a load for the server at base ("http://127.0.0.1:8080"), which is
// one of [Serve]'s.
func New(base string, o Options) *Load {
	o.Patience = cmp.Or(o.Patience, DefaultPatience)
	l := &Load{o: o, memory: newMemory(base), losses: newLosses()}
	l.asking = newAsking(base, o, l.losses)
	l.crowd = newCrowd(base, o.Clients, l.losses, l.asking.hear, l.asking.refused)
	return l
}

// Run lets the clients in and has them asked, and returns what came of it, also
// when something got lost: [Summary.Err] says so. When ctx ends before the run
// does, it returns the cause of that as well, and soon: the clients stay until
// Close.
func (l *Load) Run(ctx context.Context) (Summary, error) {
	if err := l.o.Check(); err != nil {
		return Summary{}, err
	}
	if err := l.memory.start(ctx); err != nil {
		return Summary{}, fmt.Errorf("asking the server for its memory: %w", err)
	}
	l.work(ctx)
	if errors.Is(context.Cause(ctx), ErrServerEnded) {
		l.crowd.wait(noticeLimit)
	}
	return l.summary(), context.Cause(ctx)
}

// Close lets the clients go, and returns when nothing is left of what Run has
// started. A process that ends now may leave it out.
func (l *Load) Close() {
	l.crowd.close()
	l.memory.close()
}

// work lets the clients in and makes the requests, while somebody watches.
func (l *Load) work(ctx context.Context) {
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { l.watch(done) })
	watching.Go(func() { l.memory.follow(ctx, done, l.crowd.in.Load) })
	defer watching.Wait()
	defer close(done)

	began := time.Now()
	all := l.crowd.connect(ctx)
	l.connected, l.connecting = l.crowd.in.Load(), time.Since(began)
	if !all {
		return
	}
	if sessions := l.crowd.present(); len(sessions) > 0 {
		l.working = l.asking.run(ctx, sessions)
	}
}

// watch looks each second and writes what it sees, until done.
func (l *Load) watch(done <-chan struct{}) {
	t := newTable(l.o.Progress, l.o.Rewrite)
	defer t.end()
	second := time.Tick(time.Second)
	began := time.Now()
	last := l.look()
	for {
		select {
		case <-second:
			if now := l.look(); t.row(began, last, now) {
				last = now
			}
		case <-done:
			return
		}
	}
}

// A look is what there is to see at one moment.
type look struct {
	at     time.Time
	in     int64     // clients that are connected
	events int64     // that have arrived
	took   histogram // of the answers that have come back
	lost   int64
	kib    float64 // of the server's memory for each client
}

// look looks. It waits for nobody: a server that has no time makes no row late.
func (l *Load) look() look {
	return look{
		at:     time.Now(),
		in:     l.crowd.in.Load(),
		events: l.asking.received.Load(),
		took:   l.asking.answers(),
		lost:   l.losses.total(),
		kib:    l.memory.perClient(),
	}
}
