package load

import (
	"errors"
	"fmt"
	"strings"
	"sync"
)

// A kind is a way to lose something.
type kind int

// All that can get lost, in the order in which a report names it.
const (
	notIn    kind = iota // a client did not get in
	fellOff              // a client's stream ended before the run did
	notAsked             // a request was still not made when its patience was over
	noEvent              // a client never heard of its request
	noAnswer             // a client heard of it, and its answer never came back
	foreign              // something arrived that should not have
	kinds
)

// what says what happened, as in "an event never arrived, twice".
var what = [kinds]string{
	notIn:    "a client did not get in",
	fellOff:  "a client fell off",
	notAsked: "a request could not be made in time",
	noEvent:  "an event never arrived",
	noAnswer: "an answer never came back",
	foreign:  "something arrived that should not have",
}

// A Loss is something that got lost, and how often.
type Loss struct {
	What  string `json:"what"`
	Count int64  `json:"count"`
	Why   string `json:"why"` // why the first of them did, as far as is known
}

// String says what got lost and why: "a client fell off, twice (EOF)".
func (l Loss) String() string { return fmt.Sprintf("%s (%s)", l.short(), l.Why) }

// short says what got lost, and how often.
func (l Loss) short() string {
	times := fmt.Sprintf("%d times", l.Count)
	switch l.Count {
	case 1:
		times = "once"
	case 2:
		times = "twice"
	}
	return l.What + ", " + times
}

// lost is an error that names all losses, or nil if there are none.
func lost(losses []Loss) error {
	if len(losses) == 0 {
		return nil
	}
	var words []string
	for _, loss := range losses {
		words = append(words, loss.short())
	}
	return errors.New("not everything arrived: " + strings.Join(words, "; "))
}

// losses counts what got lost. The zero value is ready to use. It is safe for
// concurrent use.
type losses struct {
	mu     sync.Mutex // guards the rest
	counts [kinds]int64
	why    [kinds]string
}

// add counts a loss, and keeps why the first of its kind came about.
func (l *losses) add(k kind, why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[k]++
	if l.why[k] == "" {
		l.why[k] = why
	}
}

// explain keeps why a loss is about to come about, for whoever counts it knows
// less.
func (l *losses) explain(k kind, why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.why[k] == "" {
		l.why[k] = why
	}
}

// total returns how many there are of all kinds.
func (l *losses) total() (n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, count := range l.counts {
		n += count
	}
	return n
}

// list returns the kinds of which there are any.
func (l *losses) list() []Loss {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := []Loss{} // in JSON, nothing is an empty list
	for k, count := range l.counts {
		if count > 0 {
			all = append(all, Loss{what[k], count, l.why[k]})
		}
	}
	return all
}
