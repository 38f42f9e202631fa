package load

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"example.com/sseworkbook/harness/visible"
)

// All that can get lost, as in "an event never arrived, twice".
const (
	notIn    = "a client did not connect"
	fellOff  = "a client was cut off" // its stream ended before the run did
	notAsked = "a request could not be made in time"
	noEvent  = "an event never arrived"
	noAnswer = "an answer never came back" // though the client had heard of its request
	foreign  = "something arrived that should not have"
)

// kinds are all of them, in the order in which a report names them.
var kinds = []string{notIn, fellOff, notAsked, noEvent, noAnswer, foreign}

// A Loss is something that got lost for one cause, and how often.
type Loss struct {
	What  string `json:"what"` // one of kinds
	Count int64  `json:"count"`
	Why   string `json:"why"` // the cause of all of these, as far as is known
}

// String says what got lost and why: "a client was cut off, twice (EOF)".
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

// lost is an error that names all kinds of losses, or nil if there are none. Those
// of a kind stand together.
func lost(losses []Loss) error {
	if len(losses) == 0 {
		return nil
	}
	var sums []Loss // each with the counts of all its causes
	for _, loss := range losses {
		if last := len(sums) - 1; last >= 0 && sums[last].What == loss.What {
			sums[last].Count += loss.Count
			continue
		}
		sums = append(sums, loss)
	}
	var words []string
	for _, loss := range sums {
		words = append(words, loss.short())
	}
	return errors.New("not everything arrived: " + strings.Join(words, "; "))
}

const (
	// causesAtMost is how many causes of one kind of loss are told apart.
	causesAtMost = 10

	otherCauses = "other causes"
)

// losses counts what got lost, by its cause. It is safe for concurrent use.
type losses struct {
	mu     sync.Mutex                  // guards causes
	causes map[string]map[string]int64 // by kind
}

// newLosses returns losses of which there are none yet.
func newLosses() *losses {
	l := &losses{causes: map[string]map[string]int64{}}
	for _, kind := range kinds {
		l.causes[kind] = map[string]int64{}
	}
	return l
}

// add counts a loss and its cause, in which a peer may have had a part.
func (l *losses) add(kind, cause string) {
	cause = visible.Short(cause)
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.causes[kind][cause]; !known && len(l.causes[kind]) >= causesAtMost {
		cause = otherCauses
	}
	l.causes[kind][cause]++
}

// total returns how many there are of all kinds.
func (l *losses) total() (n int64) {
	for _, loss := range l.list() {
		n += loss.Count
	}
	return n
}

// list returns what got lost, kind by kind, the most frequent cause first.
func (l *losses) list() []Loss {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := []Loss{} // in JSON, nothing is an empty list
	for kind, causes := range l.causes {
		for cause, count := range causes {
			all = append(all, Loss{kind, count, cause})
		}
	}
	slices.SortFunc(all, func(a, b Loss) int {
		return cmp.Or(
			cmp.Compare(slices.Index(kinds, a.What), slices.Index(kinds, b.What)),
			cmp.Compare(b.Count, a.Count),
			cmp.Compare(a.Why, b.Why))
	})
	return all
}
