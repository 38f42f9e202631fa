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
)

var lessons = []string{
	framingLesson, flushingLesson, parsingLesson, sessionsLesson, correlationLesson, timeoutsLesson, cleanupLesson,
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
	server  *tourServer
	played  int // how many scenes
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
func (t *Tour) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tourLimit)
	defer cancel()
	t.printer = &printer{w: t.Out, colour: t.Colour}
	if err := t.oneWay(ctx); err != nil {
		return err
	}
	if err := t.twoWay(ctx); err != nil {
		return err
	}
	t.epilogue()
	return t.printer.err
}

// oneWay is the first act: a server, a client, and the bytes between them.
func (t *Tour) oneWay(ctx context.Context) (err error) {
	if t.server, err = newTourServer(ctx); err != nil {
		return err
	}
	defer t.server.close()
	t.prologue()
	for _, s := range scenes {
		show := func() error { return t.show(s) }
		if err := t.next(ctx, s.title, s.words, show); err != nil {
			return err
		}
	}
	return nil
}

// twoWay is the second act: questions go down and answers come up.
func (t *Tour) twoWay(ctx context.Context) error {
	cast, err := newParties(ctx)
	if err != nil {
		return err
	}
	defer cast.close()
	if !t.rest(ctx) {
		return fmt.Errorf("the tour was stopped: %w", ctx.Err())
	}
	t.interlude()
	for _, e := range exchanges {
		show := func() error { return t.draw(cast, e) }
		if err := t.next(ctx, e.title, e.words, show); err != nil {
			return err
		}
	}
	return nil
}

// next shows one scene, after a rest.
func (t *Tour) next(ctx context.Context, title string, words []string, show func() error) error {
	if t.played > 0 && !t.rest(ctx) {
		return fmt.Errorf("the tour was stopped: %w", ctx.Err())
	}
	t.played++
	t.printer.line("")
	t.printer.line(t.printer.set(bold, fmt.Sprintf("%d · %s", t.played, title)))
	for _, line := range words {
		t.printer.line("    " + line)
	}
	if err := show(); err != nil {
		return fmt.Errorf("scene %d of the tour, %q: %w", t.played, title, err)
	}
	return nil
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
	t.printer.line("A server and a client in one process, talking over " + t.server.addr + ".")
	t.printer.line("")
	t.printer.rows(bold, []row{{"on the wire (␊ is a line feed)", "what the client makes of it"}})
}

// interlude says what the second act is.
func (t *Tour) interlude() {
	t.printer.line("")
	t.printer.line("Now both ways: a shop, a server, and two clients that it asks.")
}

// show plays one scene of the first act and writes what was seen of it.
func (t *Tour) show(s scene) error {
	rows, err := s.play(t)
	if err != nil {
		return err
	}
	t.printer.rows(plain, rows)
	for _, c := range s.parts {
		t.printer.rows(faint, []row{{t.by(c[0]), t.by(c[1])}})
	}
	return nil
}

// draw plays one scene of the second act and draws its messages.
func (t *Tour) draw(c *parties, e exchange) error {
	arrows, err := c.play(e.play)
	t.printer.line(t.printer.set(faint, laneHeads()))
	for _, a := range arrows { // what was seen before an error helps to find it
		owner := t.owner(a.lesson)
		st := faint
		if owner == "yours" {
			st = green
		}
		t.printer.arrow(a, a.lesson[:2]+" "+owner, st)
	}
	return err
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
	t.printer.line(t.printer.set(bold, "That was all of it: seven lessons, and what passes between them."))
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
