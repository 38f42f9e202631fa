package structure

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"example.com/sseworkbook/harness/catalog"
)

// Files returns the paths of files in a lesson's folder that are none of its text,
// its stub, what it gives and its tests; and of those of its files that are not
// there. A learner may have either.
func Files(lesson catalog.Lesson) (strays, missing []string, err error) {
	entries, err := os.ReadDir(lesson.Dir)
	if err != nil {
		return nil, nil, fmt.Errorf("reading a lesson's folder: %w", err)
	}
	belong, err := lesson.WorkbookFiles()
	if err != nil {
		return nil, nil, err
	}
	belong = append(belong, lesson.File(), lesson.Readme())
	for _, entry := range entries {
		if file := filepath.Join(lesson.Dir, entry.Name()); !slices.Contains(belong, file) {
			strays = append(strays, file)
		}
	}
	for _, file := range belong {
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, file)
		}
	}
	return strays, missing, nil
}
