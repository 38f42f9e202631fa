package terminal

import (
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// TakeKeys has the terminal hand over each key that is pressed, if a person sits at
// both ends: in, and what t writes to. Elsewhere it does nothing. The function that it
// returns makes it the terminal that it was, once.
func (t *Terminal) TakeKeys(in io.Reader) (restore func(), err error) {
	keyboard, screen := terminalOf(in), terminalOf(t.Out)
	if keyboard == nil || screen == nil || os.Getenv("TERM") == "dumb" {
		return func() {}, nil
	}
	var before *term.State
	if !descriptor(keyboard, func(fd int) { before, err = term.MakeRaw(fd) }) || err != nil {
		return nil, fmt.Errorf("reading keys from the terminal: %w", err)
	}
	resized, unheard := notifyResize()
	t.keys, t.resized, t.colour = keyboard, resized, os.Getenv("NO_COLOR") == ""
	t.size = func() (width, height int) {
		width, height = 80, 24 // what terminals have been since there are any
		descriptor(screen, func(fd int) {
			if w, h, err := term.GetSize(fd); err == nil {
				width, height = w, h
			}
		})
		return width, height
	}
	giveBack := func() { // a terminal that is gone needs it no more
		descriptor(keyboard, func(fd int) { _ = term.Restore(fd, before) })
		fmt.Fprintln(t.Out)
	}
	var mu sync.Mutex // guards over, and the terminal's state with it
	over := false
	t.lend = func(use func() error) error {
		giveBack()
		err := use()
		mu.Lock()
		defer mu.Unlock()
		if !over {
			descriptor(keyboard, func(fd int) { _, _ = term.MakeRaw(fd) })
		}
		return err
	}
	return sync.OnceFunc(func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
		unheard()
		giveBack()
	}), nil
}

// terminalOf returns the terminal that x is, or nil.
func terminalOf(x any) (terminal *os.File) {
	file, ok := x.(*os.File)
	if ok {
		descriptor(file, func(fd int) {
			if term.IsTerminal(fd) {
				terminal = file
			}
		})
	}
	return terminal
}

// descriptor calls use with the file's descriptor, and reports whether there is one.
// The method Fd would have reads block in a way that no deadline ends.
func descriptor(file *os.File, use func(fd int)) bool {
	conn, err := file.SyscallConn()
	return err == nil && conn.Control(func(fd uintptr) { use(int(fd)) }) == nil
}
