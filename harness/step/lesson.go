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
	red     string             // the first step that failed, for which the others wait
	redSaid string             // the message of that failure, as far as it is known
	redPart string             // the first sub-test of the running step that failed, likewise
	running string             // the step that runs, "" for none
	took    time.Duration      // how long it has run, as the watchdog counts
	onHang  []*report          // what it waits for, the latest last
	said    string             // what it has failed with
	onFail  []*func() []string // what any failure says first
	atLock  int                // how many of its calls hold the lock of the learner's code
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

// wrote reports whether file is the learner's own: none of the lesson's tests, and not
// what it gives. Where that fails, the place to look at is the learner's line that called it.
func (l *lesson) wrote(file string) bool { return l.has(file) && !l.tests(file) && !l.gives(file) }

// tests reports whether file is one of the lesson's tests.
func (l *lesson) tests(file string) bool { return l.has(file) && strings.HasSuffix(file, "_test.go") }

// gives reports whether file is what the lesson gives.
func (l *lesson) gives(file string) bool {
	return l.has(file) && filepath.Base(filepath.FromSlash(file)) == givenName
}

// has reports whether file is in the lesson's folder, in lessons/ or, through an overlay,
// in solutions/.
func (l *lesson) has(file string) bool {
	return filepath.Base(filepath.Dir(filepath.FromSlash(file))) == l.folder
}

// run takes the steps and returns the exit status.
func (l *lesson) run(m *testing.M) int {
	if limit := limitOfStep(); limit > 0 {
		go l.watch(limit) // ends with the process
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
		l.forgetRed()
	}
	return code
}

// begin notes that a step runs now, or a sub-test of the one that runs. When it has
// to wait for another one, it returns that one's name instead.
func (l *lesson) begin(name string) (red string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if isPart(name) {
		if name == l.redPart || shuffled() {
			return ""
		}
		return l.redPart
	}
	delete(l.green, name) // with -count, each round decides anew
	if name == l.red {
		l.red = ""
	}
	if l.red != "" && !shuffled() && slices.Index(l.steps, l.red) < slices.Index(l.steps, name) {
		return l.red
	}
	l.running, l.took, l.onHang, l.redPart, l.said = name, 0, nil, "", ""
	tellSupervisor(name)
	return ""
}

// end notes how a step, or a sub-test, ended.
func (l *lesson) end(name string, failed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if isPart(name) {
		if failed && l.redPart == "" {
			l.redPart = name
		}
		return
	}
	l.running = ""
	if !failed {
		l.green[name] = true
		tellSupervisor("")
	} else if l.red == "" {
		l.red, l.redSaid = name, l.said
	}
}

// fails notes with what the running step fails.
func (l *lesson) fails(message string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = message
}

func shuffled() bool {
	s := flagValue("test.shuffle")
	return s != "" && s != "off"
}

// fuzzing reports whether this is a fuzzing run, which has no end of its own, or
// one of its workers.
func fuzzing() bool {
	return flagValue("test.fuzz") != "" || flagValue("test.fuzzworker") == "true"
}
