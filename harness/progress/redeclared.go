package progress

import (
	"path/filepath"
	"regexp"
	"strings"

	"example.com/sseworkbook/harness/catalog"
)

// What the compiler says of a name that two files declare: a function, type,
// constant or variable in two lines, a method in one.
var (
	redeclared = regexp.MustCompile(`^(.+\.go:\d+:\d+): (.+) redeclared in this block$`)
	other      = regexp.MustCompile(`^\t(.+\.go:\d+:\d+): other declaration of .+$`)
	already    = regexp.MustCompile(`^(.+\.go:\d+:\d+): method (.+) already declared at (.+\.go:\d+:\d+)$`)
)

// blameLearner names, of a name that the learner's code declares and given.go
// does too, the learner's line in place of the two: the compiler complains of
// whichever file comes later by its name.
func blameLearner(lines []string) []string {
	var all []string
	for i := 0; i < len(lines); i++ {
		if found := already.FindStringSubmatch(lines[i]); found != nil {
			all = append(all, blame(found[1], found[3], found[2], lines[i]))
			continue
		}
		found := redeclared.FindStringSubmatch(lines[i])
		if found == nil || i+1 == len(lines) {
			all = append(all, lines[i])
			continue
		}
		if second := other.FindStringSubmatch(lines[i+1]); second != nil {
			both := lines[i] + "\n" + lines[i+1]
			all = append(all, strings.Split(blame(found[1], second[1], found[2], both), "\n")...)
			i++
			continue
		}
		all = append(all, lines[i])
	}
	return all
}

// blame says which of two declarations of a name is one too many, if one of them
// is given and the other is not; otherwise it returns what the compiler says.
func blame(a, b, name, compiler string) string {
	switch {
	case isGiven(a) == isGiven(b):
		return compiler
	case isGiven(a):
		a = b
	}
	return strings.TrimPrefix(a, "./") + ": " + name + " stands in " + catalog.GivenName + " already, which is the workbook's: delete it here"
}

// isGiven reports whether a place, "file:line:column", is in what a lesson gives.
func isGiven(place string) bool {
	file, _, _ := strings.Cut(filepath.Base(filepath.FromSlash(place)), ":")
	return file == catalog.GivenName
}
