package verify

import (
	"context"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/mistakes"
)

// recordJobs make something of each record of the lesson in dir that is asked for:
// prove gets it together with the files of the solution as it edits them.
func (v *verifier) recordJobs(lesson catalog.Lesson, dir string,
	prove func(ctx context.Context, r mistakes.Record, texts map[string]string) ([]string, error)) ([]job, error) {
	records, err := mistakes.Read(v.root, dir, lesson)
	if err != nil {
		v.matched = true
		wrong := []string{err.Error()}
		return []job{{name: "records", file: dir + "/" + lesson.Name, prove: func(context.Context) ([]string, error) { return wrong, nil }}}, nil
	}
	solution, err := solutionTexts(lesson)
	if err != nil {
		return nil, err
	}
	var jobs []job
	for _, r := range records {
		if !strings.Contains(r.File, v.Match) || r.Race && !v.race || v.touched != nil && !v.touched[lesson.Name].touches(r) {
			continue
		}
		v.matched = true
		proves := 1
		if r.NotAsked != "" {
			proves = 0
		}
		jobs = append(jobs, job{name: r.Title, file: r.File, proves: proves, prove: func(ctx context.Context) ([]string, error) {
			texts, err := r.Apply(solution)
			if err != nil {
				return []string{err.Error()}, nil
			}
			return prove(ctx, r, texts)
		}})
	}
	return jobs, nil
}
