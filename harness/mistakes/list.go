package mistakes

import (
	"fmt"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
)

// List returns what people get wrong in a lesson, in lines, by the steps that catch it.
func List(root string, lesson catalog.Lesson) (string, error) {
	records, err := Of(root, lesson)
	if err != nil {
		return "", err
	}
	steps, err := lesson.Steps()
	if err != nil {
		return "", err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "lesson %s · %d mistakes that people make, by the step that catches them\n", lesson.Name, len(records))
	for i, step := range steps {
		these := slices.DeleteFunc(slices.Clone(records), func(r Record) bool { return r.Step() != step.Name })
		if len(these) > 0 {
			fmt.Fprintf(&text, "\n%2d  %s\n", i+1, step.Name)
		}
		for _, r := range these {
			fmt.Fprintf(&text, "    %s\n        %s\n", r.Title, r.Symptom)
			if r.Source != "" {
				fmt.Fprintf(&text, "        seen in %s\n", r.Source)
			}
		}
	}
	return text.String(), nil
}
