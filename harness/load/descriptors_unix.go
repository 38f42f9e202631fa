//go:build unix

package load

import "syscall"

// descriptors returns how many files, sockets among them, this process may have
// open at once.
func descriptors() (limit uint64, known bool) {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil {
		return 0, false
	}
	return uint64(l.Cur), true
}
