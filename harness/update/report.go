package update

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// sorted returns the keys of m in order.
func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// A report writes lines that each begin with what they are about.
type report struct{ w io.Writer }

// line writes one line.
func (r report) line(about, format string, args ...any) {
	fmt.Fprintf(r.w, "%-8s%s\n", about, fmt.Sprintf(format, args...))
}

// plan says what the update does, in the present tense: it holds for a dry run, too.
func (r report) plan(p *plan) {
	r.lessons(p)
	r.line("files", "%s", filesLine(len(p.write), len(p.remove)))
	if n := len(p.restored); n > 0 {
		r.line("back", "%s, such as %s", count(n, "of them was not there any more", "of them were not there any more"), p.restored[0])
	}
	for _, file := range sorted(p.aside) {
		r.line("edited", "%s is the workbook's, and gets its newer state; yours is kept as %s", file, p.aside[file])
	}
	for _, file := range sorted(p.staged) {
		r.line("staged", "%s is the workbook's, and gets its newer state; what you had staged is kept as %s", file, p.staged[file])
	}
	if len(p.learners) > 0 {
		r.line("yours", "what you wrote in %s stays as it is", strings.Join(p.learners, ", "))
	}
	for _, c := range p.stubs {
		r.line("stub", "%s has a newer stub. Your file stays as it is; take over by hand what you want of this:", c.file)
		fmt.Fprintf(r.w, "\n%s\n", c.diff())
	}
	for _, a := range p.already {
		r.line("given", "%s declares what stands in %s now, and Go takes each name only once: delete in your file %s; or begin anew with go run ./harness reset %s, which keeps yours",
			a.file, a.given, strings.Join(a.names, ", "), lessonOf(a.file))
	}
	if len(p.tests) > 0 {
		r.line("tests", "those of %s have changed: run them again", strings.Join(p.tests, ", "))
	}
}

// lessons says which lessons come, and which go.
func (r report) lessons(p *plan) {
	if len(p.fresh) > 0 {
		r.line("new", "%s", strings.Join(p.fresh, ", "))
	}
	for _, g := range p.gone {
		what := "is not in the newer workbook"
		if g.now != "" {
			what = "is called " + g.now + " now"
		}
		if g.kept {
			what += "; your folder lessons/" + g.name + " stays as it is"
		}
		if g.kept && g.now != "" {
			what += ", and what you want of it you copy into lessons/" + g.now
		}
		r.line("moved", "%s %s", g.name, what)
	}
}

// modules says how to get what only the learner's go.mod asks for.
func (g git) modules(ctx context.Context, r report, room *room, p *plan) error {
	if p.aside["go.mod"] == "" {
		return nil
	}
	before, err := g.textOf(ctx, room.base["go.mod"])
	if err != nil {
		return err
	}
	now, err := g.textOf(ctx, room.target["go.mod"])
	if err != nil {
		return err
	}
	theirs, known := requirements(string(room.had["go.mod"].text)), requirements(before+now)
	for _, module := range sorted(theirs) {
		if known[module] == "" {
			r.line("again", "go get %s@%s   (your go.mod asked for it)", module, theirs[module])
		}
	}
	return nil
}

// filesLine says how many of the workbook's files change.
func filesLine(newer, gone int) string {
	line := count(newer, "of the workbook's files gets its newer state", "of the workbook's files get their newer state")
	if gone > 0 {
		line += ", and " + count(gone, "goes that it has no more", "go that it has no more")
	}
	return line
}

// count writes a number with what it counts.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
