package step

import (
	"iter"
	"slices"
	"sync"
)

// Values reads seq to its end and returns its values, such as all events of a decoder. It
// drops the errors.
func Values[V any](seq iter.Seq2[V, error]) []V {
	var all []V
	for v := range seq {
		all = append(all, v)
	}
	return all
}

// A List collects what a step records while the learner's code runs. The zero value is
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

// All returns the values so far, in the order in which they were added.
func (l *List[T]) All() []T {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}
