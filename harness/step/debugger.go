package step

import (
	"os"
	"path/filepath"
	"strings"
)

// debugged reports whether a debugger holds this process: the system knows, and so
// does the name that Delve gives to a binary that it has built.
func debugged() bool {
	name := filepath.Base(os.Args[0])
	return strings.HasPrefix(name, "__debug_bin") || strings.HasPrefix(name, "debug.test") || traced()
}
