package chaos

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// What says what an Entry is about.
type What int

// What happens to a client.
const (
	Opened   What = iota // it connects; Text is its last event ID
	Faulted              // its proxy does something; Fault, Place and Tail say what, and where
	Received             // it gets the events From to To; Until is when the last one came
	Reset                // it is told that the events From to To are missing
	Lost                 // it has lost the connection; Text says why
)

// An Entry is one thing that happened to a client.
type Entry struct {
	At         time.Duration // since the run began
	Connection int           // which of the client's connections, from 1
	What       What

	Fault Fault
	Place Place
	Tail  string // the last bytes that passed

	From, To int
	Until    time.Duration
	Text     string
}

// A tally counts what happens in a run, while it does. It is safe for concurrent use.
type tally struct{ published, delivered, connections, faults atomic.Int64 }

// A history is what happened to one client. It is safe for concurrent use.
type history struct {
	began time.Time
	tally *tally

	mu      sync.Mutex // guards entries
	entries []Entry
}

// add adds an entry that happens now.
func (h *history) add(e Entry) {
	e.At = time.Since(h.began)
	switch e.What {
	case Opened:
		h.tally.connections.Add(1)
	case Faulted:
		h.tally.faults.Add(1)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.entries = append(h.entries, e)
}

// received adds an event, or makes the last entry longer if the event follows on it.
func (h *history) received(connection, number int) {
	now := time.Since(h.began)
	h.tally.delivered.Add(1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := len(h.entries) - 1; i >= 0 {
		last := &h.entries[i]
		if last.What == Received && last.Connection == connection && last.To == number-1 && now-last.At < batch {
			last.To, last.Until = number, now
			return
		}
	}
	h.entries = append(h.entries, Entry{At: now, Connection: connection, What: Received, From: number, To: number, Until: now})
}

// batch is how much time one entry of received events covers at most.
const batch = 250 * time.Millisecond

// list returns the entries, in the order in which they happened.
func (h *history) list() []Entry {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.entries)
}
