package mutate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"example.com/sseworkbook/harness/catalog"
)

// explanationsDir holds, in a file for each lesson, the changes that its tests
// do not see, and why none can or should.
const explanationsDir = "harness/verify/mutate/equivalent"

// An explanation says why the tests do not see one change.
type explanation struct {
	change string // as Change.String has it
	file   string // below the root, with slashes
	line   int    // counted from 1
}

func (e explanation) String() string { return fmt.Sprintf("%s:%d: %s", e.file, e.line, e.change) }

// explanations reads those of a lesson, of which there may be none.
func explanations(root string, lesson catalog.Lesson) ([]explanation, error) {
	file := explanationsDir + "/" + lesson.Name + ".txt"
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading why changes are not seen: %w", err)
	}
	return parse(file, string(text))
}

// parse reads the entries of a file. An entry is a paragraph: the kind of change
// and where, the line after "- ", what becomes of it after "+ ", unless nothing
// is left, and then the reason. A paragraph that starts with "#" is for readers.
func parse(file, text string) ([]explanation, error) {
	var all []explanation
	var entry []string
	for i, line := range append(strings.Split(text, "\n"), "") {
		if line = strings.TrimSpace(line); line != "" {
			entry = append(entry, line)
			continue
		}
		if len(entry) > 0 && !strings.HasPrefix(entry[0], "#") {
			e := explanation{file: file, line: i - len(entry) + 1}
			if !e.read(entry) {
				return nil, fmt.Errorf("%s:%d: an entry is the kind of change and where it is, a line with - and one with +, and the reason", e.file, e.line)
			}
			all = append(all, e)
		}
		entry = nil
	}
	return all, nil
}

// read reads an entry, and reports whether it is whole.
func (e *explanation) read(entry []string) (whole bool) {
	n := 1
	for _, mark := range []string{"- ", "+ "} {
		if n < len(entry) && strings.HasPrefix(entry[n], mark) {
			n++
		}
	}
	e.change = strings.Join(entry[:n], "\n")
	return n > 1 && strings.HasPrefix(entry[1], "- ") && n < len(entry)
}

// explain takes those changes away that are explained, each by an entry of its
// own, and returns how many these are, and the entries that explain nothing.
func explain(survivors []Change, entries []explanation) (rest []Change, explained int, stale []explanation) {
	unused := map[string]explanation{}
	for _, e := range entries {
		if first, twice := unused[e.change]; twice {
			stale = append(stale, first)
		}
		unused[e.change] = e
	}
	for _, c := range survivors {
		if _, ok := unused[c.String()]; ok {
			delete(unused, c.String())
			explained++
		} else {
			rest = append(rest, c)
		}
	}
	for _, e := range entries { // in their order
		if unused[e.change] == e {
			stale = append(stale, e)
		}
	}
	return rest, explained, stale
}
