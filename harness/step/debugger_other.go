//go:build !linux && !windows

package step

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// traced reports whether a debugger has started this process: the name of its
// parent says so, for the rest is told in each system's own way.
func traced() bool {
	parent, _ := exec.Command("ps", "-o", "comm=", "-p", strconv.Itoa(os.Getppid())).Output()
	switch filepath.Base(strings.TrimSpace(string(parent))) {
	case "dlv", "debugserver", "lldb", "gdb":
		return true
	}
	return false
}
