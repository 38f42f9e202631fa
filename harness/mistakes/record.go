package mistakes

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"
)

// A Record is a known answer to a lesson, as an edit of its solution. A mistake
// says which step catches it; a right answer has none that does.
//
// On disk it is a txtar archive. Its comment has a line for each field: title,
// symptom, source, race, not asked, base, and why, which says to its readers why an
// answer is right, or wrong; and for a mistake one or more of step, each followed by
// lines of message. Its files are pairs called "old" and "new", which replace a text that
// the solution has once, in their order; or whole files by name, which take the
// place of the solution's or stand beside them.
type Record struct {
	File    string // slash-separated, below the workbook's root
	Title   string // the cause in a few words, such as "the id comes from the clock"
	Symptom string // what a user would see of it
	Source  string // where it happened, "" if that is not on record
	Race    bool   // whether only the race detector can see it

	// NotAsked says why no test has to catch a wrong answer, such as that neither the
	// standard nor the lesson's text asks for it; "" of one that has to be caught.
	NotAsked string

	Expect []Expectation

	base  string  // the name of another record of its folder, which this one changes; "" for the solution
	on    *Record // that record
	edits []edit
	files map[string]string // whole files, by their names
}

// An Expectation is a step that is expected to catch a mistake, and what it says.
type Expectation struct {
	Step  string
	Words []string // each is in the step's message
}

// Step returns the step that is expected to catch the mistake, the first of
// several; "" if the record has none.
func (r Record) Step() string {
	if len(r.Expect) == 0 {
		return ""
	}
	return r.Expect[0].Step
}

// Fits reports whether a step that is red with this message is one that the mistake
// turns red in this way.
func (r Record) Fits(step, message string) bool {
	return slices.ContainsFunc(r.Expect, func(e Expectation) bool {
		missing := func(words string) bool { return !strings.Contains(message, words) }
		return e.Step == step && !slices.ContainsFunc(e.Words, missing)
	})
}

// parse reads the record that is in the file called name.
func parse(name string, text []byte) (Record, error) {
	archive := txtar.Parse(text)
	r := Record{File: name, files: map[string]string{}}
	number := 0
	for line := range strings.Lines(string(archive.Comment)) {
		number++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := r.setField(line); err != nil {
			return Record{}, fmt.Errorf("%s:%d: %w", name, number, err)
		}
	}
	if r.Title == "" {
		return Record{}, fmt.Errorf("%s: it has no title", name)
	}
	if err := r.setFiles(archive.Files); err != nil {
		return Record{}, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// setField takes a line of the comment.
func (r *Record) setField(line string) error {
	key, value, ok := strings.Cut(line, ": ")
	value = strings.TrimSpace(value)
	if !ok || value == "" {
		return fmt.Errorf(`%q is not a field, "name: value"`, line)
	}
	switch key {
	case "title":
		r.Title = value
	case "symptom":
		r.Symptom = value
	case "source":
		r.Source = value
	case "why": // for those who read the file
	case "base":
		r.base = value
	case "not asked":
		r.NotAsked = value
	case "race":
		r.Race = value == "only"
	case "step":
		r.Expect = append(r.Expect, Expectation{Step: value})
	case "message":
		if len(r.Expect) == 0 {
			return errors.New("the message stands before any step")
		}
		last := &r.Expect[len(r.Expect)-1]
		last.Words = append(last.Words, value)
	default:
		return fmt.Errorf("there is no field %q; there are title, symptom, source, why, race, not asked, base, step and message", key)
	}
	return nil
}

// setFiles takes the files of the archive.
func (r *Record) setFiles(files []txtar.File) error {
	for i, file := range files {
		switch {
		case file.Name == "old" && i+1 < len(files) && files[i+1].Name == "new":
			r.edits = append(r.edits, edit{string(file.Data), string(files[i+1].Data)})
		case file.Name == "new" && i > 0 && files[i-1].Name == "old":
		case filepath.Ext(file.Name) == ".go" && filepath.Base(file.Name) == file.Name:
			r.files[file.Name] = string(file.Data)
		default:
			return fmt.Errorf(`%q is neither an "old" followed by a "new" nor a Go file`, file.Name)
		}
	}
	if len(r.edits)+len(r.files) == 0 {
		return errors.New("it changes nothing")
	}
	return nil
}
