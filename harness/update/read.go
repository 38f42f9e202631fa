package update

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/stub"
)

// The sides are the workbook's and the learner's, as they are before the update.
type sides struct {
	git
	at                        commits
	news                      []string // the newer commits, the last first
	base, target, interrupted tree     // the workbook's files, by its commits
	workbook                  tree     // all of these: what it has, or had
	head, index, disk         tree     // the learner's files as committed, as staged, and as they lie there
	// seen is what the disk says of the files that lie there, by which one that is saved meanwhile is known.
	seen          map[string]fs.FileInfo
	texts         map[string][]byte   // what is in answers, in what is given and in go.mod, by its sum
	stubs         map[string]bool     // the sums of those stubs of any time that the learner has
	folders       map[string]bool     // those in which the newer workbook has files
	before, after map[string]bool     // the lessons of base and of target
	work          map[string][]string // the learner's own files in each lesson, in order
}

// read reads both sides.
func (g git) read(ctx context.Context, at commits) (*sides, error) {
	s := &sides{git: g, at: at, workbook: make(tree), seen: make(map[string]fs.FileInfo), stubs: make(map[string]bool)}
	for _, read := range []func(context.Context) error{s.readCommits, s.readDisk, s.readTexts} {
		if err := read(ctx); err != nil {
			return nil, fmt.Errorf("looking at your files: %w", err)
		}
	}
	s.before, s.after, s.work = lessonsOf(s.base), lessonsOf(s.target), s.findWork()
	return s, nil
}

// readCommits reads what git has.
func (s *sides) readCommits(ctx context.Context) (err error) {
	treeOf := func(commit string) (files tree) {
		if err == nil && commit != "" {
			files, err = s.treeOf(ctx, commit)
		}
		return files
	}
	s.base, s.target, s.interrupted, s.head = treeOf(s.at.base), treeOf(s.at.target), treeOf(s.at.interrupted), treeOf(s.at.head)
	for _, files := range []tree{s.base, s.target, s.interrupted} {
		maps.Copy(s.workbook, files)
	}
	s.folders = foldersOf(s.target)
	if err != nil {
		return err
	}
	if s.index, err = s.indexTree(ctx); err != nil {
		return err
	}
	log, err := s.run(ctx, "log", "--format=%cs: %s", s.at.base+".."+s.at.target)
	s.news = strings.Split(log, "\n")
	return err
}

// readDisk has git read what has to do with the workbook, into an index of its own. Line ends do not count: an editor
// may have changed them.
func (s *sides) readDisk(ctx context.Context) error {
	if err := os.MkdirAll(s.on(staging), 0o755); err != nil {
		return err
	}
	scratch := s.scratch()
	if _, err := scratch.run(ctx, "read-tree", s.at.base); err != nil {
		return err
	}
	list, err := scratch.run(ctx, "ls-files", "-z", "--cached", "--others")
	if err != nil {
		return err
	}
	var paths strings.Builder
	folders := foldersOf(s.workbook)
	for path := range strings.SplitSeq(list, "\x00") {
		concerns := s.workbook[path].exists() || lessonOf(path) != "" || folders[path] || s.fileAbove(path) != ""
		if !concerns || strings.HasSuffix(path, "/") { // which is a repository of its own
			continue
		}
		info, err := os.Lstat(s.on(path))
		if err == nil && folders[path] && info.Mode()&fs.ModeSymlink != 0 { // what lies behind it may be anywhere
			return fmt.Errorf("%s is a link, and update does not write through links: replace it with the folder itself first", path)
		}
		s.seen[path] = info
		paths.WriteString(path + "\x00")
	}
	if _, err := scratch.runWithInput(ctx, paths.String(), "-c", "core.autocrlf=input", "-c", "core.safecrlf=false",
		"update-index", "--add", "--remove", "--replace", "-z", "--stdin"); err != nil {
		return err
	}
	s.disk, err = scratch.indexTree(ctx)
	return err
}

// readTexts reads the files of which the text counts, and finds the stubs among the learner's.
func (s *sides) readTexts(ctx context.Context) (err error) {
	var sums []string
	for _, files := range []tree{s.base, s.target, s.head, s.index, s.disk} {
		for path, e := range files {
			if isAnswer(path) || isGiven(path) || path == "go.mod" || path == stub.LedgerFile {
				sums = append(sums, e.sum)
			}
		}
	}
	if s.texts, err = s.textsOf(ctx, sums...); err != nil {
		return err
	}
	ledger := slices.Concat(s.text(s.base, stub.LedgerFile), s.text(s.target, stub.LedgerFile))
	for _, files := range []tree{s.head, s.index, s.disk} {
		for path, e := range files {
			s.stubs[e.sum] = s.stubs[e.sum] || isAnswer(path) && stub.IsStub(ledger, s.texts[e.sum])
		}
	}
	return nil
}

// text returns the bytes of one of the files that readTexts has read; none if there is no file.
func (s *sides) text(files tree, path string) []byte { return s.texts[files[path].sum] }

// on returns where a path of the workbook is on the disk.
func (g git) on(path string) string { return filepath.Join(g.dir, filepath.FromSlash(path)) }

// foldersOf returns the folders in which the files are, and those above, each with true.
func foldersOf(files tree) map[string]bool {
	all := make(map[string]bool)
	for file := range files {
		for folder := path.Dir(file); folder != "."; folder = path.Dir(folder) {
			all[folder] = true
		}
	}
	return all
}
