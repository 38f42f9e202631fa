package terminal

import (
	"context"
	"io"
	"regexp"
	"sync"
	"time"
)

// A key is what was pressed, as a terminal sends it.
type key byte

// Keys that are no letters. In a terminal that hands over each key, Ctrl-C is one
// of them.
const (
	ctrlC = 0x03
	ctrlD = 0x04
	enter = '\r'
)

// readKeys reads what is pressed. The channel is closed when in is at its end. The
// function ends the reading, as far as in lets it: a terminal that is read stays so
// until the next key is pressed, or the process ends.
func readKeys(ctx context.Context, in io.Reader) (pressed <-chan key, end func()) {
	ctx, cancel := context.WithCancel(ctx)
	out := make(chan key)
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(out)
		buffer := make([]byte, 64)
		for {
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
	})
	return out, func() {
		cancel()
		limited, ok := in.(interface{ SetReadDeadline(time.Time) error })
		if ok && limited.SetReadDeadline(time.Now()) == nil {
			reader.Wait()
		}
	}
}

// sequence is what a terminal sends for a key that is no letter: an arrow and its
// kind, or an escape alone.
var sequence = regexp.MustCompile("^\x1b([\\[O][0-?]*[ -/]*[@-~])?")

// keysOf returns the keys in what one read has brought. The arrows to the right and
// to the left go to the next lesson and to the one before; others do nothing. Ctrl-C
// and Ctrl-D quit.
func keysOf(read []byte) []key {
	var pressed []key
	for len(read) > 0 {
		n := max(len(sequence.Find(read)), 1)
		switch last := read[n-1]; {
		case n > 1 && last == 'C':
			pressed = append(pressed, 'n')
		case n > 1 && last == 'D':
			pressed = append(pressed, 'p')
		case read[0] == '\x1b': // another one that is no letter
		case last == ctrlC, last == ctrlD:
			pressed = append(pressed, 'q')
		default:
			pressed = append(pressed, key(last))
		}
		read = read[n:]
	}
	return pressed
}
