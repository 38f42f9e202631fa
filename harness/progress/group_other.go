//go:build !unix

package progress

import (
	"os/exec"
	"time"
)

// inGroupOfItsOwn can do no more here than to have cmd itself killed when its
// context ends.
func inGroupOfItsOwn(cmd *exec.Cmd) { cmd.WaitDelay = time.Second }

// killGroup has nothing to do here.
func killGroup(*exec.Cmd) {}
