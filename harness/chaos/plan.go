package chaos

import (
	"math/rand/v2"
	"time"
)

// faultyConnections is how many connections of a client end by a fault. Whatever comes
// after them passes, so that every run ends.
const faultyConnections = 24

// firstBytes pass on a client's first connection, whatever the plan: the response's
// header and the first events, which have the reconnection time. Without it, a client
// would wait for three seconds.
const firstBytes = 2 << 10

// A Kind is what a proxy does to a connection.
type Kind int

// The first five end the connection, in one way or another. The others delay it.
const (
	Cut         Kind = iota // both sides get a reset (RST), and what is on its way may be lost
	Close                   // both sides are closed in the normal way (FIN)
	CloseClient             // half: the client gets no more, and the server still can send
	CloseServer             // half: the server reads the end of the requests, and still can send
	Silence                 // nothing passes any more, until the client gives up
	Stall                   // nothing passes for some time
	Delay                   // some chunks are late
	Split                   // some bytes come in pieces of 1 to 7
	kinds       = iota
)

// names describe what was done to a connection.
var names = [kinds]string{
	"cut", "closed", "half-closed to the client", "half-closed to the server", "silent",
	"stalled", "delayed", "split into small pieces",
}

// String returns what was done to a connection: "cut".
func (k Kind) String() string { return names[k] }

// Ends reports whether nothing comes to the client after a fault of this kind.
func (k Kind) Ends() bool { return k == Cut || k == Close || k == CloseClient || k == Silence }

// A Fault is one thing that a proxy does to a connection.
type Fault struct {
	Kind  Kind
	After int           // how many bytes pass before it, from the fault before
	Bytes int           // Delay, Split: for how many bytes it goes on
	For   time.Duration // Stall: how long; Delay: how long for each chunk
}

// A Plan is the faults of one connection, in order. All that passes after the last one
// is left alone.
type Plan []Fault

// A scale says how far apart faults are, and how long they last.
type scale struct {
	distance int           // how many bytes a connection lets pass, on average
	idle     time.Duration // how long a client accepts silence
}

// newPlan returns the plan of a client's connection; both count from 1. It depends on its
// arguments alone, never on time.
func newPlan(seed uint64, client, connection int, s scale) Plan {
	if connection > faultyConnections {
		return nil
	}
	random := rand.New(rand.NewPCG(seed, uint64(client)<<32|uint64(connection)))
	var plan Plan
	for range random.IntN(3) {
		plan = append(plan, newDelay(random, s))
	}
	plan = append(plan, newEnd(random, s))
	if connection == 1 {
		plan[0].After += firstBytes
	}
	return plan
}

// newDelay draws a fault after which the connection goes on.
func newDelay(random *rand.Rand, s scale) Fault {
	f := Fault{After: random.IntN(s.distance/2 + 1)}
	switch random.IntN(4) {
	case 0:
		f.Kind = Delay
		f.Bytes = 1 + random.IntN(4<<10)
		f.For = time.Duration(1+random.IntN(10)) * time.Millisecond
	case 1:
		f.Kind = Stall
		f.For = s.idle * time.Duration(2+random.IntN(78)) / 100 // too short for the client to give up
	default:
		f.Kind = Split
		f.Bytes = 1 + random.IntN(2<<10)
	}
	return f
}

// newEnd draws a fault that ends the connection. One in four comes early: in the header,
// in the opening of the stream, or in what the client missed.
func newEnd(random *rand.Rand, s scale) Fault {
	f := Fault{After: random.IntN(2 * s.distance)}
	if random.IntN(4) == 0 {
		f.After = random.IntN(1 << 10)
	}
	switch n := random.IntN(100); {
	case n < 38:
		f.Kind = Cut
	case n < 60:
		f.Kind = Close
	case n < 75:
		f.Kind = CloseClient
	case n < 90:
		f.Kind = CloseServer
	default:
		f.Kind = Silence
	}
	return f
}
