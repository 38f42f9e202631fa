package cockpit

import (
	"context"
	"io"
	"sync"
	"time"
)

// A key is one that was pressed: its letter, or one of these.
type key byte

// Keys that are no letters. In a terminal that hands over each key, Ctrl-C is one
// of them.
const (
	keyCtrlC key = 0x03
	keyCtrlD key = 0x04
	keyEnter key = '\r'
	escape       = 0x1b
)

// keys reads what is pressed. The channel is closed when in is at its end. The
// function ends the reading, as far as in lets it: a terminal that is read stays so
// until the next key is pressed, or the process ends.
func keys(ctx context.Context, in io.Reader) (pressed <-chan key, end func()) {
	ctx, cancel := context.WithCancel(ctx)
	out := make(chan key)
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(out)
		readKeys(ctx, in, out)
	})
	return out, func() {
		cancel()
		limited, ok := in.(interface{ SetReadDeadline(time.Time) error })
		if ok && limited.SetReadDeadline(time.Now()) == nil {
			reader.Wait()
		}
	}
}

// readKeys sends what is pressed to out until in is at its end, or ctx ends.
func readKeys(ctx context.Context, in io.Reader, out chan<- key) {
	buffer := make([]byte, 64)
	for ctx.Err() == nil {
		n, err := in.Read(buffer)
		for _, k := range keysOf(buffer[:n]) {
			select {
			case out <- k:
			case <-ctx.Done():
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// keysOf returns the keys in what one read has brought. An arrow and its kind are
// several bytes after an escape, and those come together: right and left go to the
// next lesson and to the one before, and all others do nothing.
func keysOf(read []byte) []key {
	if len(read) > 0 && read[0] == escape {
		switch string(read[1:]) {
		case "[C", "OC":
			return []key{'n'}
		case "[D", "OD":
			return []key{'p'}
		}
		return nil
	}
	var pressed []key
	for _, b := range read {
		pressed = append(pressed, key(b))
	}
	return pressed
}
