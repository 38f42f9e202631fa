package step

import "time"

// Worked runs f and returns how much processor time it used. That is the same on a busy
// machine, where the clock goes on while f waits for a processor. If the system does not
// report processor time, Worked returns clock time. Work of other goroutines counts too.
func Worked(f func()) time.Duration {
	began, clock := processorTime(), time.Now()
	f()
	if worked := processorTime() - began; worked > 0 {
		return worked
	}
	return time.Since(clock)
}
