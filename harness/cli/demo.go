package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"example.com/sseworkbook/harness/tour"
)

// yoursVar tells a harness that was built with a learner's code which lessons
// are in it, by name, with commas between.
const yoursVar = "SSEWORKBOOK_YOURS"

// readingTime is how long a scene stays before the next one comes.
const readingTime = 400 * time.Millisecond

// newDemo returns the command that shows the guided tour.
func newDemo() *command {
	var mine, strict bool
	cmd := &command{
		use:   "demo",
		short: "A guided tour: every byte one way, then every message both ways.",
		args:  noArguments,
		run: func(cmd *command, _ []string) error {
			if strict && !mine {
				return errors.New("-strict says how much of the code is to be yours: it goes with -mine")
			}
			if !mine {
				return showTour(cmd.ctx, cmd.stdout)
			}
			book, err := openWorkbook()
			if err != nil {
				return err
			}
			return book.tourOfMine(cmd.ctx, strict, cmd.stdout, cmd.stderr)
		},
	}
	cmd.flags.BoolVar(&mine, "mine", false, "run on your code, as far as its lessons are green")
	cmd.flags.BoolVar(&strict, "strict", false, "with -mine: refuse while a lesson is not green")
	return cmd
}

// showTour shows the tour on the code that is in this program.
func showTour(ctx context.Context, w io.Writer) error {
	t := &tour.Tour{Out: w, Yours: strings.Split(os.Getenv(yoursVar), ",")}
	if isTerminal(w) {
		t.Pause = readingTime
		t.Colour = colours(w)
	}
	return t.Run(ctx)
}
