package step

import "time"

// Worked runs f and returns how much processor time that took: the same on a busy
// machine, where the clock goes on while f waits for a processor. Where the system does
// not tell, it is what the clock says. What other goroutines do meanwhile counts, too.
func Worked(f func()) time.Duration {
	began, clock := processorTime(), time.Now()
	f()
	if worked := processorTime() - began; worked > 0 {
		return worked
	}
	return time.Since(clock)
}
