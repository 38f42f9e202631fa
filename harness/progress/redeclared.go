package progress

import (
	"path/filepath"
	"regexp"
	"strings"

	"example.com/sseworkbook/harness/catalog"
)

// redeclared is what the compiler says of a name that two files declare: of a
// function, type, constant or variable in two lines, of a method in one.
var redeclared = regexp.MustCompile(`(?m)^(.+\.go:\d+:\d+): ` +
	`(?:(.+) redeclared in this block\n\t(.+\.go:\d+:\d+): other declaration of .+|method (.+) already declared at (.+\.go:\d+:\d+))$`)

// blameLearner names, of a name that the learner's code declares and given.go
// does too, the learner's line in place of the two: the compiler complains of
// whichever file comes later by its name.
func blameLearner(text string) string {
	return redeclared.ReplaceAllStringFunc(text, func(said string) string {
		found := redeclared.FindStringSubmatch(said)
		here, name, there := found[1], found[2]+found[4], found[3]+found[5]
		switch {
		case isGiven(here) == isGiven(there):
			return said
		case isGiven(here):
			here = there
		}
		return strings.TrimPrefix(here, "./") + ": " + name + " is already in " + catalog.GivenName + ", which belongs to the workbook: delete it here"
	})
}

// isGiven reports whether a place, "file:line:column", is in what a lesson gives.
func isGiven(place string) bool {
	file, _, _ := strings.Cut(filepath.Base(filepath.FromSlash(place)), ":")
	return file == catalog.GivenName
}
