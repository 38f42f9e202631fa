package load

import (
	"fmt"
	"io"
	"time"
)

// What a run may ask for at the most.
const (
	MaxClients = 20_000
	MaxRate    = 100_000
	MaxFor     = 10 * time.Minute
)

const (
	// triggersAtOnce is how many requests may be on their way at once, and so how many
	// connections bring triggers. At 1,000 requests a second that is enough for
	// answers that take 256 ms; what is due later than that waits, and its wait
	// counts.
	triggersAtOnce = 256

	// answersAtOnce is how many connections the clients' answers share.
	answersAtOnce = 256

	// connectsAtOnce is how many clients connect at once: fewer than any system's
	// listen backlog.
	connectsAtOnce = 100

	// spareDescriptors is for what a process has open besides: the listener, the
	// standard streams, what the runtime needs.
	spareDescriptors = 64
)

// DefaultPatience is the Patience of Options that do not say.
const DefaultPatience = 10 * time.Second

// Options say how great a load is.
type Options struct {
	Clients int           // how many there are, 1 to MaxClients
	Rate    int           // requests a second over all of them, 1 to MaxRate
	For     time.Duration // how long requests are made, more than 0, to MaxFor

	// Patience is how long a request may wait for its turn, and then for its
	// answer, until it counts as lost: a millisecond or more. Zero is
	// DefaultPatience.
	Patience time.Duration

	Progress io.Writer // gets a line each second; nil: nobody
	Rewrite  bool      // whether Progress is a terminal, on which that is one line
}

// Check says in a sentence what of the options cannot be.
func (o Options) Check() error {
	switch {
	case o.Clients < 1 || o.Clients > MaxClients:
		return fmt.Errorf("-clients must be from 1 to %d (got %d)", MaxClients, o.Clients)
	case o.Rate < 1 || o.Rate > MaxRate:
		return fmt.Errorf("-rate must be from 1 to %d requests per second (got %d)", MaxRate, o.Rate)
	case o.For <= 0 || o.For > MaxFor:
		return fmt.Errorf("-for must be more than 0 and at most %v (got %v)", MaxFor, o.For)
	}
	return o.checkDescriptors()
}

// checkDescriptors refuses what the system has not enough descriptors for, before
// thousands of clients fail with an error each. The package os has raised the
// limit as far as it may be.
func (o Options) checkDescriptors() error {
	need := uint64(o.Clients + triggersAtOnce + answersAtOnce + spareDescriptors)
	if limit, known := descriptors(); known && limit < need {
		return fmt.Errorf("-clients %d needs %d open files per process, but the limit here is %d: run ulimit -n %d in this shell first, or use fewer clients",
			o.Clients, need, limit, need)
	}
	return nil
}

// total is how many requests a run makes.
func (o Options) total() int64 {
	return max(1, int64(o.For)*int64(o.Rate)/int64(time.Second))
}

// due is how long after the first request number n is due.
func (o Options) due(n int64) time.Duration {
	return time.Duration(n * int64(time.Second) / int64(o.Rate))
}
