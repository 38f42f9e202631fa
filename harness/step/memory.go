package step

import "runtime"

// Memory returns how many objects, and how many bytes, are reachable.
func Memory() (objects, bytes int) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapObjects), int(m.HeapAlloc)
}
