//go:build linux || darwin || freebsd || netbsd || openbsd

package step

import (
	"syscall"
	"time"
)

// processorTime returns how long this process has run on processors, 0 if the system
// does not tell.
func processorTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
