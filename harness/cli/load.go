package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"example.com/sseworkbook/harness/load"
)

// A loadCommand is what load was started with.
type loadCommand struct {
	load.Options
	asJSON bool
}

// newLoad returns the command that puts the finished server under load.
func newLoad() *command {
	l := &loadCommand{}
	cmd := &command{
		use:   "load",
		short: "Puts the bidirectional server under load, and says what it takes.",
		long: `Lets many clients in to a server, in two processes on this machine, and has them asked: a request is a trigger
from outside, one event down to one client, and its answer up. The requests are spread evenly over the time and
over the clients, and none waits for another: a time is from the moment at which the request was due. Whatever
does not come back is named, and the command fails.`,
		args: noArguments,
		run:  func(cmd *command, _ []string) error { return l.run(cmd.ctx, cmd.stdout, cmd.stderr) },
	}
	cmd.flags.IntVar(&l.Clients, "clients", 1000, "how many clients there are")
	cmd.flags.IntVar(&l.Rate, "rate", 1000, "how many requests are made a second, over all clients")
	cmd.flags.DurationVar(&l.For, "for", 10*time.Second, "how long requests are made, once all clients are in")
	cmd.flags.BoolVar(&l.asJSON, "json", false, "write the summary in JSON, and what goes on to stderr")
	orMine(cmd, func() error { return l.Check() })
	cmd.below = []*command{newLoadServer()}
	return cmd
}

// newLoadServer returns the command that is the process of the server. Ctrl-C,
// which a terminal sends to both processes, is the other one's to heed: this one
// ends with its stdin.
func newLoadServer() *command {
	return &command{
		use:    "server",
		short:  "The server that load puts under load.",
		hidden: true,
		args:   noArguments,
		run: func(cmd *command, _ []string) error {
			return load.Serve(cmd.stdin, cmd.stdout)
		},
	}
}

// run runs the load on the code that is in this program.
func (l *loadCommand) run(ctx context.Context, stdout, stderr io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("starting the server: %w", err)
	}
	child := exec.Command(self, "load", "server")
	child.Stderr = stderr
	server, err := load.Start(ctx, child)
	if err != nil {
		return err
	}
	defer server.Stop()
	l.Progress = stdout
	if l.asJSON {
		l.Progress = stderr
	}
	l.Rewrite = rewrites(l.Progress)
	summary, err := load.New(server.URL, l.Options).Run(server.Context) // this process's end closes it
	if summary.Clients == 0 {
		return err // it did not even begin
	}
	if l.asJSON {
		out := json.NewEncoder(stdout)
		out.SetIndent("", "  ")
		return cmp.Or(out.Encode(summary), err, summary.Err())
	}
	_, unwritten := fmt.Fprintf(stdout, "\n%v", summary)
	return cmp.Or(err, summary.Err(), unwritten)
}
