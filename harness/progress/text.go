package progress

import "strings"

// frameMark stands before each line with which a test binary frames what its
// tests print, when it runs with -test.v=test2json.
const frameMark = "\x16"

// parseText takes apart what a test binary has printed with -test.v=test2json.
// The go command has another process for that, which is no matter for one run,
// and is for a thousand.
func parseText(output string, passed bool) *packageRun {
	run := &packageRun{ended: "fail"}
	if passed {
		run.ended = "pass"
	}
	current := "" // the test that prints, if one does
	for line := range strings.Lines(output) {
		text, frame, framed := strings.Cut(line, frameMark)
		if text != "" {
			run.take(event{Action: "output", Test: current, Output: text})
		}
		if framed {
			current = run.frame(strings.Fields(frame))
		}
	}
	return run
}

// frame takes the words of a framing line, such as "=== RUN TestA" or
// "--- FAIL: TestA (0.00s)", and returns the test that prints from here on.
func (p *packageRun) frame(words []string) (current string) {
	if len(words) < 3 {
		return "" // PASS or FAIL, of the whole
	}
	name := words[2]
	switch words[1] {
	case "RUN":
		p.take(event{Action: "run", Test: name})
	case "PASS:", "FAIL:", "SKIP:":
		p.take(event{Action: strings.ToLower(strings.TrimSuffix(words[1], ":")), Test: name})
		return ""
	}
	return name
}
