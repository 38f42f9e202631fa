package update

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
)

// A source is where the newer workbook comes from.
type source struct {
	name    string // as git takes it: a remote's name, a URL, an absolute path
	address string // as a person knows it: "origin (https://…)"
}

// commits are the states between which the update goes.
type commits struct {
	head        string // where the learner is
	detached    bool   // they are on no branch
	base        string // the workbook's state that they have: the last commit that both sides share
	target      string // the newer state
	interrupted string // the target of an earlier update that did not get to its end, or ""
}

// outcome says what has become of the learner's commits.
func (c commits) outcome() string {
	switch {
	case c.head != c.base:
		return "a merge commit joins your commits and the workbook's"
	case c.detached:
		return "HEAD moved forward; it is detached, so no branch did"
	}
	return "your branch moved forward"
}

// busyStates are those of a repository that somebody is in the middle of, by the file that git keeps then.
var busyStates = []struct{ file, sentence string }{
	{"MERGE_HEAD", "a merge is unfinished here: end it with git merge --abort or git commit"},
	{"rebase-merge", "a rebase is unfinished here: end it with git rebase --abort or --continue"},
	{"rebase-apply", "a rebase is unfinished here: end it with git rebase --abort or --continue"},
	{"CHERRY_PICK_HEAD", "a cherry-pick is unfinished here: end it with git cherry-pick --abort or --continue"},
	{"REVERT_HEAD", "a revert is unfinished here: end it with git revert --abort or --continue"},
	{"BISECT_LOG", "a bisect is unfinished here: end it with git bisect reset"},
	{"index.lock", "another git command is running here or has crashed: end it or remove .git/index.lock"},
}

// resolve finds out where the newer workbook comes from, says so, gets it, and returns between which commits the update goes.
func (g git) resolve(ctx context.Context, out report, name string) (commits, error) {
	if err := g.ready(ctx); err != nil {
		return commits{}, err
	}
	from, err := g.source(ctx, name)
	if err != nil {
		return commits{}, err
	}
	out.line("from", "%s", from.address)
	target, err := g.fetch(ctx, from)
	if failed, ok := errors.AsType[*gitError](err); ok {
		return commits{}, fmt.Errorf("cannot get a newer workbook from %s: %s; nothing was changed; "+
			"with -from, name another URL or the folder of a newer copy", from.address, failed.complaint)
	}
	if err != nil {
		return commits{}, err
	}
	return g.between(ctx, target, from)
}

// ready says why no update can be made here, whatever there is to get.
func (g git) ready(ctx context.Context) error {
	if _, err := exec.LookPath("git"); err != nil {
		return errors.New("update needs git, which is not in your PATH: install it (https://git-scm.com) and run this again")
	}
	elsewhere, err := g.run(ctx, "rev-parse", "--show-cdup") // the way to the folder at the top, if that is not this one
	if failed, ok := errors.AsType[*gitError](err); elsewhere != "" || ok && strings.Contains(failed.complaint, "not a git repository") {
		return errors.New("this copy of the workbook has no git history, as from a zip, so update cannot know what you started from: " +
			"git clone the workbook next to it, copy the files that you wrote into its lessons/, and continue there")
	}
	if err != nil {
		return err
	}
	folder, err := g.run(ctx, "rev-parse", "--absolute-git-dir")
	if err != nil {
		return err
	}
	for _, state := range busyStates {
		if _, err := os.Stat(filepath.Join(folder, state.file)); err == nil {
			return errors.New(state.sentence + ", then run this again")
		}
	}
	if open, err := g.run(ctx, "ls-files", "-u"); err != nil || open != "" {
		return errors.Join(err, errors.New("some files here have a git conflict (git status lists them): resolve it and run this again"))
	}
	return nil
}

// source finds out where the newer workbook comes from: what the learner says; else the remote that forks call
// upstream, since a fork itself gets nothing by itself; else the one that the branch tracks; else origin.
func (g git) source(ctx context.Context, name string) (source, error) {
	list, err := g.run(ctx, "remote")
	if err != nil {
		return source{}, err
	}
	remotes := strings.Fields(list)
	if name == "" {
		branch, _ := g.run(ctx, "symbolic-ref", "-q", "--short", "HEAD") // none where HEAD is detached
		tracked, _ := g.run(ctx, "config", "branch."+branch+".remote")
		candidates := []string{"upstream", tracked, "origin"}
		i := slices.IndexFunc(candidates, func(remote string) bool { return slices.Contains(remotes, remote) })
		if i < 0 {
			return source{}, errors.New("git has no remote here that might have a newer workbook: name a URL or a folder with -from")
		}
		name = candidates[i]
	}
	if slices.Contains(remotes, name) {
		url, err := g.run(ctx, "remote", "get-url", name)
		return source{name, fmt.Sprintf("%s (%s)", name, url)}, err
	}
	if _, err := os.Stat(name); err == nil {
		path, err := filepath.Abs(name)
		return source{path, name}, err
	}
	return source{name, name}, nil
}

// fetch gets the newest state of the source, which is that of its own HEAD, and returns its commit. Nothing of the
// learner's changes by that: not a file, and no branch but git's memory of the remote's.
func (g git) fetch(ctx context.Context, from source) (string, error) {
	heads, err := g.run(ctx, "ls-remote", "--symref", "--", from.name, "HEAD")
	if err != nil {
		return "", err
	}
	branch := "HEAD"
	if words := strings.Fields(heads); len(words) > 1 && words[0] == "ref:" {
		branch = words[1]
	}
	if _, err := g.run(ctx, "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--", from.name, branch); err != nil {
		return "", err
	}
	return g.run(ctx, "rev-parse", "FETCH_HEAD^{commit}")
}

// between finds the commits of an update to the target.
func (g git) between(ctx context.Context, target string, from source) (commits, error) {
	unrelated := fmt.Errorf("this copy shares no commit with %s, so update cannot know what you started from: git clone that one next to it, "+
		"and copy the files that you wrote into its lessons/", from.address)
	head, err := g.run(ctx, "rev-parse", "--verify", "-q", "HEAD^{commit}")
	if err != nil {
		return commits{}, unrelated
	}
	module, err := g.run(ctx, "show", target+":go.mod")
	if err != nil || !strings.Contains(module, catalog.Module) {
		return commits{}, fmt.Errorf("what %s has is not this workbook: its go.mod is not that of %s", from.address, catalog.Module)
	}
	base, err := g.run(ctx, "merge-base", head, target)
	if err != nil {
		return commits{}, unrelated
	}
	interrupted, _ := g.run(ctx, "rev-parse", "--verify", "-q", journal+"^{commit}")
	_, err = g.run(ctx, "symbolic-ref", "-q", "HEAD")
	return commits{head, err != nil, base, target, interrupted}, ctx.Err()
}
