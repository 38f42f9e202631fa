package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/stub"
)

// newDiff returns the command that compares with the solution.
func newDiff() *command {
	return &command{
		use:   "diff [LESSON]",
		short: "Your code against the solution.",
		long: `Shows what would make the solution of your code: lines with - are yours, lines with + are the solution's.
All Go files in the lesson's folder count. Without a lesson, it is the one that is next. While a lesson is not
green, its answers are given away, and a warning says so first.`,
		args: lessonOrNext,
		run: func(cmd *command, args []string) error {
			book, result, err := openResult(cmd.ctx, args)
			if err != nil {
				return err
			}
			if result.Lesson.Name == "" {
				return errors.New("all lessons are done; which one? For example: " + program + " diff 1")
			}
			if !result.Done {
				fmt.Fprintf(cmd.stderr, "careful: lesson %s is not green yet, and this gives its answers away\n", result.Lesson.Name)
			}
			w := cmd.stdout
			text, err := book.diffText(result.Lesson, colours(w))
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(w, text)
			return err
		},
	}
}

// diffText returns what would make the solution of the learner's code, as a unified
// diff of all files, or a line that says that they are the same.
func (b workbook) diffText(lesson catalog.Lesson, colour bool) (string, error) {
	theirs, err := lesson.SolutionFiles()
	if err != nil {
		return "", err
	}
	yours, err := lesson.LearnerFiles()
	if err != nil {
		return "", err
	}
	names := []string{filepath.Base(lesson.File())} // this one first
	for _, file := range slices.Concat(yours, theirs) {
		if name := filepath.Base(file); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	var all strings.Builder
	for _, name := range names {
		text, err := b.diff(filepath.Join(lesson.Dir, name), filepath.Join(lesson.SolutionDir, name))
		if err != nil {
			return "", err
		}
		if colour {
			text = colourDiff(text)
		}
		all.WriteString(text)
	}
	if all.Len() == 0 {
		return fmt.Sprintf("lesson %s: your code is the solution, to the letter\n", lesson.Name), nil
	}
	return all.String(), nil
}

// diff compares a file of the learner's with the solution's, without what that says
// to the harness alone, also in a copy; "" if they are the same. One of them may not
// be there.
func (b workbook) diff(yours, solution string) (string, error) {
	before, yourName, err := b.side("yours", yours)
	if err != nil {
		return "", err
	}
	after, solutionName, err := b.side("solution", solution)
	if err != nil {
		return "", err
	}
	text := diff.Diff(yourName, before, solutionName, after)
	_, text, _ = bytes.Cut(text, []byte("\n")) // the line "diff a b" says nothing that the next two do not
	return string(text), nil
}

// side returns the text of a file and its name in a diff, which says whose it is.
func (b workbook) side(whose, path string) (text []byte, name string, err error) {
	name = whose + ": " + b.relative(path)
	text, err = os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, whose + ": no such file", nil
	case err != nil:
		return nil, "", fmt.Errorf("reading %s: %w", name, err)
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	return stub.WithoutDirectives(text), name, nil
}

// colourDiff sets the lines of the diff of one file off, by what they begin with.
// The first two are the names.
func colourDiff(text string) string {
	var out strings.Builder
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSuffix(line, "\n")
		switch {
		case n <= 2:
			line = bold.set(line)
		case strings.HasPrefix(line, "@@"):
			line = cyan.set(line)
		case strings.HasPrefix(line, "-"):
			line = red.set(line)
		case strings.HasPrefix(line, "+"):
			line = green.set(line)
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}
