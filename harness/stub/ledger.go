package stub

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ledgerFile is where the sums of all stubs are that were ever derived, under the root. It only grows: a stub of last
// year on somebody's disk is still ours, and may be replaced.
const ledgerFile = "harness/stub/derived.sum"

// A ledger knows each stub that was ever derived, by the SHA-256 of its bytes.
type ledger struct {
	file string
	sums map[string]bool
}

// openLedger reads the ledger under root. One that does not exist yet is empty.
func openLedger(root string) (*ledger, error) {
	l := &ledger{file: filepath.Join(root, filepath.FromSlash(ledgerFile)), sums: make(map[string]bool)}
	text, err := os.ReadFile(l.file)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the sums of the stubs: %w", err)
	}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		sum, _, ok := strings.Cut(string(line), "  ")
		if !ok || len(sum) != hex.EncodedLen(sha256.Size) {
			return nil, fmt.Errorf("%s:%d: not a sum, two spaces and a path: put back the line as it was", ledgerFile, number)
		}
		l.sums[sum] = true
	}
	return l, nil
}

// has tells whether we derived this text, now or earlier.
func (l *ledger) has(text []byte) bool {
	return l.sums[sumOf(text)]
}

// add writes the sum of a stub down, once.
func (l *ledger) add(stub []byte, path string) error {
	if l.has(stub) {
		return nil
	}
	file, err := os.OpenFile(l.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("writing down a stub's sum: %w", err)
	}
	_, err = fmt.Fprintf(file, "%s  %s\n", sumOf(stub), path)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("writing down a stub's sum: %w", err)
	}
	l.sums[sumOf(stub)] = true
	return nil
}

// sumOf is the SHA-256 of a text, in hex. Line ends do not count: git may have changed them.
func sumOf(text []byte) string {
	sum := sha256.Sum256(unixLines(text))
	return hex.EncodeToString(sum[:])
}
