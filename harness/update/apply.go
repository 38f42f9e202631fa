package update

import (
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
	// staging is where the newer files are written first, under the root: a full disk is met there.
	staging = ".workbook/update"
)

// An updater carries out a plan.
type updater struct {
	git
	room *room
	plan *plan
	// before is asked before each change; an error of its stops everything at once, as a crash would. Tests set it.
	before func(change string) error
}

// apply carries out the plan. Up to the first change in the learner's files, ctx can stop it; from then on it goes
// through, since a workbook of which one half is new may not even compile. If it does not get to its end, what is
// there can be planned and applied anew: each change leaves a state that the next plan understands.
func (u updater) apply(ctx context.Context) error {
	defer u.clear()
	if err := u.clear(); err != nil {
		return err
	}
	commit, err := u.stage(ctx)
	if err != nil {
		return err
	}
	if err := u.before("journal"); err != nil {
		return err
	}
	if _, err := u.run(ctx, "update-ref", journal, u.plan.target); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	setBranch := func(ctx context.Context) error { return u.setBranch(ctx, commit) }
	for _, part := range []func(context.Context) error{u.clearOut, u.putAside, u.saveStaged, u.putInPlace, u.setIndex, setBranch} {
		if err := part(ctx); err != nil {
			return fmt.Errorf("%w; nothing is lost, and running this again goes on from here", err)
		}
	}
	return nil
}

// clear removes what was staged, of this update or of one that crashed.
func (g git) clear() error {
	if err := os.RemoveAll(filepath.Join(g.dir, filepath.FromSlash(staging))); err != nil {
		return fmt.Errorf("making room for the newer files, perhaps since another update is at work: %w; nothing is changed", err)
	}
	if folder := filepath.Join(g.dir, path.Dir(staging)); isFolder(folder) {
		os.Remove(folder) // only if nothing else is in it
	}
	return nil
}

// stage writes the newer files, all of them and complete, where they are in nobody's way, and makes the commit that
// the branch is going to be at: the target itself where the learner has none of their own.
func (u updater) stage(ctx context.Context) (commit string, err error) {
	if err := u.before("stage"); err != nil {
		return "", err
	}
	if u.index, err = u.gitPath(ctx, "workbook-index"); err != nil {
		return "", err
	}
	defer os.Remove(u.index)
	if _, err := u.run(ctx, "read-tree", u.plan.target); err != nil {
		return "", err
	}
	list := strings.Join(u.plan.write, "\x00")
	if _, err := u.feed(ctx, list, "checkout-index", "--prefix="+staging+"/", "-z", "--stdin"); err != nil {
		return "", fmt.Errorf("writing the newer files: %w; nothing is changed", err)
	}
	if u.plan.head == u.plan.base {
		return u.plan.target, nil
	}
	return u.merge(ctx)
}

// merge commits the newer state with the learner's files in it, as a merge of the two branches.
func (u updater) merge(ctx context.Context) (commit string, err error) {
	if err := u.indexChanges(ctx, u.plan.own); err != nil {
		return "", err
	}
	files, err := u.line(ctx, "write-tree")
	if err != nil {
		return "", err
	}
	args := []string{"commit-tree", files, "-p", u.plan.head, "-p", u.plan.target, "-m", "Bring in the newer workbook"}
	if _, err := u.line(ctx, "var", "GIT_COMMITTER_IDENT"); err != nil { // nobody has told git who they are
		args = append([]string{"-c", "user.name=workbook", "-c", "user.email=workbook@localhost"}, args...)
	}
	return u.line(ctx, args...)
}

// indexChanges makes changes in the index.
func (u updater) indexChanges(ctx context.Context, changes tree) error {
	none := strings.Repeat("0", len(u.plan.target))
	_, err := u.feed(ctx, indexInfo(changes, none), "update-index", "-z", "--index-info")
	return err
}

// saveStaged copies what the learner has staged of the workbook's files and has nowhere else.
func (u updater) saveStaged(ctx context.Context) error {
	for _, file := range sorted(u.plan.staged) {
		if err := u.before("save " + file); err != nil {
			return err
		}
		text, err := u.run(ctx, "cat-file", "blob", ":"+file)
		if err != nil {
			return err
		}
		if err := create(u.on(u.plan.staged[file]), text); err != nil {
			return fmt.Errorf("keeping what you have staged: %w", err)
		}
	}
	return nil
}

// create writes a file that must not exist yet.
func create(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Sync(), file.Close())
}

// clearOut removes the files that are the workbook's no more, and the folders that they leave empty.
func (u updater) clearOut(context.Context) error {
	files := slices.Sorted(slices.Values(u.plan.remove))
	for _, file := range slices.Backward(files) { // a folder's files before the folder
		if err := u.before("remove " + file); err != nil {
			return err
		}
		if err := u.stillOurs(file); err != nil {
			return err
		}
		if err := os.Remove(u.on(file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing a file that the newer workbook has no more: %w", err)
		}
		for folder := path.Dir(file); folder != "."; folder = path.Dir(folder) {
			if os.Remove(u.on(folder)) != nil {
				break // there is more in it
			}
		}
	}
	return nil
}

// stillOurs refuses where the learner has saved a file since it was planned to go.
func (u updater) stillOurs(file string) error {
	now, err := look(u.on(file))
	if err == nil && now.file() && !u.room.ours(file, now.text) {
		err = fmt.Errorf("%s was saved just now", file)
	}
	return err
}

// putAside gives another name to what is not the workbook's where its files belong.
func (u updater) putAside(context.Context) error {
	for _, file := range sorted(u.plan.aside) {
		if err := u.before("aside " + file); err != nil {
			return err
		}
		name := u.plan.aside[file]
		if _, err := os.Lstat(u.on(name)); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("keeping your file %s: %s is taken", file, name) // since it was planned
		}
		if err := os.Rename(u.on(file), u.on(name)); err != nil {
			return fmt.Errorf("keeping your file: %w", err)
		}
	}
	return nil
}

// putInPlace moves the staged files to where they belong, each in one move: a file is the earlier one or the newer.
func (u updater) putInPlace(context.Context) error {
	for _, file := range u.plan.write {
		if err := u.before("write " + file); err != nil {
			return err
		}
		if err := u.stillOurs(file); err != nil {
			return err
		}
		err := os.MkdirAll(filepath.Dir(u.on(file)), 0o755)
		if err == nil {
			err = os.Rename(u.on(staging+"/"+file), u.on(file))
		}
		if err != nil {
			return fmt.Errorf("putting a newer file in its place: %w", err)
		}
	}
	return nil
}

// setIndex has the index follow.
func (u updater) setIndex(ctx context.Context) error {
	if err := u.before("index"); err != nil {
		return err
	}
	if err := u.indexChanges(ctx, u.plan.index); err != nil {
		return err
	}
	_, err := u.run(ctx, "update-index", "-q", "--refresh")
	if _, differ := errors.AsType[*gitError](err); differ {
		return nil // some files are not as staged: those that the learner has changed
	}
	return err
}

// setBranch has the learner's branch follow, or HEAD where it is on none. The journal ends with that.
func (u updater) setBranch(ctx context.Context, commit string) error {
	if err := u.before("branch"); err != nil {
		return err
	}
	if _, err := u.run(ctx, "update-ref", "-m", "update: a newer workbook", "HEAD", commit, u.plan.head); err != nil {
		return err
	}
	if err := u.before("end"); err != nil {
		return err
	}
	_, err := u.run(ctx, "update-ref", "-d", journal)
	return err
}

// on returns where a path of the workbook is on the disk.
func (u updater) on(path string) string { return filepath.Join(u.dir, filepath.FromSlash(path)) }
