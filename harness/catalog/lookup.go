package catalog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// ErrNoLesson says that what was asked for is no lesson.
var ErrNoLesson = errors.New("no such lesson")

// Lookup returns the lesson that a person means by word: its number ("5",
// "05"), its folder ("05-correlation", "lessons/05-correlation/") or its topic
// ("correlation"). It returns ErrNoLesson, wrapped, with the closest one named.
func Lookup(lessons []Lesson, word string) (Lesson, error) {
	name := filepath.Base(filepath.Clean(strings.TrimSuffix(word, "/...")))
	for _, lesson := range lessons {
		number, err := strconv.Atoi(name)
		byNumber := err == nil && number == lesson.Number
		if byNumber || name == lesson.Name || name == lesson.Topic {
			return lesson, nil
		}
	}
	return Lesson{}, fmt.Errorf("%w: %q; %s", ErrNoLesson, word, suggestion(lessons, name))
}

// suggestion names the lesson whose name is closest to name, or, where none is
// close, says what there is.
func suggestion(lessons []Lesson, name string) string {
	if planned := planned(lessons, name); planned != "" {
		return fmt.Sprintf("%s is not written yet; the last one is %s", planned, lessons[len(lessons)-1].Name)
	}
	var names []string
	for _, lesson := range lessons {
		names = append(names, lesson.Topic, lesson.Name)
	}
	closest := Closest(name, names)
	if closest == "" {
		return fmt.Sprintf("there are %s to %s", lessons[0].Name, lessons[len(lessons)-1].Name)
	}
	lesson, _ := Lookup(lessons, closest)
	return fmt.Sprintf("did you mean %s?", lesson.Name)
}

// plannedRow is how README.md lists a lesson that is not written yet.
var plannedRow = regexp.MustCompile(`(?m)^\| (\d+) (\w+) +\|`)

// planned returns the number and title of the lesson that README.md lists under this
// number or title as one to come, or "".
func planned(lessons []Lesson, name string) string {
	text, err := os.ReadFile(filepath.Join(lessons[0].Dir, "..", "..", "README.md"))
	if err != nil {
		return "" // a workbook without one has no plans
	}
	number, noNumber := strconv.Atoi(name)
	for _, row := range plannedRow.FindAllStringSubmatch(string(text), -1) {
		n, _ := strconv.Atoi(row[1])
		if noNumber == nil && n == number || strings.EqualFold(name, row[2]) || strings.EqualFold(name, row[1]+"-"+row[2]) {
			return row[1] + " " + row[2]
		}
	}
	return ""
}

// Closest returns the name that is most like word, or "" if none is much like it. A
// name that begins with word is.
func Closest(word string, names []string) string {
	word = strings.ToLower(word)
	closest, distance := "", len(word)/2+1
	for _, name := range names {
		d := edits(word, name)
		if strings.HasPrefix(name, word) {
			d = 0
		}
		if d < distance {
			closest, distance = name, d
		}
	}
	return closest
}

// edits returns how many letters must be put in, taken out or changed to make b
// of a.
func edits(a, b string) int {
	row := make([]int, len(b)+1) // row[j]: from the part of a seen so far to b[:j]
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
