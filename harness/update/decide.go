package update

import (
	"maps"
	"path"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/textfile"
)

// stays decides: it tells whether what the learner has at a path, be it on the disk, committed or staged, stays as it is;
// the zero entry is that they have no file there. Whatever does not stay becomes what the newer workbook has there, which
// may be nothing; and if it is not [sides.ours], it is kept under another name.
func (s *sides) stays(path string, e entry) bool {
	lesson := lessonOf(path)
	switch {
	case s.retired(lesson):
		return true // the folder stays whole, with the tests that the learner's work was written for
	case s.inTheWay(path):
		return false // the newer workbook has a folder there, or a file where the path has a folder
	case !s.workbook[path].exists():
		return true // the workbook has nothing to do with it
	case !isAnswer(path):
		return false // it is the workbook's, even where the learner has edited it
	case !e.exists():
		return len(s.answers(lesson)) > 0 // the stub would declare a second time what they have in other files
	default:
		return !s.ours(path, e) // an answer, or a stub
	}
}

// staysStaged tells whether the learner has staged something at a path that stays so, be it that an answer goes.
func (s *sides) staysStaged(path string) bool {
	staged := s.index[path]
	return staged != s.head[path] && (s.stays(path, staged) || isAnswer(path) && !staged.exists())
}

// becomes returns what becomes of files of the learner's.
func (s *sides) becomes(files tree) tree {
	result := maps.Clone(s.target)
	for _, paths := range []tree{files, s.target} {
		for path := range paths {
			if e := files[path]; s.stays(path, e) {
				result[path] = e
			}
		}
	}
	maps.DeleteFunc(result, func(_ string, e entry) bool { return !e.exists() })
	return result
}

// ours tells whether a file is as the workbook has it, or had it, or as an interrupted update has brought it; or else
// whether it is any stub of ours where an answer belongs.
func (s *sides) ours(path string, e entry) bool {
	switch e.sum {
	case s.base[path].sum, s.target[path].sum, s.interrupted[path].sum:
		return true
	}
	return isAnswer(path) && s.stubs[e.sum]
}

// inTheWay tells whether no file can be at the path beside those of the newer workbook.
func (s *sides) inTheWay(path string) bool { return s.folders[path] || s.fileAbove(path) != "" }

// fileAbove returns the file of the newer workbook's that is where the path has a folder, or "".
func (s *sides) fileAbove(file string) string {
	for folder := path.Dir(file); folder != "."; folder = path.Dir(folder) {
		if s.target[folder].exists() {
			return folder
		}
	}
	return ""
}

// retired tells whether a lesson is not in the newer workbook, and the learner's work is in it.
func (s *sides) retired(lesson string) bool {
	return s.before[lesson] && !s.after[lesson] && len(s.work[lesson]) > 0
}

// findWork finds the learner's own files in the lessons: neither the copies that we keep of earlier ones, nor what an
// editor or the system leaves.
func (s *sides) findWork() map[string][]string {
	work := make(map[string][]string)
	for _, file := range sortedKeys(s.disk) {
		hidden := path.Base(file)[0] == '.' || textfile.IsBackup(file)
		if lesson := lessonOf(file); lesson != "" && !hidden && !s.ours(file, s.disk[file]) {
			work[lesson] = append(work[lesson], file)
		}
	}
	return work
}

// answers are those of the learner's files of which the go command builds a lesson.
func (s *sides) answers(lesson string) []string {
	return slices.DeleteFunc(slices.Clone(s.work[lesson]), func(file string) bool {
		return path.Dir(file) != "lessons/"+lesson || !isAnswer(file) || path.Base(file)[0] == '_'
	})
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
func lessonsOf(files tree) map[string]bool {
	names := make(map[string]bool)
	for path := range files {
		if name := lessonOf(path); name != "" {
			names[name] = true
		}
	}
	return names
}
