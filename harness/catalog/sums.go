package catalog

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// sumsFile holds the checksum of each of the workbook's Go files in the lessons'
// folders, the tests and what is given, as the workbook has it, a line each: the
// sum, two spaces, the path.
const sumsFile = "harness/catalog/tests.sum"

// Edited returns those of the workbook's Go files in the lessons' folders, as
// paths below root with slashes, that are not as the workbook has them: edited,
// or gone. These are the tests and what is given. Where one was edited, a run of
// the lesson's tests proves something else.
func Edited(root string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(root, sumsFile))
	if err != nil {
		return nil, fmt.Errorf("reading the checksums of the lesson tests: %w", err)
	}
	var edited []string
	for line := range strings.Lines(string(text)) {
		want, path, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if !ok {
			return nil, fmt.Errorf("%s: %q is not a checksum and a path", sumsFile, line)
		}
		got, err := sum(filepath.Join(root, path))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("checking a lesson test: %w", err)
		}
		if got != want {
			edited = append(edited, path)
		}
	}
	return edited, nil
}

// WriteSums records these files as they are now. It is for the
// authors: what it records is what Edited compares with.
func WriteSums(root string) error {
	text, err := sums(root)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, sumsFile), text, 0o644); err != nil {
		return fmt.Errorf("writing the checksums of the lesson tests: %w", err)
	}
	return nil
}

// sums returns what the file of checksums should hold.
func sums(root string) ([]byte, error) {
	lessons, err := Find(root)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for _, lesson := range lessons {
		files, err := lesson.workbooks()
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			hash, err := sum(file)
			if errors.Is(err, fs.ErrNotExist) {
				continue // Check complains of it
			}
			if err != nil {
				return nil, fmt.Errorf("checking a lesson test: %w", err)
			}
			fmt.Fprintf(&text, "%s  %s\n", hash, slashed(root, file))
		}
	}
	return text.Bytes(), nil
}

// sum returns the checksum of the text at path. It does not tell line ends
// apart, since git may have changed these on the way.
func sum(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	return fmt.Sprintf("%x", sha256.Sum256(text)), nil
}
