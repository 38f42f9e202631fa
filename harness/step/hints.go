package step

// Hints has a hint for each step of a lesson, by the name of its test:
//
//	var _ = step.Hints{
//		"TestAnEventEndsAtItsBlankLine": "field keeps what follows …",
//	}
//
// They are in the lesson's hints_test.go and not above the tests, so that reading a
// test does not give its hint away. No test uses the value: go run ./harness hint reads
// the literal from the source, and so does watch. So the keys and values must be
// literals, or literals joined by +.
type Hints map[string]string
