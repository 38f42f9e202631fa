package verify

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"example.com/sseworkbook/harness/catalog"
)

// Records are where the known answers are, a folder for each lesson: below the
// workbook's root.
const (
	mistakesDir     = "harness/verify/mistakes"
	alternativesDir = "harness/verify/alternatives"
)

// A Record is a known answer to a lesson, as an edit of its solution. A mistake
// says which step catches it; an alternative is right, and no step may.
//
// On disk it is a txtar archive. Its comment has a line for each field: title,
// symptom, source, why, race; and for a mistake one or more of step, each
// followed by lines of message. Its files are pairs called "old" and "new", which
// replace a text that the solution has once, in their order; or whole files by
// name, which take the place of the solution's or stand beside them.
type Record struct {
	File    string // slash-separated, below the workbook's root
	Title   string // the cause in a few words, such as "the id comes from the clock"
	Symptom string // what a user would see of it
	Source  string // where it happened, "" if that is not on record
	Why     string // of an alternative, why it is right
	Race    bool   // whether only the race detector can see it
	Catches []Catch

	edits []edit
	files map[string]string
}

// A Catch is a step that catches a mistake, and what it says.
type Catch struct {
	Step  string
	Words []string // each is in the step's message
}

// An edit replaces one text by another.
type edit struct{ old, new string }

// Mistakes returns the mistakes on record for the lesson in the workbook at
// root, in the order of their file names.
func Mistakes(root string, lesson catalog.Lesson) ([]Record, error) {
	return readRecords(root, mistakesDir, lesson)
}

// readRecords reads all records of the lesson in dir. The errors of all come
// joined.
func readRecords(root, dir string, lesson catalog.Lesson) ([]Record, error) {
	files, err := filepath.Glob(filepath.Join(root, dir, lesson.Name, "*.txtar"))
	if err != nil {
		return nil, err
	}
	var records []Record
	var errs []error
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading a record: %w", err)
		}
		name := dir + "/" + lesson.Name + "/" + filepath.Base(file)
		record, err := parseRecord(name, unixLines(text))
		records, errs = append(records, record), append(errs, err)
	}
	return records, errors.Join(errs...)
}

// parseRecord reads the record that is in the file called name.
func parseRecord(name string, text []byte) (Record, error) {
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
	case "why":
		r.Why = value
	case "race":
		r.Race = value == "only"
	case "step":
		r.Catches = append(r.Catches, Catch{Step: value})
	case "message":
		if len(r.Catches) == 0 {
			return fmt.Errorf("the message stands before any step")
		}
		last := &r.Catches[len(r.Catches)-1]
		last.Words = append(last.Words, value)
	default:
		return fmt.Errorf("there is no field %q; there are title, symptom, source, why, race, step and message", key)
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
		return fmt.Errorf("it changes nothing")
	}
	return nil
}

// apply returns the solution's files with the record's changes made to them.
func (r Record) apply(solution map[string]string) (map[string]string, error) {
	texts := maps.Clone(solution)
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

// find returns the name of the one file in which the edit's old text is.
func (e edit) find(texts map[string]string) (file string, err error) {
	count := 0
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if n := strings.Count(texts[name], e.old); n > 0 {
			file, count = name, count+n
		}
	}
	first, _, _ := strings.Cut(e.old, "\n")
	switch {
	case e.old == "":
		return "", fmt.Errorf("its old text is empty")
	case count == 0:
		return "", fmt.Errorf("the solution has no such text any more, which begins with %q", first)
	case count > 1:
		return "", fmt.Errorf("the solution has the text %d times, which begins with %q: take more lines", count, first)
	}
	return file, nil
}

// solutionTexts returns the solution's files by their names.
func solutionTexts(lesson catalog.Lesson) (map[string]string, error) {
	files, err := lesson.SolutionFiles()
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading a solution: %w", err)
		}
		texts[filepath.Base(file)] = string(unixLines(text))
	}
	return texts, nil
}
