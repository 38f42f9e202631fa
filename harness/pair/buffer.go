package pair

import (
	"cmp"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// buffer is one direction of an in-memory connection: bytes that were written
// and not yet read, never more than size. All its waiting is on one
// sync.Cond, because a goroutine that waits there counts as durably blocked in
// a synctest bubble, and one that waits for a Mutex does not.
type buffer struct {
	size int

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

func newBuffer(size int) *buffer {
	b := &buffer{size: size}
	b.changed = sync.NewCond(&b.mu)
	return b
}

// read waits for bytes, the end, an error or the deadline, whatever is first.
func (b *buffer) read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.readErr == nil && !b.readBy.passed() && len(b.data) == 0 && !b.ended && len(p) > 0 {
		b.changed.Wait()
	}
	switch {
	case b.readErr != nil:
		return 0, b.readErr
	case b.readBy.passed():
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
	if err := b.waitToWrite(func() bool { return !b.writing }); err != nil {
		return 0, err
	}
	b.writing = true
	defer func() {
		b.writing = false
		b.changed.Broadcast()
	}()
	for len(p) > 0 {
		if err := b.waitToWrite(func() bool { return len(b.data) < b.size }); err != nil {
			return n, err
		}
		fits := min(len(p), b.size-len(b.data))
		b.data = append(b.data, p[:fits]...)
		n, p = n+fits, p[fits:]
		b.changed.Broadcast()
	}
	return n, nil
}

// waitToWrite waits until ready, or returns why a Write cannot go on. The caller
// holds b.mu.
func (b *buffer) waitToWrite(ready func() bool) error {
	for {
		switch {
		case b.writeErr != nil:
			return b.writeErr
		case b.writeBy.passed():
			return os.ErrDeadlineExceeded
		case ready():
			return nil
		}
		b.changed.Wait()
	}
}

// endWriting is the writer's Close: what was written can still be read.
func (b *buffer) endWriting() {
	b.change(func() {
		b.ended = true
		b.writeErr = cmp.Or(b.writeErr, net.ErrClosed)
	})
}

// endReading is the reader's Close: what is on the way is lost, and the writer
// learns it as from a broken pipe.
func (b *buffer) endReading() { b.fail(net.ErrClosed, os.NewSyscallError("write", syscall.EPIPE)) }

// reset breaks this direction: both sides see it at once, and what is on the
// way is lost.
func (b *buffer) reset() {
	b.fail(os.NewSyscallError("read", syscall.ECONNRESET), os.NewSyscallError("write", syscall.ECONNRESET))
}

// fail says what each side gets from now on, unless it is to get an error already.
func (b *buffer) fail(read, write error) {
	b.change(func() {
		b.data = nil
		b.readErr = cmp.Or(b.readErr, read)
		b.writeErr = cmp.Or(b.writeErr, write)
	})
}

// setDeadline sets d, which is readBy or writeBy of this buffer; the zero time
// means none.
func (b *buffer) setDeadline(d *deadline, t time.Time) {
	b.change(func() {
		if d.wake != nil {
			d.wake.Stop()
		}
		d.at, d.wake = t, nil
		if !t.IsZero() {
			d.wake = time.AfterFunc(time.Until(t), func() { b.change(func() {}) })
		}
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
	at   time.Time   // zero when there is none
	wake *time.Timer // has those who wait look at the clock
}

func (d deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }
