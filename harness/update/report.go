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
	theirs := slices.DeleteFunc(sortedKeys(p.work), func(lesson string) bool {
		stays := slices.ContainsFunc(p.work[lesson], func(path string) bool { return p.stays(path, p.disk[path]) })
		return !stays || !p.before[lesson] && !p.after[lesson]
	})
	if len(theirs) > 0 {
		r.line("yours", "what you wrote in %s stays unchanged", strings.Join(theirs, ", "))
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
			what, copied = "is now called "+fresh[i], ": copy what you want to keep into lessons/"+fresh[i]
		}
		if s.retired(lesson) {
			what += "; your folder lessons/" + lesson + " stays unchanged" + copied
		}
		r.line("moved", "%s %s", lesson, what)
	}
}

// files says what becomes of the workbook's files.
func (r report) files(p *plan) {
	files := count(len(p.write), "of the workbook's files is updated", "of the workbook's files are updated")
	if n := len(p.remove); n > 0 {
		files += ", and " + count(n, "that it no longer has is removed", "that it no longer has are removed")
	}
	r.line("files", "%s", files)
	restored := slices.DeleteFunc(slices.Clone(p.write), func(path string) bool { return !p.base[path].exists() || p.seen[path] != nil })
	if n := len(restored); n > 0 {
		r.line("back", "%s, such as %s", count(n, "of them was missing", "of them were missing"), restored[0])
	}
	for _, b := range p.aside {
		r.line("edited", "%s belongs to the workbook and is updated; your version is kept as %s", b.path, b.name)
	}
	for _, b := range p.save {
		r.line("staged", "%s belongs to the workbook and is updated; what you had staged is kept as %s", b.path, b.name)
	}
}

// stub shows what has changed in the stub of a lesson that the learner has answered.
func (r report) stub(path string, before, now []byte) {
	text := string(diff.Diff("the stub that you started from", before, "the stub now", now))
	_, text, _ = strings.Cut(text, "\n") // the line "diff a b" says nothing that the next two do not
	r.line("stub", "%s has a newer stub. Your file stays unchanged; copy by hand what you want from this diff:\n\n%s", path, text)
}

// given says what the learner's answers declare that their lesson gives now, in that file.
func (r report) given(s *sides, path string) {
	lesson := lessonOf(path)
	for _, answer := range s.answers(lesson) {
		names, err := stub.GivenAlready(s.text(s.target, path), s.text(s.disk, answer))
		if err == nil && len(names) > 0 { // where it does not compile as it is, the compiler will say why
			r.line("given", "%s declares names that are now in %s, and Go allows each name only once: delete from your file %s; "+
				"or start over with go run ./harness reset %s, which keeps your version", answer, path, strings.Join(names, ", "), lesson)
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
		r.line("tests", "changed in %s: run them again", strings.Join(sortedKeys(changed), ", "))
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
		r.line("again", "go get %s@%s   (your go.mod required it)", module, theirs[module])
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
