package mistakes

import (
	"errors"
	"fmt"
	"maps"
	"strings"
)

// An edit replaces one text by another.
type edit struct{ old, new string }

// Apply returns the solution's files, by their names, with the record's changes
// made to them. It leaves solution as it is. It returns an error if an edit does
// not fit the solution, as when that has changed.
func (r Record) Apply(solution map[string]string) (map[string]string, error) {
	texts := maps.Clone(solution)
	if r.on != nil {
		var err error
		if texts, err = r.on.Apply(solution); err != nil {
			return nil, fmt.Errorf("%s: %w", r.on.File, err)
		}
	}
	for i, e := range r.edits {
		file, err := e.find(texts)
		if err != nil {
			return nil, fmt.Errorf("edit %d: %w", i+1, err)
		}
		texts[file] = strings.Replace(texts[file], e.old, e.new, 1)
	}
	maps.Copy(texts, r.files)
	return texts, nil
}

// StandsOn reports whether the file is the record's own, or that of one that it changes.
func (r Record) StandsOn(file string) bool {
	return r.File == file || r.on != nil && r.on.StandsOn(file)
}

// find returns the name of the one file in which the edit's old text is.
func (e edit) find(texts map[string]string) (file string, err error) {
	if e.old == "" {
		return "", errors.New("its old text is empty")
	}
	count := 0
	for name, text := range texts {
		if n := strings.Count(text, e.old); n > 0 {
			file, count = name, count+n
		}
	}
	first, _, _ := strings.Cut(e.old, "\n")
	switch count {
	case 0:
		return "", fmt.Errorf("the solution has no such text any more, which begins with %q", first)
	case 1:
		return file, nil
	}
	return "", fmt.Errorf("the solution has the text %d times, which begins with %q: take more lines", count, first)
}

// In reports whether code has the mistake as it is on record, word for word: all lines
// that the record puts into the solution, and none that it takes out. Of a record that
// puts nothing new in, nobody can say.
func (r Record) In(code, solution string) bool {
	has, right := lines(code), lines(solution)
	new := false
	for _, e := range r.edits {
		before, after := lines(e.old), lines(e.new)
		for line := range after {
			if !before[line] && !has[line] {
				return false
			}
			new = new || !right[line]
		}
		for line := range before {
			if !after[line] && has[line] {
				return false
			}
		}
	}
	return new
}

// lines returns the lines of code that say something, without margins and comments.
func lines(code string) map[string]bool {
	all := map[string]bool{}
	for line := range strings.Lines(code) {
		line, _, _ = strings.Cut(line, "//")
		if line = strings.TrimSpace(line); strings.Trim(line, "{}()") != "" {
			all[line] = true
		}
	}
	return all
}
