package update

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"example.com/sseworkbook/harness/stub"
)

// A plan is all that an update is going to do, found out before anything is touched. All paths are slash-separated and
// under the root.
type plan struct {
	commits
	write  []string          // files of the newer workbook that come into place
	remove []string          // files of the workbook that are as they were, and not in the newer one
	aside  map[string]string // what is not the workbook's where its files belong, and the name that it gets
	staged map[string]string // staged files of the workbook that are nowhere else, and the name of their copy
	own    tree              // the learner's files as committed, that differ from the newer workbook's
	index  tree              // what changes in the index
	// For the report:
	fresh    []string // lessons that are new
	gone     []gone   // lessons that are no more, or not under their name
	stubs    []changed
	tests    []string // lessons of which the tests, or what they give, have changed
	already  []already
	restored []string // files of the workbook that the learner had not
	learners []string // lessons with work of the learner's
}

// gone is a lesson that is not in the newer workbook.
type gone struct {
	name string
	now  string // what it is called there, or ""
	kept bool   // its folder stays, since the learner's work is in it
}

// changed is a stub that has changed, of a lesson in which the learner's work is.
type changed struct{ file, old, new string }

// already is a file of the learner's that declares what the newer workbook gives in a file of its own: Go takes each
// name only once.
type already struct {
	file, given string
	names       []string
}

// read reads the states between which the update goes, and the index.
func (g git) read(ctx context.Context, c commits) (*room, error) {
	r := &room{root: g.dir, broken: tree{}, had: make(map[string]thing)}
	var err error
	for to, commit := range map[*tree]string{&r.base: c.base, &r.head: c.head, &r.target: c.target, &r.broken: c.broken} {
		if commit == "" {
			continue
		}
		if *to, err = g.treeOf(ctx, commit); err != nil {
			return nil, err
		}
	}
	if r.index, err = g.indexTree(ctx); err != nil {
		return nil, err
	}
	for _, state := range []tree{r.base, r.target} {
		sums, err := g.textOf(ctx, state[stub.LedgerFile])
		if err != nil {
			return nil, err
		}
		r.ledger = append(r.ledger, sums...)
	}
	return r, nil
}

// textOf returns the bytes of a file that git has; none if there is no file.
func (g git) textOf(ctx context.Context, e entry) (string, error) {
	if !e.there() {
		return "", nil
	}
	return g.run(ctx, "cat-file", "blob", e.sum)
}

// plan finds out what an update has to do. Copies get now into their names.
func (g git) plan(ctx context.Context, c commits, now time.Time) (*plan, *room, error) {
	r, err := g.read(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	p := &plan{commits: c, aside: make(map[string]string), staged: make(map[string]string), own: make(tree), index: make(tree)}
	stamp := ".orig-" + now.Format("20060102-1504")
	if err := r.noLinks(); err != nil {
		return nil, nil, err
	}
	works, err := p.lessons(r)
	if err != nil {
		return nil, nil, err
	}
	for _, path := range slices.Sorted(maps.Keys(r.paths())) {
		if p.keeps(path) {
			continue
		}
		if err := p.place(r, path, works[lessonOf(path)], stamp); err != nil {
			return nil, nil, err
		}
	}
	if err := p.makeRoom(r, stamp); err != nil {
		return nil, nil, err
	}
	if err := g.committed(ctx, r, p); err != nil {
		return nil, nil, err
	}
	p.indexed(r, stamp)
	return p, r, g.compare(ctx, r, p, works)
}

// lessons finds the learner's work in each lesson, and what has become of the lessons.
func (p *plan) lessons(r *room) (works map[string][]string, err error) {
	works = make(map[string][]string)
	before, after := lessonsOf(r.base), lessonsOf(r.target)
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		others, err := r.others("lessons/" + name)
		if err != nil {
			return nil, err
		}
		work := written(others)
		works[name] = work
		if len(work) > 0 {
			p.learners = append(p.learners, name)
		}
		if !before[name] {
			p.fresh = append(p.fresh, name)
		}
		if !after[name] {
			p.gone = append(p.gone, gone{name, renamed(name, before, after), len(work) > 0})
		}
	}
	return works, nil
}

// renamed is the name of the new lesson of the same topic, "02-flushing" for "03-flushing", or "".
func renamed(name string, before, after map[string]bool) string {
	_, topic, _ := strings.Cut(name, "-")
	for other := range after {
		if _, its, _ := strings.Cut(other, "-"); its == topic && !before[other] {
			return other
		}
	}
	return ""
}

// keeps tells whether the file is in the folder of a lesson that is no more and stays as it is.
func (p *plan) keeps(path string) bool {
	lesson := lessonOf(path)
	return slices.ContainsFunc(p.gone, func(g gone) bool { return g.kept && g.name == lesson })
}

// place plans one file of the workbook's; work is what the learner has written in its lesson.
func (p *plan) place(r *room, path string, work []string, stamp string) error {
	had, err := r.at(path)
	if err != nil {
		return err
	}
	want, mine := r.target[path], had.file() && !r.ours(path, had.text)
	if isAnswer(path) && (mine || !had.file() && len(answers(work, lessonOf(path))) > 0) {
		return nil // the learner's, or left away by them
	}
	if mine {
		p.aside[path] = r.free(path + stamp)
	}
	switch {
	case want.is(had.text) && had.file(): // in place already
	case want.there():
		p.write = append(p.write, path)
		if r.base[path].there() && !had.there() {
			p.restored = append(p.restored, path)
		}
	case had.file() && !mine:
		p.remove = append(p.remove, path)
	}
	return nil
}

// makeRoom plans to put aside what else is in the way of the files to be written: a folder where a file belongs, or a
// file where a folder belongs. It refuses to write through a link, which may lead anywhere.
func (p *plan) makeRoom(r *room, stamp string) error {
	seen := make(map[string]bool)
	for _, file := range p.write {
		if had, err := r.at(file); err != nil {
			return err
		} else if had.mode.IsDir() {
			others, err := r.others(file)
			if err != nil {
				return err
			}
			if len(others) > 0 {
				p.aside[file] = r.free(file + stamp)
			} else {
				p.remove = append(p.remove, file)
			}
		}
		for folder := path.Dir(file); folder != "." && !seen[folder]; folder = path.Dir(folder) {
			seen[folder] = true
			had, err := r.at(folder)
			if err != nil {
				return err
			}
			if had.file() && !r.ours(folder, had.text) && p.aside[folder] == "" {
				p.aside[folder] = r.free(folder + stamp)
			}
		}
	}
	return nil
}

// free returns the name, or where that is taken, the name with a number after it.
func (r *room) free(name string) string {
	free := name
	for n := 2; ; n++ {
		if had, err := r.at(free); err == nil && !had.there() {
			r.had[free] = thing{text: []byte{}} // taken from now on
			return free
		}
		free = fmt.Sprintf("%s-%d", name, n)
	}
}
