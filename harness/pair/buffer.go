package pair

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// buffer is one direction of an in-memory connection: bytes that were written
// and not yet read, never more than the window. All its waiting is on one
// sync.Cond, because a goroutine that waits there counts as durably blocked in
// a synctest bubble, and one that waits for a Mutex does not.
type buffer struct {
	window int

	mu       sync.Mutex // guards everything below; held for moments only
	changed  *sync.Cond // broadcast after each change
	data     []byte     // written and not yet read
	writing  bool       // a Write is under way: the next one waits its turn
	ended    bool       // the writer has closed: the reader drains, then io.EOF
	readErr  error      // what every Read gets from now on, at once
	writeErr error      // what every Write gets from now on, at once
	readBy   deadline
	writeBy  deadline
}

func newBuffer(window int) *buffer {
	b := &buffer{window: window}
	b.changed = sync.NewCond(&b.mu)
	return b
}

// read waits for bytes, the end, an error or the deadline, whatever is first.
func (b *buffer) read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.readErr == nil && !b.readBy.passed && len(b.data) == 0 && !b.ended && len(p) > 0 {
		b.changed.Wait()
	}
	switch {
	case b.readErr != nil:
		return 0, b.readErr
	case b.readBy.passed:
		return 0, os.ErrDeadlineExceeded
	case len(b.data) == 0 && b.ended:
		return 0, io.EOF
	}
	n := copy(p, b.data)
	b.data = b.data[n:]
	b.changed.Broadcast()
	return n, nil
}

// write returns once all of p is in the buffer, or with the count that got in.
func (b *buffer) write(p []byte) (n int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.turn(); err != nil {
		return 0, err
	}
	b.writing = true
	defer func() {
		b.writing = false
		b.changed.Broadcast()
	}()
	for len(p) > 0 {
		if err := b.room(); err != nil {
			return n, err
		}
		fits := min(len(p), b.window-len(b.data))
		b.data = append(b.data, p[:fits]...)
		n, p = n+fits, p[fits:]
		b.changed.Broadcast()
	}
	return n, nil
}

// turn waits until no other Write is under way. The caller holds b.mu.
func (b *buffer) turn() error {
	for b.writing && b.writeState() == nil {
		b.changed.Wait()
	}
	return b.writeState()
}

// room waits until the reader has made room. The caller holds b.mu.
func (b *buffer) room() error {
	for len(b.data) >= b.window && b.writeState() == nil {
		b.changed.Wait()
	}
	return b.writeState()
}

// writeState says why a Write cannot go on. The caller holds b.mu.
func (b *buffer) writeState() error {
	if b.writeErr != nil {
		return b.writeErr
	}
	if b.writeBy.passed {
		return os.ErrDeadlineExceeded
	}
	return nil
}

// endWriting is the writer's Close: what was written can still be read.
func (b *buffer) endWriting() {
	b.change(func() {
		b.ended = true
		b.writeErr = firstOf(b.writeErr, net.ErrClosed)
		b.writeBy.stop()
	})
}

// endReading is the reader's Close: what is on the way is lost, and the writer
// learns it as from a broken pipe.
func (b *buffer) endReading() {
	b.change(func() {
		b.data = nil
		b.readErr = firstOf(b.readErr, net.ErrClosed)
		b.writeErr = firstOf(b.writeErr, os.NewSyscallError("write", syscall.EPIPE))
		b.readBy.stop()
	})
}

// reset breaks this direction: both sides see it at once, and what is on the
// way is lost.
func (b *buffer) reset() {
	b.change(func() {
		b.data = nil
		b.readErr = firstOf(b.readErr, os.NewSyscallError("read", syscall.ECONNRESET))
		b.writeErr = firstOf(b.writeErr, os.NewSyscallError("write", syscall.ECONNRESET))
	})
}

// setDeadline sets d, which is readBy or writeBy of this buffer.
func (b *buffer) setDeadline(d *deadline, t time.Time) {
	b.change(func() {
		d.set(t, func(passed func()) { b.change(passed) })
	})
}

func (b *buffer) change(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
	b.changed.Broadcast()
}

// deadline is a moment after which a Read or Write fails. Its buffer's mutex
// guards it.
type deadline struct {
	passed bool
	timer  *time.Timer // nil when there is none
}

// set replaces the deadline; the zero time means none. When the moment comes,
// locked is called to run the change under the buffer's mutex.
func (d *deadline) set(t time.Time, locked func(passed func())) {
	d.stop()
	d.passed = !t.IsZero() && !t.After(time.Now())
	if t.IsZero() || d.passed {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(time.Until(t), func() {
		locked(func() {
			// A timer that was replaced while it fired has no say any more.
			if d.timer == timer {
				d.passed = true
			}
		})
	})
	d.timer = timer
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
	d.timer = nil
}

func firstOf(err, next error) error {
	if err != nil {
		return err
	}
	return next
}
