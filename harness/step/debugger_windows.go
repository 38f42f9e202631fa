package step

import "syscall"

var isDebuggerPresent = syscall.NewLazyDLL("kernel32.dll").NewProc("IsDebuggerPresent")

// traced reports whether a debugger is attached to this process.
func traced() bool {
	present, _, _ := isDebuggerPresent.Call()
	return present != 0
}
