package inspect

import (
	"path/filepath"
	"strconv"
	"strings"
)

// A Goroutine is one of those that a stack dump lists.
type Goroutine struct {
	ID     int64   // zero where the dump does not say
	State  string  // as the runtime calls it: "chan receive", "sync.Mutex.Lock", "running"
	Bubble bool    // it belongs to a synctest bubble
	Idle   bool    // it waits for what only its bubble can bring: the runtime says "durable"
	Frames []Frame // its calls, the innermost first
}

// InSync reports whether g waits in package sync: for a lock, for the others of a
// WaitGroup, or for a Cond.
func (g Goroutine) InSync() bool { return strings.HasPrefix(g.State, "sync.") }

// AtLock reports whether g waits for a sync.Mutex or a sync.RWMutex.
func (g Goroutine) AtLock() bool {
	switch g.State {
	case "sync.Mutex.Lock", "sync.RWMutex.Lock", "sync.RWMutex.RLock":
		return true
	}
	return false
}

// Waits reports whether g waits in package sync, for a channel, or for a moment.
func (g Goroutine) Waits() bool {
	return g.InSync() || g.State == "sleep" ||
		strings.HasPrefix(g.State, "chan ") || strings.HasPrefix(g.State, "select")
}

// Running reports whether g waited for nothing but a processor, or for memory.
func (g Goroutine) Running() bool {
	switch g.State {
	case "", "running", "runnable", "preempted":
		return true
	case "semacquire":
		// Where it asked for no semaphore, it is about to start the garbage collector.
		return len(g.Frames) > 0 && !strings.Contains(g.Frames[0].Function, "runtime_Semacquire")
	}
	return strings.HasPrefix(g.State, "GC ")
}

// Panicked returns the frames outside the last call of panic, the line that
// panicked first. They are in the stack that a deferred function sees.
func (g Goroutine) Panicked() []Frame {
	for i, f := range g.Frames {
		if f.Function == "panic" {
			return g.Frames[i+1:]
		}
	}
	return nil
}

// A Frame is one call on a goroutine's stack.
type Frame struct {
	Function string // with its package's path, without arguments
	File     string
	Line     int
	Creator  bool // it is the call that started the goroutine, which it may have outlived
}

// UnknownLine is where the compiler puts the jump of a loop with nothing in it. No call
// is in the first line of a file.
const UnknownLine = 1

// Location returns the file's name and the line: "sessions.go:71", or the name alone if
// the line is not known.
func (f Frame) Location() string {
	if f.Line == UnknownLine {
		return filepath.Base(f.File)
	}
	return filepath.Base(f.File) + ":" + strconv.Itoa(f.Line)
}

// Package returns the import path of the function's package.
func (f Frame) Package() string {
	path, _ := f.split()
	return path
}

// Name returns the function without its package: "(*Registry).Send".
func (f Frame) Name() string {
	_, name := f.split()
	return strings.ReplaceAll(name, "[...]", "")
}

func (f Frame) split() (path, name string) {
	folders := strings.LastIndexByte(f.Function, '/') + 1
	last, name, found := strings.Cut(f.Function[folders:], ".")
	if !found {
		return "", f.Function
	}
	return f.Function[:folders] + last, name
}
