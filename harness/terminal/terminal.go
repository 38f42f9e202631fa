// Package terminal is the screen of the command watch, and what its keys do.
package terminal

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/watch"
)

// A Terminal shows where the learner is to somebody who works in a terminal, or writes it as
// plain lines.
type Terminal struct {
	Source  Source
	Root    string           // the workbook's folder
	Lessons []catalog.Lesson // all of them
	Out     io.Writer
	Colour  bool   // with escape codes for colours
	Page    string // what to say of the home page; "" for nothing

	// Keys are what is pressed, where each key comes by itself; nil: there are none,
	// and what is written are plain lines without an escape code for the screen.
	Keys io.Reader
	// Size returns how many columns and lines there are. It is needed with Keys.
	Size func() (width, height int)
	// Resized says that Size has changed; nil: nothing does.
	Resized <-chan os.Signal
	// Diff returns the learner's code against the solution. It is needed with Keys.
	Diff func(lesson catalog.Lesson, colour bool) (string, error)
}

// A Source says where the learner is, as a [watch.Watcher] does.
type Source interface {
	// Latest returns the latest snapshot, and a channel that is closed by the next.
	Latest() (watch.Snapshot, <-chan struct{})
	// Rerun runs a lesson again, as if it had been saved.
	Rerun(context.Context, catalog.Lesson)
}

// Run shows what happens until ctx ends, or somebody quits. It runs no
// tests. It is called once.
func (t *Terminal) Run(ctx context.Context) error {
	v := view{root: t.Root, lessons: t.Lessons, width: plainWidth, style: style{t.Colour}, page: t.Page}
	if t.Keys == nil {
		return t.plain(ctx, v)
	}
	v.keys = true
	pressed, end := keys(ctx, t.Keys)
	defer end()
	for running := false; ; {
		update, changed := t.Source.Latest()
		if update.Running && !running && update.Lesson != "" {
			v.pane, v.lesson, v.note = lessonPane, "", "" // a save brings its lesson up
		}
		running = update.Running
		width, height := t.Size()
		v.width = min(max(width, minWidth), plainWidth)
		if v.tight = false; lines(v.screen(update)) > height {
			v.tight = true
		}
		if err := t.draw(v.screen(update), height); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-t.Resized:
		case k, ok := <-pressed:
			if !ok || k == 'q' || k == keyCtrlC || k == keyCtrlD {
				return nil
			}
			v = t.press(ctx, v, update, k)
		}
	}
}

// plain writes each run's beginning and end, one after the other.
func (t *Terminal) plain(ctx context.Context, v view) error {
	fmt.Fprintln(t.Out, "watching lessons/ · Ctrl-C stops")
	if t.Page != "" {
		fmt.Fprintln(t.Out, t.Page)
	}
	fmt.Fprint(t.Out, "\n", v.main(watch.Snapshot{}))
	last := watch.Snapshot{Running: true}
	for {
		update, changed := t.Source.Latest()
		var text string
		switch began := update.Running && (!last.Running || update.Lesson != last.Lesson); {
		case began && update.Lesson != "":
			text = fmt.Sprintf("\nlesson %s · running …\n", update.Lesson)
		case !update.Running && update.N > last.N:
			text = "\n" + v.main(update)
		}
		if _, err := io.WriteString(t.Out, text); err != nil {
			return fmt.Errorf("showing the lessons: %w", err)
		}
		last = update
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

// Codes that a terminal understands: go to the first line, or clear all and go
// there; clear the rest of the line; clear what is below.
const (
	toTop     = "\x1b[H"
	clearAll  = "\x1b[2J\x1b[H"
	clearLine = "\x1b[K"
	clearRest = "\x1b[J"
)

// lines returns how many lines of a terminal a text takes, with the one below it, in
// which the cursor stands.
func lines(text string) int { return strings.Count(text, "\n") + 1 }

// draw writes the screen over the one before, in one write, so that nothing
// flickers. What is higher than the terminal scrolls up, where it can be read.
func (t *Terminal) draw(text string, height int) error {
	begin := toTop
	if lines(text) > height {
		begin = clearAll
	}
	text = strings.ReplaceAll(text, "\n", clearLine+"\r\n") // the terminal does not add the \r
	if _, err := io.WriteString(t.Out, begin+text+clearRest); err != nil {
		return fmt.Errorf("showing the lessons: %w", err)
	}
	return nil
}
