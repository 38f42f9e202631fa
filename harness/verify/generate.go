package verify

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/mistakes"
)

// oftenFile is the table from which a step that is red again names its mistakes.
// It is part of harness/step, since a lesson's test depends on nothing else.
const oftenFile = "harness/step/mistakes.generated.txt"

// GenerateMistakes writes the table of the mistakes on record for these lessons, by the
// step that catches them: a line for each, of the step, the title, and the words of
// the step's message.
func GenerateMistakes(root string, lessons []catalog.Lesson) error {
	table := map[string][]string{}
	for _, lesson := range lessons {
		records, err := mistakes.Of(root, lesson)
		if err != nil {
			return err
		}
		for _, m := range records {
			for _, c := range m.Expect {
				step := lesson.Name + "/" + c.Step
				line := append([]string{step, m.Title}, c.Words...)
				table[step] = append(table[step], strings.Join(line, "\t"))
			}
		}
	}
	var text bytes.Buffer
	for _, step := range slices.Sorted(maps.Keys(table)) {
		for _, line := range table[step] {
			fmt.Fprintln(&text, line)
		}
	}
	if err := os.WriteFile(filepath.Join(root, oftenFile), text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("writing the table of mistakes: %w", err)
	}
	return nil
}
