//go:build !unix

package process

import "os/exec"

// groupOfItsOwn leaves it at what a command does by itself: its process is killed.
func groupOfItsOwn(*exec.Cmd) {}

// interruptible leaves it at that, too: there is no signal to interrupt with.
func interruptible(*exec.Cmd) {}

// KillGroup has nothing to do here.
func KillGroup(*exec.Cmd) {}
