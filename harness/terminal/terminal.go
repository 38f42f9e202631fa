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
	Page    string // what to say of the home page; "" for nothing

	// What TakeKeys sets. Without keys, what is written are plain lines without an
	// escape code.
	keys    io.Reader                  // what is pressed, where each key comes by itself
	size    func() (width, height int) // how many columns and lines there are
	resized <-chan os.Signal           // size has changed; nil: nothing says so
	colour  bool                       // with escape codes for colours

	view view
	quit bool // somebody has had enough
}

// A Source says where the learner is, as a [watch.Watcher] does.
type Source interface {
	// Latest returns the latest snapshot, and a channel that is closed by the next.
	Latest() (watch.Snapshot, <-chan struct{})
	// Rerun runs a lesson again, as if it had been saved.
	Rerun(catalog.Lesson)
}

// Run shows what happens until ctx ends, or somebody quits. It runs no tests. It is
// called once.
func (t *Terminal) Run(ctx context.Context) error {
	t.view = view{root: t.Root, lessons: t.Lessons, page: t.Page, width: plainWidth, style: style{t.colour}, keys: t.keys != nil}
	if t.keys == nil {
		return t.plain(ctx)
	}
	pressed, end := readKeys(ctx, t.keys)
	defer end()
	for !t.quit {
		now, changed := t.Source.Latest()
		t.view.follow(now)
		width, height := t.size()
		if err := t.draw(t.view.fit(width, height).screen(), height); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-t.resized:
		case k, ok := <-pressed:
			if !ok {
				return nil
			}
			t.press(k)
		}
	}
	return nil
}

// plain writes each run's beginning and end, one after the other.
func (t *Terminal) plain(ctx context.Context) error {
	text := "watching lessons/ · Ctrl-C stops\n"
	if t.Page != "" {
		text += t.Page + "\n"
	}
	if err := t.write(text + "\n" + t.view.main()); err != nil {
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
	before, shown := v.now, v.main()
	v.now = now
	switch {
	case now.Running && now.Lesson != "" && (!before.Running || now.Lesson != before.Lesson):
		return fmt.Sprintf("\nlesson %s · running …\n", now.Lesson)
	case !now.Running && !before.Running && now.N == before.N+1 && v.main() == shown:
		return "" // the race detector has changed nothing here
	case !now.Running && now.N > before.N:
		return "\n" + v.main()
	}
	return ""
}

// Codes that a terminal understands: go to the first line, or clear all and go
// there; clear the rest of the line; clear what is below.
const (
	toTop     = "\x1b[H"
	clearAll  = "\x1b[2J\x1b[H"
	clearLine = "\x1b[K"
	clearRest = "\x1b[J"
)

// draw writes the screen over the one before, in one write, so that nothing
// flickers. What is higher than the terminal scrolls up, where it can be read.
func (t *Terminal) draw(screen string, height int) error {
	begin := toTop
	if lines(screen) > height {
		begin = clearAll
	}
	screen = strings.ReplaceAll(screen, "\n", clearLine+"\r\n") // the terminal does not add the \r
	return t.write(begin + screen + clearRest)
}

func (t *Terminal) write(text string) error {
	if _, err := io.WriteString(t.Out, text); err != nil {
		return fmt.Errorf("showing the lessons: %w", err)
	}
	return nil
}
