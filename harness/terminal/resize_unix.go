//go:build unix

package terminal

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyResize tells of each change of the terminal's size, until stop is called.
func notifyResize() (resized <-chan os.Signal, stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGWINCH)
	return signals, func() { signal.Stop(signals) }
}
