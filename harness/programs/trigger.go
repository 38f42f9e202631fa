package programs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"example.com/sseworkbook/harness/visible"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// AskedAtOnce is how many triggers of a [TriggerClient] may be under way at once:
// each holds a connection, and systems have few of these to give.
const AskedAtOnce = 250

// A TriggerClient is the outside system that has clients asked: it fires triggers
// at a bidirectional server and prints what comes back. It is for one Run.
type TriggerClient struct {
	URL     string       // of the server's POST /trigger
	HTTP    *http.Client // nil: one that keeps a connection for each trigger under way
	Trigger cleanup.Trigger
	Count   int       // how many triggers to fire, AskedAtOnce of them at the same time
	Out     io.Writer // gets a line for each answer, and one in the end

	next atomic.Int64 // counts the triggers that were taken on

	mu               sync.Mutex // guards the rest, and Out
	answered, failed int
	fastest, slowest time.Duration
	unsure           int   // how many were sent, and the server has said nothing to them
	err              error // why the others are not sent
}

// A reply is what came of one trigger.
type reply struct {
	outcomes []cleanup.Outcome // one for each client that was asked
	took     time.Duration
	err      error // the server could not be asked, or did not reply
}

// Run fires the triggers and prints the answers as they come. It returns an error
// when one client did not answer, or could not do what it was asked to do, and
// when the server cannot be asked: then no more triggers are fired, and what came
// back before is summed up. Answers that cannot be written to Out are an error at
// once.
func (c *TriggerClient) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	c.Out = output{c.Out, stop}
	if c.HTTP == nil {
		transport := manyConnections()
		defer transport.CloseIdleConnections()
		c.HTTP = &http.Client{Transport: transport}
	}
	var firing sync.WaitGroup
	for range min(c.Count, AskedAtOnce) {
		firing.Go(func() {
			for ctx.Err() == nil && c.next.Add(1) <= int64(c.Count) {
				if !c.print(c.fire(ctx)) {
					stop(nil)
				}
			}
		})
	}
	firing.Wait()
	if err := unwritten(ctx); err != nil {
		return err
	}
	return c.summary()
}

// manyConnections returns a transport that keeps a connection for each trigger that
// may be under way, so that a thousand triggers do not use up a thousand ports.
func manyConnections() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost, transport.MaxConnsPerHost = AskedAtOnce, AskedAtOnce, AskedAtOnce
	return transport
}

// print writes a line for each of the outcomes, and counts it. It reports false if
// there are none: the others would fail as well, or are not worth the wait.
func (c *TriggerClient) print(r reply) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.err != nil {
		c.unsure++
		c.err = cmp.Or(c.err, r.err)
		return false
	}
	if c.fastest == 0 || r.took < c.fastest {
		c.fastest = r.took
	}
	c.slowest = max(c.slowest, r.took)
	for _, outcome := range r.outcomes {
		what, ok := tell(outcome)
		if ok {
			c.answered++
		} else {
			c.failed++
		}
		fmt.Fprintf(c.Out, "%8v  %s\n", round(r.took), what)
	}
	return true
}

// tell says what an outcome is, and whether it is what was asked for. A result is
// whole, since it is what the person asked for.
func tell(o cleanup.Outcome) (what string, ok bool) {
	switch {
	case o.Problem != nil:
		return fmt.Sprintf("%d %s: %s", o.Problem.Status, http.StatusText(o.Problem.Status), visible.Short(o.Problem.Detail)), false
	case o.Error != nil:
		return fmt.Sprintf("error %d: %s", o.Error.Code, visible.Short(o.Error.Message)), false
	}
	return visible.Text(string(o.Result)), true
}

// summary writes the last line, unless nothing has come back and a sentence says
// why. It returns an error if there is reason to.
func (c *TriggerClient) summary() error {
	all := c.answered + c.failed
	if all > 0 {
		fmt.Fprintf(c.Out, "%d asked · %d answered · %d failed · round trip %v to %v\n",
			all, c.answered, c.failed, round(c.fastest), round(c.slowest))
	}
	switch {
	case c.err != nil:
		return c.broken()
	case c.failed > 0:
		return fmt.Errorf("%d of %d did not answer with a result", c.failed, all)
	}
	return nil
}

// broken returns the error of a run that ended before all triggers were fired and
// had a reply, and says how many these are.
func (c *TriggerClient) broken() error {
	err := fmt.Errorf("asking %s: %w", c.URL, explainFor("bidirectional-server", c.err))
	nothing := c.answered+c.failed == 0 && (errors.Is(c.err, errNoTrigger) || errors.Is(c.err, syscall.ECONNREFUSED))
	if c.Count == 1 || nothing {
		return err
	}
	unsent := max(0, c.Count-int(c.next.Load()))
	return fmt.Errorf("%w (of %d triggers: %d without a reply, %d not sent)", err, c.Count, c.unsure, unsent)
}

// round leaves of a time what a person reads.
func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
