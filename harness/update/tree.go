package update

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// An entry is what git has at a path: the kind of file and the sum of its bytes. The zero entry is no file.
type entry struct{ mode, sum string }

// there tells whether there is a file.
func (e entry) there() bool { return e.sum != "" }

// is tells whether text is the entry's file. Line ends do not count: git, or an editor, may have changed them.
func (e entry) is(text []byte) bool {
	return e.there() && (blobSum(text, len(e.sum)) == e.sum || blobSum(unixLines(text), len(e.sum)) == e.sum)
}

// blobSum is the sum that git gives a file of these bytes, in a hex of that length: 40 for SHA-1, 64 for SHA-256.
func blobSum(text []byte, length int) string {
	blob := append(fmt.Appendf(nil, "blob %d\x00", len(text)), text...)
	if length == hex.EncodedLen(sha256.Size) {
		return fmt.Sprintf("%x", sha256.Sum256(blob))
	}
	return fmt.Sprintf("%x", sha1.Sum(blob))
}

// unixLines returns text with line feeds alone at its line ends.
func unixLines(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

// A tree is all files of a commit, or of an index, by their slash-separated paths.
type tree map[string]entry

// hasFolder tells whether a file lies in the folder of that path.
func (t tree) hasFolder(path string) bool {
	for file := range t {
		if strings.HasPrefix(file, path+"/") {
			return true
		}
	}
	return false
}

// blocks tells whether path cannot be beside what is in the tree: it is a folder there, or lies in what is a file there.
func (t tree) blocks(path string) bool {
	for i, c := range path {
		if c == '/' && t[path[:i]].there() {
			return true
		}
	}
	return t.hasFolder(path)
}

// treeOf returns the files of a commit.
func (g git) treeOf(ctx context.Context, commit string) (tree, error) {
	text, err := g.run(ctx, "ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return nil, fmt.Errorf("reading the files of commit %s: %w", commit, err)
	}
	return parseTree(text, 2), nil
}

// indexTree returns the files that are in the learner's index, without those of a merge that is not settled.
func (g git) indexTree(ctx context.Context) (tree, error) {
	text, err := g.run(ctx, "ls-files", "-s", "-z", "--full-name")
	if err != nil {
		return nil, fmt.Errorf("reading what is staged: %w", err)
	}
	return parseTree(text, 1), nil
}

// parseTree reads lines that end in NUL: words, a tab, the path. The first word is the mode; sumAt says which is the sum.
func parseTree(text string, sumAt int) tree {
	files := make(tree)
	for _, line := range strings.Split(text, "\x00") {
		words, path, ok := strings.Cut(line, "\t")
		if fields := strings.Fields(words); ok && len(fields) > sumAt {
			files[path] = entry{fields[0], fields[sumAt]}
		}
	}
	return files
}

// indexInfo writes changes as git update-index --index-info -z reads them.
func indexInfo(changes tree, none string) string {
	var b strings.Builder
	for _, gone := range []bool{true, false} { // first what makes room
		for path, e := range changes {
			switch {
			case gone && !e.there():
				fmt.Fprintf(&b, "0 %s\t%s\x00", none, path)
			case !gone && e.there():
				fmt.Fprintf(&b, "%s %s\t%s\x00", e.mode, e.sum, path)
			}
		}
	}
	return b.String()
}
