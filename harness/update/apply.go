package update

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// journal is the ref under which the target of an update stands until the update is complete.
	journal = "refs/workbook/updating"
	// staging is the folder, under the root, of what nobody is to see. The newer files are written there first: a full
	// disk is met there.
	staging     = ".workbook/update"
	newerFiles  = staging + "/newer/"
	scratchFile = staging + "/index"
)

// apply carries out the plan. Up to the first change in the learner's files, ctx can stop it; from then on it goes
// through, since a workbook of which one half is new may not even compile. An error of before, which is asked before
// each change on the disk and in git, stops everything at once, as a crash would: tests have one.
func (p *plan) apply(ctx context.Context, before func(change string) error) error {
	if err := before("stage"); err != nil {
		return err
	}
	commit, err := p.stage(ctx)
	if err != nil {
		return err
	}
	if err := before("journal"); err != nil {
		return err
	}
	if err := p.updateRef(ctx, journal, p.at.target); err != nil {
		return err
	}
	if err := p.changeAll(context.WithoutCancel(ctx), commit, before); err != nil {
		return fmt.Errorf("%w; nothing is lost: run this again to continue", err)
	}
	return nil
}

// changeAll makes all changes, up to the first that fails: in the learner's files, then in their index, and last their
// branch is at the commit. After each of them, what is there can be planned and applied anew.
func (p *plan) changeAll(ctx context.Context, commit string, before func(change string) error) (err error) {
	do := func(name string, change func() error) {
		if err == nil {
			err = before(name)
		}
		if err == nil {
			err = change()
		}
	}
	for _, file := range slices.Backward(p.remove) { // a folder's files before the folder
		do("remove "+file, func() error { return p.removeFile(file) })
	}
	for _, b := range p.aside {
		do("aside "+b.path, func() error { return p.putAside(b) })
	}
	for _, b := range p.save {
		do("save "+b.path, func() error { return p.putInPlace(b.name) })
	}
	for _, file := range p.write {
		do("write "+file, func() error { return p.putInPlace(file) })
	}
	do("index", func() error { return p.setIndex(ctx, commit) })
	do("branch", func() error { // if it is still where it was
		return p.updateRef(ctx, "-m", "update: a newer workbook", "HEAD", commit, p.at.head)
	})
	do("end", func() error { return p.endJournal(ctx) })
	return err
}

// stage writes the newer files, all of them and complete, where they are in nobody's way, with the copies of what is
// staged, and makes the commit that the branch is going to be at.
func (p *plan) stage(ctx context.Context) (commit string, err error) {
	scratch := p.scratch()
	if _, err := scratch.run(ctx, "read-tree", p.at.target); err != nil {
		return "", err
	}
	files, copies := slices.Clone(p.write), make(tree)
	for _, b := range p.save {
		files, copies[b.name] = append(files, b.name), p.index[b.path]
	}
	if err := scratch.changeIndex(ctx, copies); err != nil {
		return "", err
	}
	list := strings.Join(files, "\x00")
	if _, err := scratch.runWithInput(ctx, list, "checkout-index", "--prefix="+newerFiles, "-z", "--stdin"); err != nil {
		return "", fmt.Errorf("writing the newer files: %w; nothing was changed", err)
	}
	return p.commit(ctx)
}

// commit returns the target where the learner has no commits of their own, or else a merge of both sides.
func (p *plan) commit(ctx context.Context) (string, error) {
	if p.at.head == p.at.base {
		return p.at.target, nil
	}
	scratch := p.scratch()
	if _, err := scratch.run(ctx, "read-tree", "--empty"); err != nil {
		return "", err
	}
	if err := scratch.changeIndex(ctx, p.becomes(p.head)); err != nil {
		return "", err
	}
	files, err := scratch.run(ctx, "write-tree")
	if err != nil {
		return "", err
	}
	args := []string{"commit-tree", files, "-p", p.at.head, "-p", p.at.target, "-m", "Bring in the newer workbook"}
	if _, err := p.run(ctx, "var", "GIT_COMMITTER_IDENT"); err != nil { // nobody has told git who they are
		args = append([]string{"-c", "user.name=workbook", "-c", "user.email=workbook@localhost"}, args...)
	}
	return p.run(ctx, args...)
}

// removeFile removes a file that is the workbook's no more, and the folders that it leaves empty.
func (p *plan) removeFile(file string) error {
	if err := p.unchanged(file); err != nil {
		return err
	}
	if err := os.Remove(p.on(file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing a file that the newer workbook no longer has: %w", err)
	}
	for folder := path.Dir(file); folder != "."; folder = path.Dir(folder) {
		if os.Remove(p.on(folder)) != nil {
			break // there is more in it
		}
	}
	return nil
}

// putAside gives another name to what is not the workbook's where its files belong.
func (p *plan) putAside(b backup) error {
	if _, err := os.Lstat(p.on(b.name)); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("keeping your file %s: %s is taken", b.path, b.name) // since it was planned
	}
	if err := os.Rename(p.on(b.path), p.on(b.name)); err != nil {
		return fmt.Errorf("keeping your file: %w", err)
	}
	return nil
}

// putInPlace moves a file to where it belongs, in one move: what is there is the earlier one or the newer.
func (p *plan) putInPlace(file string) error {
	if err := p.unchanged(file); err != nil {
		return err
	}
	name := p.on(file)
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if isFolder(name) {
		err = os.Remove(name) // an empty one: what was in it is aside
	}
	if err == nil {
		err = os.Rename(p.on(newerFiles+file), name)
	}
	if err != nil {
		return fmt.Errorf("putting a newer file in its place: %w", err)
	}
	return nil
}

// unchanged refuses where the learner has saved a file since the update was planned.
func (p *plan) unchanged(file string) error {
	now, err := os.Lstat(p.on(file))
	if err != nil || now.IsDir() {
		return nil
	}
	if had := p.seen[file]; had == nil || !had.ModTime().Equal(now.ModTime()) || had.Size() != now.Size() {
		return fmt.Errorf("%s was saved just now", file)
	}
	return nil
}

// setIndex has the index follow a commit, all but what is staged and stays.
func (p *plan) setIndex(ctx context.Context, commit string) error {
	branch, err := p.treeOf(ctx, commit)
	if err != nil {
		return err
	}
	changes := make(tree)
	for _, paths := range []tree{p.index, branch} {
		for path := range paths {
			if now, want := p.index[path], branch[path]; now != want && !p.staysStaged(path) {
				changes[path] = cmp.Or(want, entry{"0", now.sum})
			}
		}
	}
	return p.changeIndex(ctx, changes)
}

// updateRef changes a ref.
func (g git) updateRef(ctx context.Context, args ...string) error {
	_, err := g.run(ctx, append([]string{"update-ref"}, args...)...)
	return err
}

// endJournal says that no update is under way.
func (g git) endJournal(ctx context.Context) error { return g.updateRef(ctx, "-d", journal) }

// scratch is git with an index that is nobody's, in the folder of what nobody is to see.
func (g git) scratch() git { return git{g.dir, g.on(scratchFile)} }

// clear removes the folder of what nobody is to see, with what a crash has left in it.
func (g git) clear() error {
	if err := os.RemoveAll(g.on(staging)); err != nil {
		return fmt.Errorf("making room for the newer files (is another update running?): %w; nothing was changed", err)
	}
	if parent := g.on(path.Dir(staging)); isFolder(parent) {
		os.Remove(parent) // only if nothing else is in it
	}
	return nil
}

// isFolder tells whether a folder is at a place of the disk, and no link to one.
func isFolder(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && info.IsDir()
}
