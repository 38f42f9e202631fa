package load

import (
	"math/bits"
	"time"
)

const (
	// detail is how many counters there are for the times from one power of two
	// to the next: a time is known to within a 64th of itself.
	detail = 64

	// counters are enough for times of more than an hour.
	counters = 28 * detail
)

// A histogram counts how long things took, in bounded memory however many they
// are. The zero value is ready to use. It is not safe for concurrent use.
type histogram struct {
	counts [counters]int64
	n      int64
	max    time.Duration
}

// add counts one more that took d.
func (h *histogram) add(d time.Duration) {
	h.counts[counter(d)]++
	h.n++
	h.max = max(h.max, d)
}

// since returns what was counted since before, which is a copy from then, but with
// the longest time of all.
func (h histogram) since(before *histogram) histogram {
	for i, n := range before.counts {
		h.counts[i] -= n
	}
	h.n -= before.n
	return h
}

// quantile returns a time that the share q of all, 0 to 1, did not exceed. Of
// nothing it is 0.
func (h *histogram) quantile(q float64) time.Duration {
	rest := int64(q * float64(h.n))
	for i, n := range h.counts {
		if rest -= n; rest < 0 {
			return min(atMost(i), h.max)
		}
	}
	return h.max
}

// counter returns which counter d belongs to. Below 64 µs each microsecond has
// its own; above, each doubling has 64.
func counter(d time.Duration) int {
	us := uint64(max(0, d.Microseconds()))
	shift := max(0, bits.Len64(us/detail)-1)
	return min(shift*detail+int(us>>shift), counters-1)
}

// atMost returns the longest time that belongs to a counter.
func atMost(counter int) time.Duration {
	shift := max(0, counter/detail-1)
	us := (counter-shift*detail+1)<<shift - 1
	return time.Duration(us)*time.Microsecond + time.Microsecond - 1
}
