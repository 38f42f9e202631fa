package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/toolchain"
)

// firstRed is the failure with which a lesson's text says that its learner
// starts: an indented block.
var firstRed = regexp.MustCompile(`(?m)^    --- FAIL: .*\n(    .*\n)+`)

// TestEachLessonBeginsAsItsTextShows runs the lessons as they are in a fresh
// clone, and looks for the failure that each text shows in what they print.
func TestEachLessonBeginsAsItsTextShows(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "workbook")
	require.NoError(t, freshWorkbook(dir))
	run := toolchain.Command(t.Context(), dir, "test", "./lessons/...")
	run.Env = append(run.Env, sharedBuilds())
	output, err := run.CombinedOutput()
	require.Error(t, err, "a fresh lesson is green")
	printed := "\n" + chance.ReplaceAllString(string(output), "…")

	lessons, err := catalog.Find("..")
	require.NoError(t, err)
	for _, lesson := range lessons {
		t.Run(lesson.Name, func(t *testing.T) {
			text, err := readText(lesson.Readme())
			require.NoError(t, err)
			shown := firstRed.FindString(string(text))
			require.NotEmpty(t, shown, "the text does not show the failure that its learner starts with")
			shown = strings.ReplaceAll("\n"+shown, "\n    ", "\n")
			require.Contains(t, printed, chance.ReplaceAllString(shown, "…"))
		})
	}
}
