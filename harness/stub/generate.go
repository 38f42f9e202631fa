package stub

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Target is one lesson whose stub is derived. Its files are slash-separated paths under the workbook's root.
type Target struct {
	Name         string // the lesson's folder, such as 01-framing
	SolutionFile string
	StubFile     string
}

// Generate derives the stub of each target and writes those that differ from what is there. It writes only where
// nothing is yet, or where the file is byte for byte a stub that we derived, now or earlier. What a learner has
// written is left as it is, and log says so, one line a file.
//
// The errors of all targets come back joined; one target's error does not hold up the others.
func Generate(root string, targets []Target, log io.Writer) error {
	known, err := openLedger(root)
	if err != nil {
		return err
	}
	var errs []error
	for _, target := range targets {
		errs = append(errs, generate(root, target, known, log))
	}
	return errors.Join(errs...)
}

// generate writes one stub, if that harms nobody.
func generate(root string, target Target, known *ledger, log io.Writer) error {
	stub, err := derive(root, target)
	if err != nil {
		return err
	}
	if err := known.add(stub, target.StubFile); err != nil {
		return err
	}
	file := filepath.Join(root, filepath.FromSlash(target.StubFile))
	if present, err := os.ReadFile(file); err == nil && bytes.Equal(unixLines(present), stub) {
		return nil
	}
	why, err := obstacle(file, known)
	if err != nil {
		return err
	}
	if why != "" {
		fmt.Fprintf(log, "%s: %s\n", target.StubFile, why)
		return nil
	}
	if err := write(file, stub); err != nil {
		return err
	}
	fmt.Fprintf(log, "%s: written\n", target.StubFile)
	return nil
}

// obstacle tells why a stub may not be written, which is that it would harm a learner's work; where it may, it is
// empty.
func obstacle(file string, known *ledger) (string, error) {
	present, err := os.ReadFile(file)
	switch {
	case err == nil && known.has(present):
		return "", nil
	case err == nil:
		return "left as it is, it has your work in it", nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("looking at the stub: %w", err)
	}
	others, err := learnersFiles(file)
	if err != nil || len(others) == 0 {
		return "", err
	}
	return "left away, since the folder has " + filepath.Base(others[0]), nil
}

// Check tells which stubs have to be generated again: the file is a stub that we derived, but its solution has
// changed since, or nobody has written down what is derived from the solution now. A learner's file is no error,
// whatever is in it, and neither is one that is not there.
func Check(root string, targets []Target) []error {
	known, err := openLedger(root)
	if err != nil {
		return []error{err}
	}
	var errs []error
	for _, target := range targets {
		if err := checkTarget(root, target, known); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// checkTarget tells whether one stub has to be generated again.
func checkTarget(root string, target Target, known *ledger) error {
	stub, err := derive(root, target)
	if err != nil {
		return err
	}
	if !known.has(stub) {
		return fmt.Errorf("%s has changed, and its stub is not in %s: run go generate", target.SolutionFile, ledgerFile)
	}
	present, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(target.StubFile)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking at the stub: %w", err)
	}
	if known.has(present) && !bytes.Equal(unixLines(present), stub) {
		return fmt.Errorf("%s is an earlier stub of %s: run go generate", target.StubFile, target.SolutionFile)
	}
	return nil
}

// derive derives the stub of a target from the file of its solution.
func derive(root string, target Target) ([]byte, error) {
	solution, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(target.SolutionFile)))
	if err != nil {
		return nil, fmt.Errorf("reading the solution of %s: %w", target.Name, err)
	}
	return Derive(target.SolutionFile, solution)
}

// learnersFiles are the Go files beside a stub that are not the workbook's, which are the stub and its test.
func learnersFiles(stubFile string) ([]string, error) {
	folder, name := filepath.Split(stubFile)
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking for your files: %w", err)
	}
	ours := []string{name, strings.TrimSuffix(name, ".go") + "_test.go"}
	var files []string
	for _, entry := range entries {
		if isGoFile(entry) && !slices.Contains(ours, entry.Name()) {
			files = append(files, filepath.Join(folder, entry.Name()))
		}
	}
	return files, nil
}

// isGoFile tells whether the go command reads a file: not when it begins with a dot, as editors' locks do, or with _.
func isGoFile(entry fs.DirEntry) bool {
	name := entry.Name()
	return filepath.Ext(name) == ".go" && !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "_") && !entry.IsDir()
}

// write puts a stub in its place.
func write(file string, stub []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("writing the stub: %w", err)
	}
	if err := os.WriteFile(file, stub, 0o644); err != nil {
		return fmt.Errorf("writing the stub: %w", err)
	}
	return nil
}
