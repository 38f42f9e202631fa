// Package solutions is the workbook's reference: the finished code of each
// lesson, in a folder of the lesson's name. Each solution builds on the earlier
// ones, and together they are the library that the demo and the applications
// run on.
//
// Its test runs every lesson's own tests on the solution. The files that
// learners start from are derived from these by go generate.
package solutions

//go:generate go run ../harness stubs
