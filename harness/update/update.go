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
// (To check out the newer files without moving the branch would have the whole update stand as staged, and the next
// one would have to be told its base by a file of ours, which a clone, a reset or another branch makes wrong.) What is
// staged of the learner's files stays staged.
//
// The newer files are written to a folder of their own first, so that a full disk or a lost connection changes nothing.
// Then each comes into its place in one move, the index follows, and last the branch. Until then a ref of ours names
// the target: an update that is run after a crash knows by it which files are of the earlier one, and finishes.
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

// run is Run with a say in each change.
func run(ctx context.Context, root string, o Options, w io.Writer, before func(change string) error) (changed bool, err error) {
	g, out := git{dir: root}, report{w}
	c, err := g.ask(ctx, out, o.From)
	if err != nil {
		return false, err
	}
	if c.base == c.target {
		out.line("nothing", "to do: you have all that it has")
		return false, g.tidy(ctx)
	}
	if err := g.news(ctx, out, c); err != nil {
		return false, err
	}
	p, room, err := g.plan(ctx, c, time.Now())
	if err != nil {
		return false, err
	}
	out.plan(p)
	if err := g.modules(ctx, out, room, p); err != nil {
		return false, err
	}
	if o.DryRun {
		out.line("dry run", "nothing is changed")
		return false, nil
	}
	if err := (updater{g, room, p, before}).apply(ctx); err != nil {
		return false, err
	}
	out.line("done", "%s", p.branch())
	return true, nil
}

// ask finds out where the newer workbook comes from, says so, gets it, and returns between which commits the update goes.
func (g git) ask(ctx context.Context, out report, name string) (commits, error) {
	if err := g.ready(ctx); err != nil {
		return commits{}, err
	}
	from, err := g.source(ctx, name)
	if err != nil {
		return commits{}, err
	}
	out.line("from", "%s", from.address)
	target, err := g.fetch(ctx, from)
	if err != nil {
		return commits{}, err
	}
	return g.between(ctx, target, from)
}

// tidy removes what an update has left that was stopped at its very end.
func (g git) tidy(ctx context.Context) error {
	_, err := g.run(ctx, "update-ref", "-d", journal)
	return errors.Join(err, g.clear())
}

// news says what there is to be had.
func (g git) news(ctx context.Context, out report, c commits) error {
	n, err := g.line(ctx, "rev-list", "--count", c.base+".."+c.target)
	if err != nil {
		return err
	}
	last, err := g.line(ctx, "log", "-1", "--format=%cs: %s", c.target)
	if err != nil {
		return err
	}
	commits := n + " commits, the last of "
	if n == "1" {
		commits = "1 commit, of "
	}
	out.line("newer", "%s%s", commits, last)
	return nil
}

// branch says what git has to say of it afterwards.
func (p *plan) branch() string {
	if p.head == p.base {
		return "your branch has gone forward; git status names what is yours"
	}
	return "a merge commit joins your commits and the workbook's; git status names what you have not committed"
}
