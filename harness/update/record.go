package update

import (
	"context"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"example.com/sseworkbook/harness/stub"
)

// committed finds what of the learner's commits stays in the new state of their branch: all that is not the workbook's.
// A learner without commits of their own has nothing there.
func (g git) committed(ctx context.Context, r *room, p *plan) error {
	if p.head == p.base {
		return nil
	}
	paths := r.paths()
	for path, theirs := range r.head {
		stays := p.keeps(path) || !paths[path]
		if isAnswer(path) && theirs != r.base[path] && !stays {
			text, err := g.textOf(ctx, theirs)
			if err != nil {
				return err
			}
			stays = !r.ours(path, []byte(text))
		}
		if stays && theirs != r.target[path] && !r.target.blocks(path) {
			p.own[path] = theirs
		}
	}
	for path := range r.base {
		split := isAnswer(path) && !r.head[path].there() && r.target[path].there()
		if split && !slices.Contains(p.write, path) {
			p.own[path] = entry{}
		}
	}
	return nil
}

// after returns the files of the state that the learner's branch gets.
func (p *plan) after(r *room) tree {
	files := make(tree)
	for path, e := range r.target {
		files[path] = e
	}
	for path, e := range p.own {
		if files[path] = e; !e.there() {
			delete(files, path)
		}
	}
	return files
}

// indexed finds what changes in the index: what the learner has not staged follows the branch, and so do the
// workbook's files, for which git itself takes away what is staged in their way. What else they have staged of their own
// stays as it is.
func (p *plan) indexed(r *room, stamp string) {
	after, paths := p.after(r), r.paths()
	known := make(map[string]bool)
	for _, state := range []tree{r.head, after, r.broken} {
		for path := range state {
			known[path] = true
		}
	}
	for path := range known {
		now, want := r.index[path], after[path]
		if now == want {
			continue
		}
		if theirs := now != r.head[path] && !r.isState(path, now); theirs {
			if isAnswer(path) || p.keeps(path) || !paths[path] {
				continue
			}
			if now.there() && !now.is(r.had[path].text) {
				p.staged[path] = r.free(path + stamp)
			}
		}
		p.index[path] = want
	}
}

// isState tells whether the index has at path what it has in a state of the workbook's.
func (r *room) isState(path string, now entry) bool {
	return now.there() && (now == r.base[path] || now == r.target[path] || now == r.broken[path])
}

// compare finds the stubs and the tests that have changed.
func (g git) compare(ctx context.Context, r *room, p *plan, works map[string][]string) error {
	known := lessonsOf(r.base)
	for path, now := range r.target {
		before, lesson := r.base[path], lessonOf(path)
		if isGiven(path) {
			if err := g.givenAlready(ctx, r, p, path, answers(works[lesson], lesson)); err != nil {
				return err
			}
		}
		if lesson == "" || before == now {
			continue
		}
		if known[lesson] && (strings.HasSuffix(path, "_test.go") || isGiven(path)) {
			p.tests = append(p.tests, lesson)
		}
		if !isAnswer(path) || len(answers(works[lesson], lesson)) == 0 {
			continue
		}
		old, err := g.textOf(ctx, before)
		if err != nil {
			return err
		}
		text, err := g.textOf(ctx, now)
		if err != nil {
			return err
		}
		p.stubs = append(p.stubs, changed{path, old, text})
	}
	slices.Sort(p.tests)
	p.tests = slices.Compact(p.tests)
	slices.SortFunc(p.already, func(a, b already) int { return strings.Compare(a.file, b.file) })
	slices.SortFunc(p.stubs, func(a, b changed) int { return strings.Compare(a.file, b.file) })
	return nil
}

// givenAlready finds what the learner's files of a lesson declare that it gives now, in the file called given.
func (g git) givenAlready(ctx context.Context, r *room, p *plan, given string, files []string) error {
	if len(files) == 0 {
		return nil
	}
	text, err := g.textOf(ctx, r.target[given])
	if err != nil {
		return err
	}
	for _, file := range files {
		had, err := r.at(file)
		if err != nil {
			return err
		}
		names, err := stub.GivenAlready([]byte(text), had.text)
		if err != nil {
			continue // it does not compile as it is, and the compiler will say why
		}
		if len(names) > 0 {
			p.already = append(p.already, already{file, given, names})
		}
	}
	return nil
}

// diff shows what has changed in the stub.
func (c changed) diff() string {
	text := string(diff.Diff("the stub that you started from", []byte(c.old), "the stub now", []byte(c.new)))
	_, text, _ = strings.Cut(text, "\n") // the line "diff a b" says nothing that the next two do not
	return text
}

// requirements are the modules that a go.mod asks for directly, with their versions.
func requirements(mod string) map[string]string {
	found := make(map[string]string)
	for line := range strings.Lines(mod) {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(words) >= 2 && strings.HasPrefix(words[1], "v") && !strings.Contains(line, "// indirect") {
			found[words[0]] = words[1]
		}
	}
	return found
}
