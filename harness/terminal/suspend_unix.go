//go:build unix

package terminal

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// resumeLimit is how long to wait for being continued. Where no shell could do that, the
// system stops nothing in the first place.
const resumeLimit = 500 * time.Millisecond

// suspend stops the processes of this one's group, as Ctrl-Z does elsewhere, until the
// shell continues them.
func (t *Terminal) suspend() {
	err := t.lend(func() error {
		resumed := make(chan os.Signal, 1)
		signal.Notify(resumed, syscall.SIGCONT)
		defer signal.Stop(resumed)
		if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
			return err
		}
		select {
		case <-resumed:
		case <-time.After(resumeLimit):
		}
		return nil
	})
	if err != nil {
		t.view.note = err.Error()
	}
}
