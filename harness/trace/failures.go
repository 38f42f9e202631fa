package trace

import "strings"

// WithFailures returns the steps with what go test has printed of those that are
// red. A red step that has sent nothing is added.
func WithFailures(steps []Step, output string) []Step {
	for _, failed := range failures(output) {
		found := false
		for i := range steps {
			if steps[i].Name == failed.Name {
				steps[i].Failed, steps[i].Message, found = true, failed.Message, true
			}
		}
		if !found {
			failed.Pairs = []Pair{}
			steps = append(steps, failed)
		}
	}
	return steps
}

// failures returns the steps that go test says are red, each with its message: the
// lines with a margin that follow.
func failures(output string) (red []Step) {
	const head, margin = "--- FAIL: ", "    "
	inside := false
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		rest, begins := strings.CutPrefix(line, head)
		text, inMargin := strings.CutPrefix(line, margin)
		switch {
		case begins:
			name, _, _ := strings.Cut(rest, " (")
			red = append(red, Step{Name: name, Failed: true})
			inside = true
		case inside && inMargin:
			last := &red[len(red)-1]
			last.Message = strings.TrimPrefix(last.Message+"\n"+text, "\n")
		default:
			inside = false
		}
	}
	return red
}
