// Package textfile has what the harness needs where it meets text files that a
// learner, their editor or git may have changed: line ends of either kind, and
// backups that overwrite nothing.
package textfile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"time"
)

// UnixLines returns text with each CRLF, as git and editors on Windows write it,
// made a line feed. It does not change the bytes of text.
func UnixLines(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

// Create writes a file that must not exist yet; if it does, the error is
// [io/fs.ErrExist] and the file stays as it is. The text is on the disk when
// Create returns nil.
func Create(name string, text []byte) error {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}

// BackupName returns the name for the nth backup, from 1, that is made of a file
// in one minute: framing.go.orig-20261124-1530, framing.go.orig-20261124-1530-2.
// The go command does not read files of such names.
func BackupName(name string, now time.Time, n int) string {
	name += ".orig-" + now.Format("20060102-1504")
	if n > 1 {
		name = fmt.Sprintf("%s-%d", name, n)
	}
	return name
}

// IsBackup tells whether a name is one that [BackupName] gives.
func IsBackup(name string) bool { return backup.MatchString(name) }

var backup = regexp.MustCompile(`\.orig-\d{8}-\d{4}(-\d+)?$`)
