package catalog

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/textfile"
)

// A Lesson is one chapter of the workbook: a folder in lessons/ where it is
// worked on, and the folder of the same name in solutions/. Its values are
// absolute paths if those of Find's root are.
type Lesson struct {
	Number      int    // 5
	Name        string // "05-correlation", the folder's name in both trees
	Topic       string // "correlation", the package's name
	Title       string // "Correlation: which answer …", from the README; the topic if that has none
	Dir         string // the folder in lessons/
	SolutionDir string // the folder in solutions/
}

// File returns the path of the file in which the learner writes.
func (l Lesson) File() string { return filepath.Join(l.Dir, l.Topic+".go") }

// SolutionFile returns the path of the file that File is to become.
func (l Lesson) SolutionFile() string { return filepath.Join(l.SolutionDir, l.Topic+".go") }

// Readme returns the path of the lesson's text.
func (l Lesson) Readme() string { return filepath.Join(l.Dir, "README.md") }

// SolutionFiles returns the paths of the Go files of the solution that a learner
// is to write, sorted: without what the lesson gives, and without tests.
func (l Lesson) SolutionFiles() ([]string, error) { return l.sources(l.SolutionDir) }

// LearnerFiles returns the paths of the Go files that the learner has in the
// lesson's folder, sorted: without what the lesson gives, and without tests. A
// learner may split the one file, or may have deleted the folder: then there are
// none.
func (l Lesson) LearnerFiles() ([]string, error) { return l.sources(l.Dir) }

// sources returns the paths of the Go files in dir that are neither tests nor
// given, sorted; none if there is no such folder.
func (l Lesson) sources(dir string) ([]string, error) {
	given := ""
	if file, ok := l.Given(); ok {
		given = filepath.Base(file)
	}
	return goFiles(dir, func(name string) bool { return !strings.HasSuffix(name, "_test.go") && name != given })
}

// Uses returns the names of the lessons whose solutions this one's imports, sorted.
func (l Lesson) Uses() ([]string, error) {
	files, err := goFiles(l.SolutionDir, func(name string) bool { return !strings.HasSuffix(name, "_test.go") })
	if err != nil {
		return nil, err
	}
	uses := map[string]bool{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return nil, fmt.Errorf("reading what a solution imports: %w", err)
		}
		for _, spec := range parsed.Imports {
			if name, ok := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), Module+"/solutions/"); ok {
				uses[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(uses)), nil
}

// goFiles returns the paths of the Go files in dir whose names are wanted, sorted
// by name; none if there is no such folder.
func goFiles(dir string, wanted func(name string) bool) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading a lesson's folder: %w", err)
	}
	var paths []string
	for _, entry := range entries {
		if name := entry.Name(); strings.HasSuffix(name, ".go") && !entry.IsDir() && wanted(name) {
			paths = append(paths, filepath.Join(dir, name))
		}
	}
	return paths, nil
}

// text returns the lesson's README, with LF at the ends of its lines.
func (l Lesson) text() (string, error) {
	text, err := os.ReadFile(l.Readme())
	if err != nil {
		return "", fmt.Errorf("reading the text of lesson %s: %w", l.Name, err)
	}
	return string(textfile.UnixLines(text)), nil
}

// section returns what stands under a heading of a README, up to the next one.
func section(text, heading string) string {
	_, rest, _ := strings.Cut(text, "\n## "+heading+"\n")
	rest, _, _ = strings.Cut(rest, "\n## ")
	return rest
}

// title returns what the README's first line says after the lesson's number,
// "# 05 · Correlation: which answer …"; the topic if it says nothing of the kind.
func (l Lesson) title() string {
	text, _ := l.text() // one that is not there says nothing either
	first, _, _ := strings.Cut(text, "\n")
	title, ok := strings.CutPrefix(strings.TrimSpace(first), fmt.Sprintf("# %02d · ", l.Number))
	if !ok || title == "" {
		return l.Topic
	}
	return title
}

// folded is one folded block of a README: its summary and what it hides.
var folded = regexp.MustCompile(`(?s)<details>\s*<summary>(.*?)</summary>(.*?)</details>`)

// ErrNoHints says that a README has no folded hints under "## Hints".
var ErrNoHints = errors.New("no folded hints")

// Hints returns the texts of the folded hints in the README, from the gentlest
// to the most telling. They are about the lesson's main idea; the hint for one
// step is in Step. It returns ErrNoHints, wrapped, if there are none.
func (l Lesson) Hints() ([]string, error) {
	text, err := l.text()
	if err != nil {
		return nil, err
	}
	var hints []string
	for _, block := range folded.FindAllStringSubmatch(section(text, "Hints"), -1) {
		hints = append(hints, strings.TrimSpace(block[2]))
	}
	if len(hints) == 0 {
		return nil, fmt.Errorf(`%s: %w under "## Hints"`, l.Readme(), ErrNoHints)
	}
	return hints, nil
}
