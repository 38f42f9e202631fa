package step

// Hints are a lesson's hints, by the names of the steps that they are for. They
// stand in a file of their own, hints_test.go, where a learner who opens a test
// at its red line does not read them unasked:
//
//	var _ = step.Hints{
//		"TestAnEventEndsWithABlankLine": "what comes after the last field?",
//	}
//
// go run ./harness hint, and the pages, show them. They are read from the source,
// so names and hints are string literals, which + may join. Every step has one.
type Hints map[string]string
