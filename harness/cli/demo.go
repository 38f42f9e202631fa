package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"example.com/sseworkbook/harness/tour"
)

// readingTime is how long a scene stays before the next one comes.
const readingTime = 400 * time.Millisecond

// newDemo returns the command that shows the guided tour.
func newDemo() *command {
	cmd := &command{
		use:   "demo",
		short: "Shows a guided tour: every byte one way, then every message both ways.",
		args:  noArguments,
	}
	mine := addMine(cmd)
	cmd.run = func(cmd *command, _ []string) error {
		if err := mine.check(); err != nil {
			return err
		}
		if mine.on {
			return tourOfMine(cmd.ctx, mine, cmd.stdout, cmd.stderr)
		}
		return showTour(cmd.ctx, cmd.stdout)
	}
	cmd.below = []*command{newChaos()}
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

// tourOfMine shows the tour on the learner's code.
func tourOfMine(ctx context.Context, mine *mine, stdout, stderr io.Writer) error {
	harness, err := mine.build(ctx, stderr)
	if err != nil {
		return err
	}
	defer harness.remove()
	if err := harness.run(ctx, stdout, stderr, "demo"); err != nil {
		return fmt.Errorf("the tour on your code did not finish: %w", err)
	}
	return nil
}
