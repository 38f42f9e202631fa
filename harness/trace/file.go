package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A File is the file that a trace is to be written to. Until it is, whatever is
// there stays as it is.
type File struct {
	path string
	temp *os.File // beside it
}

// Create returns the file at path, and makes sure that it can be written. What is
// there already has to be a trace, unless force is set.
func Create(path string, force bool) (*File, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("the trace cannot be written: %w", err)
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder; -trace takes the name of a file, such as trace.html", path)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file, so a trace cannot replace it", path)
	case !force && info.Size() > 0 && !isTrace(path):
		return nil, fmt.Errorf("%s exists and is not a trace; -force overwrites it", path)
	}
	target := path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		target = real
	}
	temp, err := os.CreateTemp(filepath.Dir(target), ".trace-*.html")
	if err != nil {
		return nil, fmt.Errorf("the trace cannot be written to %s: %w", path, reason(err))
	}
	return &File{path: target, temp: temp}, nil
}

// reason returns an error without the name of a file that nobody has asked for.
func reason(err error) error {
	if wrapped, ok := errors.AsType[*fs.PathError](err); ok {
		return wrapped.Err
	}
	return err
}

// isTrace reports whether the file at path is one of ours.
func isTrace(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	head := make([]byte, 300)
	n, _ := io.ReadFull(file, head)
	return bytes.Contains(head[:n], []byte(mark))
}

// Write writes a [Run] or a [Page], and puts the file in its place.
func (f *File) Write(page interface{ Write(w io.Writer) error }) error {
	err := page.Write(f.temp)
	err = errors.Join(err, f.temp.Chmod(0o644), f.temp.Close())
	if err == nil {
		err = os.Rename(f.temp.Name(), f.path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", f.path, err)
	}
	return nil
}

// Discard clears away what Write has not put in its place. After Write it does
// nothing.
func (f *File) Discard() {
	f.temp.Close()
	os.Remove(f.temp.Name())
}
