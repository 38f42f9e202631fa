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

	"example.com/sseworkbook/harness/textfile"
)

// LedgerFile is where the sums of all stubs are that were ever derived, slash-separated and under the workbook's root.
// It only grows: a stub of last year on somebody's disk is still ours, and may be replaced.
const LedgerFile = "harness/stub/derived.sum"

// IsStub tells whether text is, line ends aside, a stub of ours, now or earlier, by the text of the ledger of some
// workbook: that on disk or another version.
func IsStub(ledger, text []byte) bool {
	return bytes.Contains(ledger, []byte(sumOf(text)+"  "))
}

// sumOf is the SHA-256 of a text, in hex. Line ends do not count: git may have changed them.
func sumOf(text []byte) string {
	sum := sha256.Sum256(textfile.UnixLines(text))
	return hex.EncodeToString(sum[:])
}

// A ledger knows each stub that was ever derived.
type ledger struct {
	file string
	text []byte
}

// openLedger reads the ledger under root. One that does not exist yet is empty.
func openLedger(root string) (*ledger, error) {
	l := &ledger{file: filepath.Join(root, filepath.FromSlash(LedgerFile))}
	text, err := os.ReadFile(l.file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the sums of the stubs: %w", err)
	}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if sum, _, ok := bytes.Cut(line, []byte("  ")); !ok || len(sum) != hex.EncodedLen(sha256.Size) {
			return nil, fmt.Errorf("%s:%d: not a sum, two spaces and a path: put back the line as it was", LedgerFile, number)
		}
	}
	l.text = text
	return l, nil
}

// has tells whether we derived this text, now or earlier.
func (l *ledger) has(text []byte) bool { return IsStub(l.text, text) }

// add writes the sums of files down that are not there yet.
func (l *ledger) add(files []file) error {
	var lines []byte
	for _, f := range files {
		if !l.has(f.text) {
			lines = fmt.Appendf(lines, "%s  %s\n", sumOf(f.text), f)
		}
	}
	if lines == nil {
		return nil
	}
	out, err := os.OpenFile(l.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("writing down a stub's sum: %w", err)
	}
	_, err = out.Write(lines)
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("writing down a stub's sum: %w", err)
	}
	l.text = append(l.text, lines...)
	return nil
}
