package cli

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"

	"example.com/sseworkbook/harness/chaos"
	"example.com/sseworkbook/harness/trace"
)

// seedsAtMost keeps the seeds that are drawn short enough to be typed.
const seedsAtMost = 1_000_000_000

// A chaosCommand is what demo chaos was started with.
type chaosCommand struct {
	chaos.Options
	trace string // the file to write; "" is none
	force bool   // over whatever is there
}

// newChaos returns the command that has proxies disturb the connections.
func newChaos() *command {
	c := &chaosCommand{}
	cmd := &command{
		use:   "chaos",
		short: "Cuts, stalls and delays connections, and proves that no event is lost unnoticed.",
		long: `Starts a server, clients, and a proxy in front of each client. The proxies cut connections, even in the middle of a
character, stall, delay and half-close them. Each event must come to each client once and in order, or a reset must
announce that it is missing; otherwise, the command names it and fails. The faults depend on the seed alone, so that a
run can be repeated. With -trace FILE, it writes a web page that shows what happened to each client. The page opens from
disk.`,
		args: noArguments,
	}
	cmd.flags.Uint64Var(&c.Seed, "seed", 0, "seed of the events and the faults; by default, a new one for each run")
	cmd.flags.IntVar(&c.Clients, "clients", chaos.DefaultClients, "number of clients")
	cmd.flags.IntVar(&c.Events, "events", chaos.DefaultEvents, "number of events")
	cmd.flags.StringVar(&c.trace, "trace", "", "file for a page that shows what happened to each client")
	cmd.flags.BoolVar(&c.force, "force", false, "with -trace: overwrite the file even if it is not a trace")
	cmd.run = func(cmd *command, _ []string) error {
		if !isSet(&cmd.flags, "seed") {
			c.Seed = rand.Uint64N(seedsAtMost)
		}
		return c.run(cmd.ctx, cmd.stdout)
	}
	orMine(cmd, c.check)
	return cmd
}

// isSet reports whether a flag was typed.
func isSet(flags *flag.FlagSet, name string) (set bool) {
	flags.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

// check refuses what makes no sense.
func (c *chaosCommand) check() error {
	if c.force && c.trace == "" {
		return errors.New("-force needs -trace: it allows the trace to overwrite the file")
	}
	return c.Check()
}

// run runs the chaos on the code that is in this program.
func (c *chaosCommand) run(ctx context.Context, stdout io.Writer) error {
	var file *trace.File
	if c.trace != "" {
		var err error
		if file, err = trace.Create(c.trace, c.force); err != nil {
			return err
		}
		defer file.Discard()
	}
	if rewrites(stdout) {
		c.Progress = stdout
	}
	_, c.Mine = os.LookupEnv(yoursVar)
	fmt.Fprintf(stdout, "%v\n\n", c.Options)
	report, err := chaos.Run(ctx, c.Options)
	if ctx.Err() == nil && err != nil {
		return fmt.Errorf("%w; run it again: %s", err, c.Command())
	}
	if err != nil {
		return err
	}
	_, unwritten := report.WriteTo(stdout)
	if file != nil {
		page := report.Page()
		page.Command += " -trace " + c.trace
		if err := file.Write(page); err != nil {
			return err
		}
		fmt.Fprintf(stdout, "trace %s · %s · open it in a browser\n", c.trace, traceSize(page.Steps))
	}
	return cmp.Or(report.Err(), unwritten)
}
