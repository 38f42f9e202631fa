package stub

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Reset starts a lesson anew: its stub and what it gives are in their places again, and the learner's other Go files
// are out of the way.
// Each file that the learner wrote is kept first, beside where it was, under a name that the go command does not
// read, such as framing.go.orig-20261124-1530; no earlier copy is ever overwritten. Reset returns the copies' paths,
// slash-separated and under root; there is none when there was nothing to keep.
//
// After an error nothing is lost: what is not in its place is in a copy.
func Reset(root string, target Target) (kept []string, err error) {
	return reset(root, target, time.Now())
}

// reset is Reset at a moment of one's choice.
func reset(root string, target Target, now time.Time) (kept []string, err error) {
	stub, given, err := derive(root, target)
	if err != nil {
		return nil, err
	}
	known, err := openLedger(root)
	if err != nil {
		return nil, err
	}
	if err := target.add(known, stub, given); err != nil {
		return nil, err
	}
	files, others, err := target.edited(root)
	if err != nil {
		return nil, err
	}
	for _, learners := range files {
		copied, err := keep(learners, known, now)
		if err != nil {
			return kept, err
		}
		if copied == "" {
			continue
		}
		if path, err := filepath.Rel(root, copied); err == nil {
			copied = filepath.ToSlash(path)
		}
		kept = append(kept, copied)
	}
	for _, other := range others {
		if err := os.Remove(other); err != nil {
			return kept, fmt.Errorf("clearing the lesson: %w", err)
		}
	}
	return kept, target.restore(root, stub, given)
}

// restore puts the stub and what is given in their places.
func (t Target) restore(root string, stub, given []byte) error {
	if t.GivenFile != "" {
		if err := replace(filepath.Join(root, filepath.FromSlash(t.GivenFile)), given); err != nil {
			return err
		}
	}
	return replace(filepath.Join(root, filepath.FromSlash(t.StubFile)), stub)
}

// replace writes a text to a file that does not hold it yet.
func replace(file string, text []byte) error {
	if present, err := os.ReadFile(file); err == nil && bytes.Equal(unixLines(present), text) {
		return nil
	}
	return write(file, text)
}

// Written returns the files that Reset would keep: what the learner has written, as slash-separated paths under root.
// There is none when nothing was written, or when it is gone.
func Written(root string, target Target) ([]string, error) {
	known, err := openLedger(root)
	if err != nil {
		return nil, err
	}
	files, _, err := target.edited(root)
	if err != nil {
		return nil, err
	}
	var written []string
	for _, learners := range files {
		text, err := os.ReadFile(learners)
		switch {
		case errors.Is(err, fs.ErrNotExist) || err == nil && known.has(text):
			continue
		case err != nil:
			return nil, fmt.Errorf("looking at your work: %w", err)
		}
		if path, err := filepath.Rel(root, learners); err == nil {
			learners = filepath.ToSlash(path)
		}
		written = append(written, learners)
	}
	return written, nil
}

// keep copies a file that is not a stub of ours, and returns the copy's path.
func keep(file string, known *ledger, now time.Time) (string, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) || err == nil && known.has(text) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("keeping your work: %w", err)
	}
	first := file + ".orig-" + now.Format("20060102-1504")
	name := first
	for n := 2; ; n++ {
		err := create(name, text)
		if err == nil {
			return name, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("keeping your work: %w", err)
		}
		name = fmt.Sprintf("%s-%d", first, n)
	}
}

// create writes a file that must not exist yet.
func create(name string, text []byte) error {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}
