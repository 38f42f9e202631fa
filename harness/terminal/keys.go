package terminal

import (
	"context"
	"io"
	"regexp"
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

// sequence is what a terminal sends for a key that is no letter: an arrow and its
// kind, or an escape alone.
var sequence = regexp.MustCompile("^\x1b([\\[O][0-?]*[ -/]*[@-~])?")

// keysOf returns the keys in what one read has brought. The arrows to the right and
// to the left go to the next lesson and to the one before; others do nothing.
func keysOf(read []byte) []key {
	var pressed []key
	for len(read) > 0 {
		found := sequence.Find(read)
		if found == nil {
			pressed = append(pressed, key(read[0]))
			read = read[1:]
			continue
		}
		switch found[len(found)-1] {
		case 'C':
			pressed = append(pressed, 'n')
		case 'D':
			pressed = append(pressed, 'p')
		}
		read = read[len(found):]
	}
	return pressed
}
