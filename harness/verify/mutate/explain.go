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
	change     string // as Change.String has it
	equivalent bool   // nothing changes that anybody could see; else nobody asks for it
	file       string // below the root, with slashes
	line       int    // counted from 1
}

// How a reason begins: nothing changes that a caller or a peer could see, or
// something does, but neither the standard nor the lesson asks for it.
const (
	isEquivalent = "equivalent: "
	isNotAsked   = "not asked: "
)

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
// is left, and then the reason, which begins with "equivalent: " or "not asked: ".
// A paragraph that starts with "#" is for readers.
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
				return nil, fmt.Errorf("%s:%d: an entry must have the kind of change and its place, a line with -, a line with +, "+
					"and the reason, which begins with %q or %q", e.file, e.line, isEquivalent, isNotAsked)
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
	reason := strings.Join(entry[n:], " ")
	e.equivalent = strings.HasPrefix(reason, isEquivalent)
	return n > 1 && strings.HasPrefix(entry[1], "- ") && (e.equivalent || strings.HasPrefix(reason, isNotAsked))
}

// explain sets the survivors against the entries, of which each explains one, and
// puts into r what is explained, and how, and what is not.
func (r *Report) explain(survivors []Change, entries []explanation) {
	unused := map[string]explanation{}
	for _, e := range entries {
		if first, twice := unused[e.change]; twice {
			r.Stale = append(r.Stale, first.String())
		}
		unused[e.change] = e
	}
	for _, c := range survivors {
		e, ok := unused[c.String()]
		delete(unused, c.String())
		switch {
		case !ok:
			r.Survivors = append(r.Survivors, c)
		case e.equivalent:
			r.Equivalent++
		default:
			r.NotAsked++
		}
	}
	for _, e := range entries { // in their order
		if unused[e.change] == e {
			r.Stale = append(r.Stale, e.String())
		}
	}
}
