package progress

import (
	"bytes"
	"encoding/json"
	"path"
	"slices"
	"strings"
)

// An event is a line of go test -json: see "go doc test2json" and "go help
// buildjson".
type event struct {
	Action      string
	Package     string // of a test run
	Test        string // "" for the package as a whole
	Output      string
	ImportPath  string // of a build
	FailedBuild string // of a package that failed: the ImportPath that did not build
}

// A packageRun is what the events said of one package.
type packageRun struct {
	ended string // "pass", "fail" or "skip", once it has ended
	build string // what the compiler or vet said, if it did not build
	tests []*testRun
	rest  strings.Builder // what was printed outside any test
}

// A testRun is what the events said of one test and its sub-tests.
type testRun struct {
	name   string
	ended  string // as in packageRun; "" means that it never ended
	output strings.Builder
}

// parse takes the output of go test -json apart. It returns the runs by the
// last element of their package's path, the lesson's name.
func parse(output []byte) map[string]*packageRun {
	runs := map[string]*packageRun{}
	builds := map[string]*strings.Builder{}
	for line := range bytes.Lines(output) {
		var e event
		if json.Unmarshal(line, &e) != nil {
			continue // not of go test: something wrote past it
		}
		switch {
		case e.Action == "build-output":
			if builds[e.ImportPath] == nil {
				builds[e.ImportPath] = &strings.Builder{}
			}
			builds[e.ImportPath].WriteString(e.Output)
		case e.Package != "":
			name := path.Base(e.Package)
			if runs[name] == nil {
				runs[name] = &packageRun{}
			}
			runs[name].take(e)
			if build := builds[e.FailedBuild]; build != nil {
				runs[name].build = build.String()
			}
		}
	}
	return runs
}

// take adds one event to what is known of the package.
func (p *packageRun) take(e event) {
	name, _, sub := strings.Cut(e.Test, "/")
	switch {
	case e.Test == "" && e.Action == "output":
		p.rest.WriteString(e.Output)
	case e.Test == "" && isEnd(e.Action):
		p.ended = e.Action
	case e.Action == "output":
		p.test(name).output.WriteString(e.Output)
	case e.Test != "" && isEnd(e.Action) && !sub:
		p.test(name).ended = e.Action
	case e.Action == "run" && !sub:
		p.tests = append(p.tests, &testRun{name: name})
	}
}

// rounds takes a run apart in which each test ran several times.
func (p *packageRun) rounds() []*packageRun {
	all := []*packageRun{{ended: p.ended, build: p.build}}
	for _, t := range p.tests {
		last := all[len(all)-1]
		if last.find(t.name) != nil {
			last = &packageRun{ended: p.ended, build: p.build}
			all = append(all, last)
		}
		last.tests = append(last.tests, t)
	}
	all[len(all)-1].rest.WriteString(p.rest.String())
	return all
}

// isEnd reports whether action ends a test or a package.
func isEnd(action string) bool { return action == "pass" || action == "fail" || action == "skip" }

// test returns the run of the test called name, which may begin here.
func (p *packageRun) test(name string) *testRun {
	if t := p.find(name); t != nil {
		return t
	}
	t := &testRun{name: name}
	p.tests = append(p.tests, t)
	return t
}

// find returns the last run of the test called name, or nil if it was not run.
func (p *packageRun) find(name string) *testRun {
	for _, t := range slices.Backward(p.tests) {
		if t.name == name {
			return t
		}
	}
	return nil
}
