package inspect

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Deadlock reports whether p, a panic that was recovered around synctest.Test, says
// that the bubble could not go on, and whether its main function had returned by
// then.
func Deadlock(p any) (deadlock, mainReturned bool) {
	word := fmt.Sprint(p)
	return strings.HasPrefix(word, "deadlock:"), strings.Contains(word, "main bubble goroutine has exited")
}

// crash begins the lines with which the runtime starts to say how the process ended.
var crash = regexp.MustCompile(`^(panic|fatal error|runtime): `)

// StartsCrash reports whether line is the first that the runtime prints when the
// process crashes.
func StartsCrash(line string) bool { return crash.MatchString(line) }

// Crash returns the reason, in one line, and the goroutines of what the runtime
// prints when the process crashes. The goroutine that crashed comes first.
func Crash(dump string) (reason string, all []Goroutine) {
	reason, _, _ = strings.Cut(dump, "\n")
	reason, _, _ = strings.Cut(reason, " [recovered")
	return reason, Parse(dump)
}

// BoundsRace reports whether line stands before and after each report of the race
// detector.
func BoundsRace(line string) bool { return strings.TrimSpace(line) == "==================" }

// Failure returns what the testing package prints of a test that fails with this
// message, when verbose is the value of -test.v. With "test2json" that has the marks
// by which go test -json knows to whom a line belongs.
func Failure(test string, took time.Duration, message, verbose string) string {
	mark := ""
	if verbose == "test2json" {
		mark = "\x16"
	}
	head := fmt.Sprintf("%s--- FAIL: %s (%.2fs)\n", mark, test, took.Seconds())
	body := "    " + strings.ReplaceAll(message, "\n", "\n        ") + "\n"
	if verbose == "false" {
		return head + body + mark + "FAIL\n"
	}
	return mark + "=== NAME  " + test + "\n" + body + head + mark + "FAIL\n"
}
