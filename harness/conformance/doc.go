// Package conformance holds the solutions of lessons 01 and 03 against the text
// of "Server-sent events" in the WHATWG HTML standard, clause by clause: the
// grammar (9.2.5) and what a reader makes of it (9.2.6). It has tests only, and
// is more than a learner needs; the lessons' own steps are the learner's.
//
// The cases stand in cases_test.go as data. Each is read in one piece, one byte
// at a time, and cut at every position.
package conformance
