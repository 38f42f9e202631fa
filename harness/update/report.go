package update

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"example.com/sseworkbook/harness/stub"
)

// A report writes lines that each begin with what they are about.
type report struct{ w io.Writer }

// line writes one line.
func (r report) line(about, format string, args ...any) {
	fmt.Fprintf(r.w, "%-8s%s\n", about, fmt.Sprintf(format, args...))
}

// plan says what the update does, in the present tense: it holds for a dry run, too.
func (r report) plan(p *plan) {
	r.line("newer", "%s %s", count(len(p.news), "commit, of", "commits, the last of"), p.news[0])
	r.lessons(p.sides)
	r.files(p)
	theirs := slices.DeleteFunc(sortedKeys(p.work), func(lesson string) bool { return !p.before[lesson] && !p.after[lesson] })
	if len(theirs) > 0 {
		r.line("yours", "what you wrote in %s stays as it is", strings.Join(theirs, ", "))
	}
	for _, path := range sortedKeys(p.target) {
		if isAnswer(path) && p.base[path] != p.target[path] && len(p.answers(lessonOf(path))) > 0 {
			r.stub(path, p.text(p.base, path), p.text(p.target, path))
		}
	}
	for _, path := range sortedKeys(p.target) {
		if isGiven(path) {
			r.given(p.sides, path)
		}
	}
	r.tests(p.sides)
	r.modules(p.sides)
}

// lessons says which lessons come, and which go.
func (r report) lessons(s *sides) {
	fresh := slices.DeleteFunc(sortedKeys(s.after), func(lesson string) bool { return s.before[lesson] })
	if len(fresh) > 0 {
		r.line("new", "%s", strings.Join(fresh, ", "))
	}
	for _, lesson := range sortedKeys(s.before) {
		if s.after[lesson] {
			continue
		}
		what, copied := "is not in the newer workbook", ""
		_, topic, _ := strings.Cut(lesson, "-")
		if i := slices.IndexFunc(fresh, func(other string) bool { return strings.HasSuffix(other, "-"+topic) }); i >= 0 {
			what, copied = "is called "+fresh[i]+" now", ", and what you want of it you copy into lessons/"+fresh[i]
		}
		if s.retired(lesson) {
			what += "; your folder lessons/" + lesson + " stays as it is" + copied
		}
		r.line("moved", "%s %s", lesson, what)
	}
}

// files says what becomes of the workbook's files.
func (r report) files(p *plan) {
	files := count(len(p.write), "of the workbook's files gets its newer state", "of the workbook's files get their newer state")
	if n := len(p.remove); n > 0 {
		files += ", and " + count(n, "goes that it has no more", "go that it has no more")
	}
	r.line("files", "%s", files)
	restored := slices.DeleteFunc(slices.Clone(p.write), func(path string) bool { return !p.base[path].exists() || p.seen[path] != nil })
	if n := len(restored); n > 0 {
		r.line("back", "%s, such as %s", count(n, "of them was not there any more", "of them were not there any more"), restored[0])
	}
	for _, b := range p.aside {
		r.line("edited", "%s is the workbook's, and gets its newer state; yours is kept as %s", b.path, b.name)
	}
	for _, b := range p.save {
		r.line("staged", "%s is the workbook's, and gets its newer state; what you had staged is kept as %s", b.path, b.name)
	}
}

// stub shows what has changed in the stub of a lesson that the learner has answered.
func (r report) stub(path string, before, now []byte) {
	text := string(diff.Diff("the stub that you started from", before, "the stub now", now))
	_, text, _ = strings.Cut(text, "\n") // the line "diff a b" says nothing that the next two do not
	r.line("stub", "%s has a newer stub. Your file stays as it is; take over by hand what you want of this:\n\n%s", path, text)
}

// given says what the learner's answers declare that their lesson gives now, in that file.
func (r report) given(s *sides, path string) {
	lesson := lessonOf(path)
	for _, answer := range s.answers(lesson) {
		names, err := stub.GivenAlready(s.text(s.target, path), s.text(s.disk, answer))
		if err == nil && len(names) > 0 { // where it does not compile as it is, the compiler will say why
			r.line("given", "%s declares what stands in %s now, and Go takes each name only once: delete in your file %s; "+
				"or begin anew with go run ./harness reset %s, which keeps yours", answer, path, strings.Join(names, ", "), lesson)
		}
	}
}

// tests says in which lessons the tests have changed, or what they give.
func (r report) tests(s *sides) {
	changed := make(map[string]bool)
	for path, now := range s.target {
		tests := strings.HasSuffix(path, "_test.go") || isGiven(path)
		if lesson := lessonOf(path); s.before[lesson] && tests && s.base[path] != now {
			changed[lesson] = true
		}
	}
	if len(changed) > 0 {
		r.line("tests", "those of %s have changed: run them again", strings.Join(sortedKeys(changed), ", "))
	}
}

// modules says how to get what only the learner's go.mod asks for.
func (r report) modules(s *sides) {
	theirs := requirements(s.text(s.disk, "go.mod"))
	for _, known := range []tree{s.base, s.target} {
		for module := range requirements(s.text(known, "go.mod")) {
			delete(theirs, module)
		}
	}
	for _, module := range sortedKeys(theirs) {
		r.line("again", "go get %s@%s   (your go.mod asked for it)", module, theirs[module])
	}
}

// requirements are the modules that a go.mod asks for directly, with their versions.
func requirements(mod []byte) map[string]string {
	found := make(map[string]string)
	for line := range strings.Lines(string(mod)) {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(words) >= 2 && strings.HasPrefix(words[1], "v") && !strings.Contains(line, "// indirect") {
			found[words[0]] = words[1]
		}
	}
	return found
}

// count writes a number with what it counts.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
