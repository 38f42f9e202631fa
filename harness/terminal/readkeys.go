package terminal

import (
	"context"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"
)

// A key is what was pressed: a letter, a control code, or one of the keys below.
type key rune

// Keys that are no letters. In a terminal that hands over each key, Ctrl-C is one
// of them.
const (
	ctrlC  = 0x03
	ctrlD  = 0x04
	enter  = '\r'
	ctrlZ  = 0x1a
	escape = 0x1b

	up key = -1 - iota
	down
	left
	right
	pageUp
	pageDown
)

// sequences are the keys for which a terminal sends more than one byte, by the end of
// what it sends.
var sequences = map[string]key{"A": up, "B": down, "C": right, "D": left, "5~": pageUp, "6~": pageDown}

// name is what is written for a key.
func (k key) name() string {
	switch k {
	case up:
		return "↑"
	case down:
		return "↓"
	case left:
		return "←"
	case right:
		return "→"
	case escape:
		return "Esc"
	case ctrlZ:
		return "^Z"
	}
	return string(rune(k))
}

// readKeys reads what is pressed, and no more of it before the channel again is sent
// to: another program may have the keyboard meanwhile. The channel pressed is closed
// when in is at its end. The function ends the reading, as far as in lets it: a
// terminal that is read stays so until the next key is pressed, or the process ends.
func readKeys(ctx context.Context, in io.Reader) (pressed <-chan []key, again chan<- struct{}, end func()) {
	ctx, cancel := context.WithCancel(ctx)
	out, more := make(chan []key), make(chan struct{}, 1)
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(out)
		buffer := make([]byte, 64)
		for {
			n, err := in.Read(buffer)
			if err != nil {
				return
			}
			select {
			case out <- keysOf(buffer[:n]):
			case <-ctx.Done():
				return
			}
			select {
			case <-more:
			case <-ctx.Done():
				return
			}
		}
	})
	return out, more, func() {
		cancel()
		limited, ok := in.(interface{ SetReadDeadline(time.Time) error })
		if ok && limited.SetReadDeadline(time.Now()) == nil {
			reader.Wait()
		}
	}
}

// sequence is what a terminal sends for a key that is no letter.
var sequence = regexp.MustCompile("^\x1b[\\[O][0-?]*[ -/]*[@-~]")

// keysOf returns the keys in what one read has brought. Of the keys that are no
// letters, those that have no meaning here are left out.
func keysOf(read []byte) []key {
	var pressed []key
	for len(read) > 0 {
		one := sequence.Find(read)
		if one == nil {
			pressed, read = append(pressed, key(read[0])), read[1:]
			continue
		}
		read = read[len(one):]
		for end, k := range sequences {
			if strings.HasSuffix(string(one), end) {
				pressed = append(pressed, k)
			}
		}
	}
	return pressed
}
