//go:build !unix

package terminal

import "os"

// notifyResize tells of no change of the terminal's size: there is no signal for it
// here, and what is drawn next fits.
func notifyResize() (resized <-chan os.Signal, stop func()) { return nil, func() {} }
