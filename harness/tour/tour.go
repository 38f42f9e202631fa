package tour

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
	framingLesson     = "01-framing"
	flushingLesson    = "02-flushing"
	parsingLesson     = "03-parsing"
	sessionsLesson    = "04-sessions"
	correlationLesson = "05-correlation"
	timeoutsLesson    = "06-timeouts"
	cleanupLesson     = "07-cleanup"

	reconnectionLesson = "08-reconnection"
)

var lessons = []string{
	framingLesson, flushingLesson, parsingLesson, sessionsLesson, correlationLesson, timeoutsLesson, cleanupLesson, reconnectionLesson,
}

// A Tour is the guided demo, in one process and over real sockets, in two acts:
// an event stream with every byte of it on show, and then a conversation of four
// parties, with each message as an arrow. Beside each stands the lesson that built
// it. It ends by itself. A Tour is for one Run.
type Tour struct {
	Out    io.Writer
	Colour bool
	Pause  time.Duration // before each scene but the first, to read the last one
	Yours  []string      // the lessons whose code is the learner's: "01-framing"

	printer *printer
	played  int // how many scenes
}

// Run plays the tour, until its end or ctx's.
func (t *Tour) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tourLimit)
	defer cancel()
	t.printer = &printer{w: t.Out, colour: t.Colour}
	if err := t.firstAct(ctx); err != nil {
		return err
	}
	if err := t.secondAct(ctx); err != nil {
		return err
	}
	t.epilogue()
	return t.printer.err
}

// firstAct shows a server, a client, and the bytes between them.
func (t *Tour) firstAct(ctx context.Context) error {
	o, err := newOneWay(ctx)
	if err != nil {
		return err
	}
	defer o.close()
	t.printer.line("A server and a client in one process, talking over " + o.addr + ".")
	t.printer.line("")
	t.printer.rows(bold, []row{{"on the wire (␊ is a line feed)", "what the client receives"}})
	for _, s := range oneWayScenes {
		err := t.scene(ctx, s.title, s.words, func() error {
			rows, err := s.play(o)
			t.printer.rows(plain, rows)
			for _, c := range s.parts {
				t.printer.rows(faint, []row{{t.by(c[0]), t.by(c[1])}})
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// secondAct shows how questions go down and answers come up.
func (t *Tour) secondAct(ctx context.Context) error {
	c, err := newConversation(ctx, t.draw)
	if err != nil {
		return err
	}
	defer c.close()
	t.printer.line("")
	t.printer.line("Now both ways: a shop, a server, and two clients that the server asks.")
	for _, s := range twoWayScenes {
		err := t.scene(ctx, s.title, s.words, func() error {
			t.printer.line(t.printer.set(faint, laneHeads()))
			return c.play(s)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// scene plays a scene, after a rest and what is to be said of it. What was seen before
// an error is shown, since it helps to find it.
func (t *Tour) scene(ctx context.Context, title string, words []string, play func() error) error {
	if t.played > 0 && !rest(ctx, t.Pause) {
		return fmt.Errorf("the tour was stopped: %w", ctx.Err())
	}
	t.played++
	t.printer.line("")
	t.printer.line(t.printer.set(bold, fmt.Sprintf("%d · %s", t.played, title)))
	for _, line := range words {
		t.printer.line("    " + line)
	}
	if err := play(); err != nil {
		return fmt.Errorf("scene %d of the tour, %q: %w", t.played, title, err)
	}
	return nil
}

// rest gives time to read. It returns false if ctx ended.
func rest(ctx context.Context, pause time.Duration) bool {
	select {
	case <-time.After(pause):
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// draw draws a message of the second act, with whose code has sent it.
func (t *Tour) draw(m Message) {
	owner, st := t.owner(m.Lesson), faint
	if owner == "yours" {
		st = green
	}
	t.printer.message(m, m.Lesson[:2]+" "+owner, st)
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
	t.printer.line("")
	t.printer.line(t.printer.set(bold, "That was all: eight lessons, and what passes between them."))
	for _, lesson := range lessons {
		owner := t.owner(lesson)
		if owner == "yours" {
			owner = t.printer.set(green, owner)
		}
		t.printer.line(fmt.Sprintf("  %-16s%s", lesson, owner))
	}
	t.printer.line("Where you are, and what is next:  go run ./harness")
	t.printer.line("The same in your browser:         go run ./harness bidirectional-server")
}
