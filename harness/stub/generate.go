package stub

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A Target is one lesson whose stub is derived. Its files are slash-separated paths under the workbook's root.
type Target struct {
	Name          string // the lesson's folder, such as 01-framing
	SolutionFile  string
	StubFile      string
	SolutionGiven string   // what the lesson gives, beside the solution; "" if it gives nothing
	GivenFile     string   // where its copy belongs, beside the stub; "" likewise
	Tests         []string // the workbook's tests beside the stub
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

// generate writes one stub and the copy of what is given, if that harms nobody.
func generate(root string, target Target, known *ledger, log io.Writer) error {
	stub, given, err := derive(root, target)
	if err != nil {
		return err
	}
	if err := target.add(known, stub, given); err != nil {
		return err
	}
	if err := target.writeGiven(root, given, known, log); err != nil {
		return err
	}
	file := filepath.Join(root, filepath.FromSlash(target.StubFile))
	if present, err := os.ReadFile(file); err == nil && bytes.Equal(unixLines(present), stub) {
		return nil
	}
	why, err := target.obstacle(root, known)
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

// add writes down what is derived of the target now.
func (t Target) add(known *ledger, stub, given []byte) error {
	err := known.add(stub, t.StubFile)
	if err == nil && t.GivenFile != "" {
		err = known.add(given, t.GivenFile)
	}
	return err
}

// writeGiven writes the copy of what is given, unless somebody has edited it.
func (t Target) writeGiven(root string, given []byte, known *ledger, log io.Writer) error {
	if t.GivenFile == "" {
		return nil
	}
	file := filepath.Join(root, filepath.FromSlash(t.GivenFile))
	present, err := os.ReadFile(file)
	switch {
	case err == nil && bytes.Equal(unixLines(present), given):
		return nil
	case err == nil && !known.has(present):
		fmt.Fprintf(log, "%s: left as it is, it was edited; go run ./harness reset brings the workbook's back\n", t.GivenFile)
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("looking at what is given: %w", err)
	}
	if err := write(file, given); err != nil {
		return err
	}
	fmt.Fprintf(log, "%s: written\n", t.GivenFile)
	return nil
}

// obstacle tells why a stub may not be written, which is that it would harm a learner's work; where it may, it is
// empty.
func (t Target) obstacle(root string, known *ledger) (string, error) {
	present, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(t.StubFile)))
	switch {
	case err == nil && known.has(present):
		return "", nil
	case err == nil:
		return "left as it is, it has your work in it", nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("looking at the stub: %w", err)
	}
	others, err := t.learnersFiles(root)
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

// checkTarget tells whether one stub, or the copy of what is given, has to be generated again.
func checkTarget(root string, target Target, known *ledger) error {
	stub, given, err := derive(root, target)
	if err != nil {
		return err
	}
	if err := checkDerived(root, target.SolutionFile, target.StubFile, stub, known); err != nil || target.GivenFile == "" {
		return err
	}
	return checkDerived(root, target.SolutionGiven, target.GivenFile, given, known)
}

// checkDerived tells whether one file has to be generated again, which is to hold this text.
func checkDerived(root, from, file string, text []byte, known *ledger) error {
	if !known.has(text) {
		return fmt.Errorf("%s has changed, and its stub is not in %s: run go generate", from, ledgerFile)
	}
	present, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking at the stub: %w", err)
	}
	if known.has(present) && !bytes.Equal(unixLines(present), text) {
		return fmt.Errorf("%s is an earlier stub of %s: run go generate", file, from)
	}
	return nil
}

// derive derives the stub of a target from the file of its solution, and reads what is given; nil if nothing is.
func derive(root string, target Target) (stub, given []byte, err error) {
	solution, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(target.SolutionFile)))
	if err != nil {
		return nil, nil, fmt.Errorf("reading the solution of %s: %w", target.Name, err)
	}
	if target.SolutionGiven != "" {
		given, err = os.ReadFile(filepath.Join(root, filepath.FromSlash(target.SolutionGiven)))
		if err != nil {
			return nil, nil, fmt.Errorf("reading what %s gives: %w", target.Name, err)
		}
		given = unixLines(given)
	}
	stub, err = Derive(target.SolutionFile, solution, given)
	return stub, given, err
}

// learnersFiles are the Go files beside a stub that are not the workbook's, which are the stub, what is given, and the
// tests.
func (t Target) learnersFiles(root string) ([]string, error) {
	folder := filepath.Join(root, filepath.FromSlash(path.Dir(t.StubFile)))
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking for your files: %w", err)
	}
	ours := append([]string{t.StubFile, t.GivenFile}, t.Tests...)
	var files []string
	for _, entry := range entries {
		if isGoFile(entry) && !slices.Contains(ours, path.Join(path.Dir(t.StubFile), entry.Name())) {
			files = append(files, filepath.Join(folder, entry.Name()))
		}
	}
	return files, nil
}

// edited are the paths of the files in which there may be a learner's work: the stub, what is given, and all others that
// are not the workbook's.
func (t Target) edited(root string) (files, others []string, err error) {
	others, err = t.learnersFiles(root)
	files = []string{filepath.Join(root, filepath.FromSlash(t.StubFile))}
	if t.GivenFile != "" {
		files = append(files, filepath.Join(root, filepath.FromSlash(t.GivenFile)))
	}
	return append(files, others...), others, err
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
