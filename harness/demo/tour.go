package demo

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// tourLimit ends a tour that is stuck.
const tourLimit = 30 * time.Second

// The lessons that have a part in the tour.
const (
	framingLesson  = "01-framing"
	flushingLesson = "02-flushing"
	parsingLesson  = "03-parsing"
)

// A Tour is the guided demo: a server and a client in one process, over a real
// socket, and every byte between them on show, with the lesson that built each
// part. It ends by itself. A Tour is for one Run.
type Tour struct {
	Out    io.Writer
	Colour bool
	Pause  time.Duration // before each scene but the first, to read the last one
	Yours  []string      // the lessons whose code is the learner's: "01-framing"

	paper *paper
	stage *stage
}

// A scene is one part of the story.
type scene struct {
	title string
	words []string // what to look at, in a line or two
	play  func(*Tour) ([]row, error)
	parts []credits
}

// credits say who built what is seen in the two columns, left and right.
type credits [2]credit

// A credit says what a lesson's code has done: "framed".
type credit struct{ verb, lesson string }

// Run plays the tour, until its end or ctx's.
func (t *Tour) Run(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, tourLimit)
	defer cancel()
	if t.stage, err = newStage(ctx); err != nil {
		return err
	}
	defer t.stage.close()
	t.paper = &paper{w: t.Out, colour: t.Colour}

	t.prologue()
	for i, s := range scenes {
		if i > 0 && !t.rest(ctx) {
			return fmt.Errorf("the tour was stopped: %w", ctx.Err())
		}
		if err := t.show(i+1, s); err != nil {
			return fmt.Errorf("scene %d of the tour, %q: %w", i+1, s.title, err)
		}
	}
	t.epilogue()
	return t.paper.err
}

// rest gives time to read. It returns false if ctx ended.
func (t *Tour) rest(ctx context.Context) bool {
	select {
	case <-time.After(t.Pause):
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// prologue says what is seen, and where.
func (t *Tour) prologue() {
	t.paper.line("A server and a client in one process, talking over " + t.stage.addr + ".")
	t.paper.line("")
	t.paper.rows(bold, []row{{"on the wire (␊ is a line feed)", "what the client makes of it"}})
}

// show plays one scene and writes what was seen of it.
func (t *Tour) show(number int, s scene) error {
	rows, err := s.play(t)
	if err != nil {
		return err
	}
	t.paper.line("")
	t.paper.line(t.paper.set(bold, fmt.Sprintf("%d · %s", number, s.title)))
	for _, words := range s.words {
		t.paper.line("    " + words)
	}
	t.paper.rows(plain, rows)
	for _, c := range s.parts {
		t.paper.rows(faint, []row{{t.by(c[0]), t.by(c[1])}})
	}
	return nil
}

// by spells a credit out: "framed by lesson 01 (reference)".
func (t *Tour) by(c credit) string {
	if c.lesson == "" {
		return ""
	}
	number, _, _ := strings.Cut(c.lesson, "-")
	return fmt.Sprintf("%s by lesson %s (%s)", c.verb, number, t.owner(c.lesson))
}

// owner says whose code of a lesson runs.
func (t *Tour) owner(lesson string) string {
	if slices.Contains(t.Yours, lesson) {
		return "yours"
	}
	return "reference"
}

// epilogue says what to do next.
func (t *Tour) epilogue() {
	t.paper.line("")
	t.paper.line(t.paper.set(bold, "That was all of it: three lessons, and the bytes between them."))
	for _, lesson := range []string{framingLesson, flushingLesson, parsingLesson} {
		owner := t.owner(lesson)
		if owner == "yours" {
			owner = t.paper.set(green, owner)
		}
		t.paper.line(fmt.Sprintf("  %-14s%s", lesson, owner))
	}
	t.paper.line("Where you are, and what is next:  go run ./harness")
	t.paper.line("The same in your browser:         go run ./harness basic-sse-server")
}
