package step

import (
	"iter"
	"slices"
	"sync"
)

// Values returns the values of seq, as of the events that a decoder reads to their end.
// Its errors are dropped.
func Values[V any](seq iter.Seq2[V, error]) []V {
	var all []V
	for v := range seq {
		all = append(all, v)
	}
	return all
}

// A List is what a step writes down while the learner's code runs. The zero value is
// empty. It is safe for concurrent use.
type List[T any] struct {
	mu  sync.Mutex // guards all
	all []T
}

// Add puts v at the end.
func (l *List[T]) Add(v T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, v)
}

// All returns what there is, in the order in which it came.
func (l *List[T]) All() []T {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}
