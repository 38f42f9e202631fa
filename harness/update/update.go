// Package update brings a newer version of the workbook into a learner's copy without losing a line of theirs. The
// command update uses it.
//
// Whose a file is decides what becomes of it. The workbook's files are all that its commits have, save the Go files in
// lessons/ that are no tests: those are the learner's as soon as they are not a stub that we derived. Everything else
// that lies about is the learner's, too. After an update each file of the workbook is to the byte that of the newer
// version; one that the learner has edited is beside it, under a name like that of a reset. The learner's files are as
// they were, and where the stub that they began with has changed, that is shown as a diff. So there is no conflict,
// ever: nothing is merged within a file.
//
// For git it looks as if the learner had pulled. Without commits of their own, the branch goes forward to the newer
// commit, and no commit is made. With commits, a merge commit joins both sides, its tree made by the rule above. In
// both cases git status names what the learner has not committed and nothing else, git log tells the truth, and the
// next update finds what it starts from as the last commit that both sides share, also when a git pull came between.
// What is staged of the learner's files stays staged. (If the branch did not move, the whole update would
// stand as staged, and a file of ours would have to name the base of the next one, which a clone or a reset makes wrong.)
//
// It goes one way: from the commits between which it goes (resolve.go) over both sides as they are (read.go) to whose
// each file is (decide.go), what is to be done on the disk (plan.go), and the steps that do it (apply.go). The newer
// files are written to a folder of their own first, so that a full disk or a lost connection changes nothing. Then each
// comes into its place in one move, the index follows, and last the branch. Until then a ref of ours names the target: an
// update that is run after a crash knows by it which files are of the earlier one, and finishes.
//
// No two updates of one copy may run at once.
package update

import (
	"context"
	"errors"
	"io"
	"time"
)

// Options is what an update may be told.
type Options struct {
	// From is where the newer workbook is: a remote's name, a URL, a folder, a bundle. "" is the remote upstream, or
	// else the one that the branch tracks, or else origin.
	From string
	// DryRun says what would happen, and changes no file.
	DryRun bool
}

// Run brings the newest workbook that there is into the one in root, which is absolute, and writes to w what it does,
// a line for each thing. It reports whether it has brought something. When ctx ends before the first file has changed,
// nothing has; later it does not stop any more. Its errors are sentences for the learner.
func Run(ctx context.Context, root string, o Options, w io.Writer) (changed bool, err error) {
	return run(ctx, root, o, w, func(string) error { return nil })
}

// run is Run with a say in each step.
func run(ctx context.Context, root string, o Options, w io.Writer, before func(step string) error) (changed bool, err error) {
	g, out := git{dir: root}, report{w}
	at, err := g.resolve(ctx, out, o.From)
	if err != nil {
		return false, err
	}
	if at.base == at.target {
		out.line("nothing", "to do: your workbook is up to date")
		return false, errors.Join(g.endJournal(ctx), g.clear()) // of an update that was stopped at its very end
	}
	if err := g.clear(); err != nil {
		return false, err
	}
	defer g.clear()
	s, err := g.read(ctx, at)
	if err != nil {
		return false, err
	}
	p := s.plan(time.Now())
	out.plan(p)
	if o.DryRun {
		out.line("dry run", "nothing was changed")
		return false, nil
	}
	if err := p.apply(ctx, before); err != nil {
		return false, err
	}
	out.line("done", "%s; git status lists your uncommitted work", at.outcome())
	return true, nil
}
