package chaos

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"time"
)

// The largest run.
const (
	MaxClients = 100
	MaxEvents  = 100_000
)

// The run that the demo shows.
const (
	DefaultClients = 20
	DefaultEvents  = 10_000
)

const (
	// perSecond is how many events are published per second, if there are few clients.
	perSecond = 800

	// deliveriesPerSecond is how many events per second all clients together get at most.
	// Two slow cores can do that.
	deliveriesPerSecond = 16_000

	// keptFor is for how long the log keeps an event. A client that gave up a silent
	// connection comes back in time; after two such connections in a row it may be too late.
	keptFor = 2400 * time.Millisecond
)

// Options say what a run is like.
type Options struct {
	Seed    uint64 // decides about the events and the faults
	Clients int    // 1 to MaxClients
	Events  int    // 1 to MaxEvents
	Mine    bool   // says, for Command, that the solutions in this program are the learner's

	Progress io.Writer // a terminal, on which one line says how far the run is; nil: none

	// What follows is for tests. Zero is the value of the demo.

	beat     time.Duration // the interval of the heartbeats
	idle     time.Duration // how long a client accepts silence
	logSize  int           // how many events the log keeps
	patience time.Duration // how long the clients have after the last event

	// broken changes how a client sends its requests, so that there is something to find.
	broken func(http.RoundTripper) http.RoundTripper
}

// Check returns an error that says which option has a value that it cannot have.
func (o Options) Check() error {
	switch {
	case o.Clients < 1 || o.Clients > MaxClients:
		return fmt.Errorf("-clients must be from 1 to %d (got %d)", MaxClients, o.Clients)
	case o.Events < 1 || o.Events > MaxEvents:
		return fmt.Errorf("-events must be from 1 to %d (got %d)", MaxEvents, o.Events)
	}
	return nil
}

// withDefaults returns the options with a value for each.
func (o Options) withDefaults() Options {
	o.beat = cmp.Or(o.beat, 200*time.Millisecond)
	o.idle = cmp.Or(o.idle, time.Second)
	o.patience = cmp.Or(o.patience, 30*time.Second)
	o.logSize = cmp.Or(o.logSize, max(1, int(keptFor.Seconds()*o.rate())))
	if o.broken == nil {
		o.broken = func(t http.RoundTripper) http.RoundTripper { return t }
	}
	return o
}

// rate returns how many events are published per second.
func (o Options) rate() float64 {
	return min(perSecond, float64(deliveriesPerSecond)/float64(o.Clients))
}

// scale returns a scale by which the faults of a client are spread over the run.
func (o Options) scale() scale {
	return scale{distance: max(512, o.Events*meanFrame/faultyConnections), idle: o.idle}
}

// String says what the run is like: "seed 7: 20 clients, 10,000 events".
func (o Options) String() string {
	return fmt.Sprintf("seed %d: %s, %s", o.Seed, counted(o.Clients, "client"), counted(o.Events, "event"))
}

// Command returns the command that runs the same chaos again.
func (o Options) Command() string {
	command := fmt.Sprintf("go run ./harness demo chaos -seed %d", o.Seed)
	if o.Clients != DefaultClients {
		command += fmt.Sprintf(" -clients %d", o.Clients)
	}
	if o.Events != DefaultEvents {
		command += fmt.Sprintf(" -events %d", o.Events)
	}
	if o.Mine {
		command += " -mine"
	}
	return command
}
