// Package inspect is what tests can see of a running process that Go has no API
// for: what its goroutines wait for, which lock guards a struct's map, and how the
// runtime, testing/synctest and the testing package word what they print. All that
// the workbook knows of Go's insides stands here, and its test says with which
// version of Go that stopped being true. harness/step and harness/pair use it and
// offer lessons what they need; a lesson does not import it.
package inspect

import "runtime"

// Goroutines returns what each goroutine of this process is doing, the caller's
// first. It stops them all for that moment.
func Goroutines() []Goroutine {
	for size := 1 << 16; ; size *= 4 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size {
			return Parse(string(buf[:n]))
		}
	}
}

// Self returns the ID of the calling goroutine.
func Self() int64 {
	var buf [256]byte // the first line is enough
	for _, g := range Parse(string(buf[:runtime.Stack(buf[:], false)])) {
		return g.ID
	}
	return 0
}

// Find returns what the goroutine with this ID is doing, unless it has ended.
func Find(id int64) (g Goroutine, found bool) {
	for _, g := range Goroutines() {
		if g.ID == id {
			return g, true
		}
	}
	return Goroutine{}, false
}
