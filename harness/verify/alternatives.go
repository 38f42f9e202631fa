package verify

import (
	"context"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/mistakes"
)

// alternativesDir has the right answers of another shape, a folder for each lesson
// of records as package mistakes reads them.
const alternativesDir = "harness/verify/alternatives"

// alternativeRuns is how many processes a right answer must pass in.
const alternativeRuns = 3

// alternativeParts proves that right answers of another shape pass.
func (v *verifier) alternativeParts(lesson catalog.Lesson) ([]part, error) {
	return v.recordParts(lesson, alternativesDir, v.proveAlternative)
}

func (v *verifier) proveAlternative(ctx context.Context, lesson catalog.Lesson, r mistakes.Record, texts map[string]string) ([]string, error) {
	if len(r.Expect) > 0 {
		return []string{"it names a step that catches it, and is right"}, nil
	}
	binary, wrong, err := v.compile(ctx, lesson, texts, false)
	if wrong != nil || err != nil {
		return wrong, err
	}
	var said tally
	for range v.share(alternativeRuns) {
		result, err := binary.Run(ctx, nil, environment(calm))
		if err != nil {
			return nil, err
		}
		said.add(rejected(mustPass(result)))
	}
	return said.wrong(), nil
}

// rejected says of a right answer that it was refused, with the reason; "" stays.
func rejected(reason string) string {
	if reason == "" {
		return ""
	}
	return "this right answer is rejected: " + reason
}
