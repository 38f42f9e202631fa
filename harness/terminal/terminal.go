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

// A Terminal shows where the learner is to somebody who works in a terminal, or
// writes it as plain lines.
type Terminal struct {
	Source  Source
	Root    string           // the workbook's folder
	Lessons []catalog.Lesson // all of them
	Out     io.Writer
	URL     string // of the home page; "" for none
	NoPage  string // why there is none; "" if nobody wants it

	// What TakeKeys sets. Without keys, what is written are plain lines without an
	// escape code.
	keys    io.Reader                    // what is pressed, where each key comes by itself
	size    func() (width, height int)   // how many columns and lines there are
	resized <-chan os.Signal             // size has changed; nil: nothing says so
	colour  bool                         // with escape codes for colours
	lend    func(use func() error) error // gives the terminal to another program while use runs

	ctx  context.Context // Run's, for what a key starts
	view view
	quit bool // somebody has had enough
}

// A Source says where the learner is, as a [watch.Watcher] does.
type Source interface {
	// Latest returns the latest snapshot, and a channel that is closed by the next.
	Latest() (watch.Snapshot, <-chan struct{})
	// Rerun runs lessons again, as if they had been saved.
	Rerun(...catalog.Lesson)
}

// Run shows what happens until ctx ends, or somebody quits. It runs no tests. It is
// called once.
func (t *Terminal) Run(ctx context.Context) error {
	t.view = view{root: t.Root, lessons: t.Lessons, page: t.page(), width: plainWidth, style: style{t.colour}, keys: t.keys != nil}
	if t.keys == nil {
		return t.plain(ctx)
	}
	t.ctx = ctx
	pressed, again, end := readKeys(ctx, t.keys)
	defer end()
	for !t.quit {
		now, changed := t.Source.Latest()
		t.view.follow(now)
		width, height := t.size()
		var screen string
		screen, t.view.scroll = t.view.fit(width, height)
		if err := t.draw(screen); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-t.resized:
		case keys, ok := <-pressed:
			if !ok {
				return nil
			}
			for _, k := range keys {
				t.press(k)
			}
			if !t.quit { // then nobody ends the read: once an editor has had the terminal, a deadline does not
				again <- struct{}{}
			}
		}
	}
	return t.write("\r\nwatch has stopped\r\n") // the last screen stays, and looks as if it ran on
}

// page says where the home page is, or why there is none; "" if nobody wants it.
func (t *Terminal) page() string {
	switch {
	case t.URL != "":
		return "home page " + t.URL
	case t.NoPage != "":
		return "no home page: " + t.NoPage
	}
	return ""
}

// plain writes each run's beginning and end, one after the other.
func (t *Terminal) plain(ctx context.Context) error {
	text := "watching lessons/ · Ctrl-C stops\n"
	if page := t.page(); page != "" {
		text += page + "\n"
	}
	if err := t.write(text + "\n" + t.view.screen()); err != nil {
		return err
	}
	for {
		now, changed := t.Source.Latest()
		if err := t.write(t.view.since(now)); err != nil {
			return err
		}
		t.view.now = now
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

// since returns what has begun or ended since the last snapshot, in plain lines.
func (v view) since(now watch.Snapshot) string {
	before, shown := v.now, v.screen()
	v.now = now
	switch {
	case now.Running && now.Lesson != "" && (!before.Running || now.Lesson != before.Lesson):
		return fmt.Sprintf("\nlesson %s · running …\n", now.Lesson)
	case !now.Running && !before.Running && now.N == before.N+1 && v.screen() == shown:
		return "" // the race detector has changed nothing here
	case !now.Running && now.N > before.N:
		return "\n" + v.screen()
	}
	return ""
}

// Codes that a terminal understands: go to the first line; clear the rest of the line;
// clear what is below.
const (
	toTop     = "\x1b[H"
	clearLine = "\x1b[K"
	clearRest = "\x1b[J"
)

// draw writes the screen over the one before, in one write, so that nothing
// flickers.
func (t *Terminal) draw(screen string) error {
	screen = strings.ReplaceAll(screen, "\n", clearLine+"\r\n") // the terminal does not add the \r
	return t.write(toTop + screen + clearRest)
}

func (t *Terminal) write(text string) error {
	if _, err := io.WriteString(t.Out, text); err != nil {
		return fmt.Errorf("showing the lessons: %w", err)
	}
	return nil
}
