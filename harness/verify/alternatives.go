package verify

import (
	"context"

	"example.com/sseworkbook/harness/catalog"
)

// alternativeParts proves that right answers of another shape pass: plain, and
// with the race detector.
func (v *verifier) alternativeParts(lesson catalog.Lesson) ([]part, error) {
	return v.recordParts(lesson, alternativesDir, v.proveAlternative)
}

func (v *verifier) proveAlternative(ctx context.Context, lesson catalog.Lesson, r Record, texts map[string]string) ([]string, error) {
	if len(r.Catches) > 0 {
		return []string{"it names a step that catches it, and is right"}, nil
	}
	for _, race := range []bool{false, true} {
		binary, wrong, err := v.compile(ctx, lesson, texts, race)
		if wrong != nil || err != nil {
			return wrong, err
		}
		runs := 5
		if race {
			runs = 2
		}
		var said tally
		for range v.share(runs) {
			result, err := binary.Run(ctx, nil, environment(calm))
			if err != nil {
				return nil, err
			}
			said.add(rejected(mustPass(result)))
		}
		if wrong := said.wrong(); wrong != nil {
			return wrong, nil
		}
	}
	return nil, nil
}

// rejected says of a right answer that it was refused, with the reason; "" stays.
func rejected(reason string) string {
	if reason == "" {
		return ""
	}
	return "this right answer is rejected: " + reason
}
