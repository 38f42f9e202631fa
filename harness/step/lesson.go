package step

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// current is the lesson whose test binary this is.
var current lesson

// A lesson is the state of one run of its steps.
type lesson struct {
	folder string   // "05-correlation"
	steps  []string // those that this run is to take, in the order of the source
	all    bool     // the run takes every step

	mu      sync.Mutex // guards the rest
	green   map[string]bool
	red     string // the first step that failed, for which the others wait
	redPart string // the first sub-test of the running step that failed, likewise
	running string
	began   time.Time
	waiting []*waiting
}

// read finds out what lesson this is, and which steps were asked for. names are
// all that it has.
func (l *lesson) read(names []string) {
	dir, _ := os.Getwd()
	l.folder = filepath.Base(dir)
	l.green = map[string]bool{}
	l.steps = chosen(names, flagValue("test.run"), flagValue("test.skip"))
	l.all = len(l.steps) == len(names)
}

// chosen returns the names that -run and -skip leave.
func chosen(names []string, run, skip string) []string {
	run, _, _ = strings.Cut(run, "/")
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		wanted, err := regexp.MatchString(run, name)
		unwanted := skip != "" && !strings.Contains(skip, "/") && regexp.MustCompile(skip).MatchString(name)
		return err == nil && !wanted || unwanted
	})
}

func flagValue(name string) string {
	if f := flag.Lookup(name); f != nil {
		return f.Value.String()
	}
	return ""
}

// givenName is the file in which a lesson gives what the learner does not write.
const givenName = "given.go"

// owns reports whether file is one of the lesson's, in lessons/ or, through an
// overlay, in solutions/. What the lesson gives is not: where that fails, the
// place to look at is the learner's line that called it.
func (l *lesson) owns(file string) bool {
	file = filepath.FromSlash(file)
	return filepath.Base(filepath.Dir(file)) == l.folder && filepath.Base(file) != givenName
}

// run takes the steps and returns the exit status.
func (l *lesson) run(m *testing.M) int {
	limit := watchdogLimit()
	if limit > 0 {
		go watch(limit) // ends with the process
	}
	if supervised() {
		go endWithSupervisor() // ends with the process
	}
	code := m.Run()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case code != 0:
		fmt.Print(l.closing())
	case l.all:
		l.forget()
	}
	return code
}

// begin notes that step runs now. When it has to wait for another step, it
// returns that one's name instead.
func (l *lesson) begin(step string) (red string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.green, step) // with -count, each round decides anew
	if step == l.red {
		l.red = ""
	}
	if l.red != "" && !shuffled() && slices.Index(l.steps, l.red) < slices.Index(l.steps, step) {
		return l.red
	}
	l.running, l.began, l.waiting, l.redPart = step, time.Now(), nil, ""
	tellSupervisor(step)
	return ""
}

// beginPart notes that a sub-test of the running step runs now. When it has to
// wait for another one, it returns that one's name instead.
func (l *lesson) beginPart(part string) (red string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if part == l.redPart || shuffled() {
		return ""
	}
	return l.redPart
}

// endPart notes how a sub-test ended.
func (l *lesson) endPart(part string, failed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if failed && l.redPart == "" {
		l.redPart = part
	}
}

// end notes how step ended.
func (l *lesson) end(step string, failed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running = ""
	if !failed {
		l.green[step] = true
		tellSupervisor("")
	} else if l.red == "" {
		l.red = step
	}
}

func shuffled() bool {
	s := flagValue("test.shuffle")
	return s != "" && s != "off"
}

// closing returns the last lines of a run in which a step is red: what it often
// is, once it is red again, and where the learner is. The caller holds mu.
func (l *lesson) closing() string { return l.causes() + l.standing() }

// standing says in a line where the learner is. The caller holds mu.
func (l *lesson) standing() string {
	number, topic, ok := strings.Cut(l.folder, "-")
	if !ok || l.red == "" || len(l.steps) < 2 {
		return ""
	}
	if !l.all {
		return fmt.Sprintf("lesson %s %s: %d of %d chosen steps\n", number, topic, len(l.green), len(l.steps))
	}
	return fmt.Sprintf("lesson %s %s: %d of %d steps · next: %s · hint: go run ./harness hint %s\n",
		number, topic, len(l.green), len(l.steps), l.red, strings.TrimLeft(number, "0"))
}
