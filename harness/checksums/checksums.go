// Package checksums knows which of the workbook's Go files in the lessons' folders,
// the tests and what is given, are as the workbook has them. Whoever runs a
// lesson's tests uses it to say that an edited one proves something else.
package checksums

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/textfile"
)

// sumsFile has the checksum of each of these files, a line each: the sum, two
// spaces, the path.
const sumsFile = "harness/checksums/tests.sum"

// Modified returns those of the workbook's Go files in the lessons' folders, as
// paths below root with slashes, that are not as the workbook has them: edited,
// or gone.
func Modified(root string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(root, sumsFile))
	if err != nil {
		return nil, fmt.Errorf("reading the checksums of the lesson tests: %w", err)
	}
	var modified []string
	for line := range strings.Lines(string(text)) {
		want, path, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if !ok {
			return nil, fmt.Errorf("%s: %q is not a checksum and a path", sumsFile, line)
		}
		got, err := sum(filepath.Join(root, path))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if got != want {
			modified = append(modified, path)
		}
	}
	return modified, nil
}

// Write records these files as they are now, as the workbook's. It is for the
// authors.
func Write(root string) error {
	text, err := current(root)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, sumsFile), text, 0o644); err != nil {
		return fmt.Errorf("writing the checksums of the lesson tests: %w", err)
	}
	return nil
}

// Check returns an error if Write would record something else than what is there.
func Check(root string) error {
	want, err := current(root)
	if err != nil {
		return err
	}
	got, err := os.ReadFile(filepath.Join(root, sumsFile))
	if err == nil && !bytes.Equal(got, want) {
		return fmt.Errorf("%s is not of the lesson tests as they are now: go run ./harness sums", sumsFile)
	}
	return err
}

// current returns what the file of checksums should hold.
func current(root string) ([]byte, error) {
	lessons, err := catalog.Find(root)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for _, lesson := range lessons {
		files, err := lesson.WorkbookFiles()
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			hash, err := sum(file)
			if errors.Is(err, fs.ErrNotExist) {
				continue // the authors' check complains of it
			}
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&text, "%s  %s\n", hash, path.Join("lessons", lesson.Name, filepath.Base(file)))
		}
	}
	return text.Bytes(), nil
}

// sum returns the checksum of the text at path. It does not tell line ends
// apart, since git may have changed these on the way.
func sum(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("checking a lesson test: %w", err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(textfile.UnixLines(text))), nil
}
