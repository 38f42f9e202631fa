package update

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/stub"
)

// A room is the learner's folder, beside the states of the workbook that an update has to do with.
type room struct {
	root                              string
	base, head, target, broken, index tree
	ledger                            []byte // the sums of all stubs that the workbook has derived
	had                               map[string]thing
}

// A thing is what the learner has at a path.
type thing struct {
	mode fs.FileMode
	text []byte // of a file, or where a link leads; nil is nothing at all
}

// file tells whether it is a file, or a link.
func (t thing) file() bool { return t.text != nil }

// there tells whether there is anything.
func (t thing) there() bool { return t.file() || t.mode.IsDir() }

// at looks at what the learner has at a path, once.
func (r *room) at(path string) (thing, error) {
	if t, ok := r.had[path]; ok {
		return t, nil
	}
	t, err := look(filepath.Join(r.root, filepath.FromSlash(path)))
	if err != nil {
		return thing{}, fmt.Errorf("looking at your files: %w", err)
	}
	r.had[path] = t
	return t, nil
}

// look reads what is at a place of the disk: what is not there is the zero thing.
func look(name string) (thing, error) {
	info, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || err != nil && !isFolder(filepath.Dir(name)) {
		return thing{}, nil
	}
	if err != nil {
		return thing{}, err
	}
	t := thing{mode: info.Mode()}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		to, err := os.Readlink(name)
		t.text = []byte(to)
		return t, err
	case info.Mode().IsRegular():
		text, err := os.ReadFile(name)
		t.text = append([]byte{}, text...)
		return t, err
	case info.IsDir():
		return t, nil
	}
	return thing{}, fmt.Errorf("%s is neither a file nor a folder: move it away first", name)
}

// noLinks refuses where one of the workbook's folders is a link: what lies behind it may be anywhere, and is not to be
// written to.
func (r *room) noLinks() error {
	seen := make(map[string]bool)
	for file := range r.paths() {
		for folder := path.Dir(file); folder != "." && !seen[folder]; folder = path.Dir(folder) {
			seen[folder] = true
			info, err := os.Lstat(filepath.Join(r.root, filepath.FromSlash(folder)))
			if err == nil && info.Mode()&fs.ModeSymlink != 0 {
				return fmt.Errorf("%s is a link, and update does not write through links: put the folder itself there first", folder)
			}
		}
	}
	return nil
}

// isFolder tells whether a folder is at a place of the disk, and no link to one.
func isFolder(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && info.IsDir()
}

// paths are all paths at which the workbook has, or had, a file, each with true.
func (r *room) paths() map[string]bool {
	all := make(map[string]bool)
	for _, state := range []tree{r.base, r.target, r.broken} {
		for path := range state {
			all[path] = true
		}
	}
	return all
}

// ours tells whether the text at a path is the workbook's own, in the state that the learner has, in the newer one, or
// in one that an interrupted update has brought; or else whether it is any stub of ours where an answer belongs.
func (r *room) ours(path string, text []byte) bool {
	return r.base[path].is(text) || r.target[path].is(text) || r.broken[path].is(text) ||
		isAnswer(path) && stub.IsStub(r.ledger, text)
}

// isAnswer tells whether a file is one in which a learner writes: Go code in a lesson's folder that is neither a test nor
// what the lesson gives.
func isAnswer(path string) bool {
	return lessonOf(path) != "" && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && !isGiven(path)
}

// isGiven tells whether a file is what a lesson gives.
func isGiven(file string) bool { return lessonOf(file) != "" && path.Base(file) == catalog.GivenName }

// lessonOf is the name of the lesson in whose folder the file is, such as 01-framing, or "".
func lessonOf(path string) string {
	rest, ok := strings.CutPrefix(path, "lessons/")
	name, _, deep := strings.Cut(rest, "/")
	if !ok || !deep {
		return ""
	}
	return name
}

// lessonsOf are the names of all lessons in a tree, each with true.
func lessonsOf(t tree) map[string]bool {
	names := make(map[string]bool)
	for path := range t {
		if name := lessonOf(path); name != "" {
			names[name] = true
		}
	}
	return names
}

// copyName matches the names of what reset and update keep of a learner's work.
var copyName = regexp.MustCompile(`\.orig-\d{8}-\d{4}(-\d+)?$`)

// written are the files among these that a learner has written: neither the copies that we keep of earlier ones, nor
// what an editor or the system leaves.
func written(files []string) []string {
	return slices.DeleteFunc(slices.Clone(files), func(file string) bool {
		return copyName.MatchString(file) || path.Base(file)[0] == '.'
	})
}

// others lists the files in a folder that are not ours.
func (r *room) others(folder string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(filepath.Join(r.root, filepath.FromSlash(folder)), func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && e.IsDir() {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(r.root, name)
		if err != nil {
			return err
		}
		file := filepath.ToSlash(rel)
		had, err := r.at(file)
		if err == nil && !r.ours(file, had.text) {
			files = append(files, file)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("looking for your files in %s: %w", folder, err)
	}
	return files, nil
}

// answers are the files among these that the go command builds a lesson of.
func answers(files []string, lesson string) []string {
	var found []string
	for _, file := range files {
		name := path.Base(file)
		if path.Dir(file) == "lessons/"+lesson && isAnswer(file) && name[0] != '.' && name[0] != '_' {
			found = append(found, file)
		}
	}
	return found
}
