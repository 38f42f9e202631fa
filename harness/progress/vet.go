package progress

import (
	"context"

	"example.com/sseworkbook/harness/catalog"
)

// vetChecks are what go test has go vet look for (go help test).
var vetChecks = []string{"-atomic", "-bool", "-buildtags", "-directive", "-errorsas", "-ifaceassert", "-nilfunc", "-printf", "-stringintconv", "-tests"}

// vetDone has go vet look at the lessons that are done, as go test does. A lesson that it
// has something against is not: that becomes its BuildError.
func vetDone(ctx context.Context, root string, results []Result) error {
	var done []catalog.Lesson
	for _, r := range results {
		if r.Done {
			done = append(done, r.Lesson)
		}
	}
	if len(done) == 0 {
		return nil
	}
	o := Options{Args: vetChecks}
	text, err := Vet(ctx, root, o, done...)
	if err != nil || text == "" {
		return err
	}
	for i := range results {
		r := &results[i]
		if !r.Done {
			continue
		}
		if r.BuildError, err = Vet(ctx, root, o, r.Lesson); err != nil {
			return err
		}
		r.Done = r.BuildError == ""
	}
	return nil
}

// Vet returns what go vet has against lessons and their tests, in a few lines that are
// read as those of the first one, or "" if there is nothing against any. Of the options it
// heeds the overlay and the arguments.
func Vet(ctx context.Context, root string, o Options, lessons ...catalog.Lesson) (string, error) {
	output, clean, err := combinedOutput(ctx, golang(ctx, root, o, "vet", o.arguments(lessons...)...), "running go vet")
	if err != nil || clean {
		return "", err
	}
	return buildError(output, lessons[0], o.tree()), nil
}
