package status

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
)

// toldFile remembers the lessons of which it was told that they are done, a name
// a line. What cannot be read or written there is no reason to fail.
const toldFile = ".workbook/green"

// NewlyDone returns the lessons that have turned green since it was asked last,
// in their order. It is told of some lessons or of all; one that is no longer
// green will be news again.
func NewlyDone(root string, results []progress.Result) []catalog.Lesson {
	file := filepath.Join(root, filepath.FromSlash(toldFile))
	text, _ := os.ReadFile(file)
	told := strings.Fields(string(text))
	var news []catalog.Lesson
	for _, r := range results {
		known := slices.Contains(told, r.Lesson.Name)
		switch {
		case r.Done && !known:
			news = append(news, r.Lesson)
			told = append(told, r.Lesson.Name)
		case !r.Done && known:
			told = slices.DeleteFunc(told, func(name string) bool { return name == r.Lesson.Name })
		}
	}
	if now := strings.Join(told, "\n") + "\n"; now != string(text) && len(told)+len(text) > 0 {
		os.MkdirAll(filepath.Dir(file), 0o755)
		os.WriteFile(file, []byte(now), 0o644)
	}
	return news
}
