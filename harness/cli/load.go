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
		short: "Puts the bidirectional server under load, and measures it.",
		long: `Runs a server and many clients in two processes on this machine. Each request is a trigger from outside, one event
down to one client, and the client's answer up. Requests are spread evenly over time and clients, and none waits for
another. Latency is measured from the moment a request was due. If anything is lost, the command names it and fails.`,
		args: noArguments,
		run:  func(cmd *command, _ []string) error { return l.run(cmd.ctx, cmd.stdout, cmd.stderr) },
	}
	cmd.flags.IntVar(&l.Clients, "clients", 1000, "number of clients")
	cmd.flags.IntVar(&l.Rate, "rate", 1000, "requests per second, over all clients")
	cmd.flags.DurationVar(&l.For, "for", 10*time.Second, "how long to send requests, once all clients are connected")
	cmd.flags.BoolVar(&l.asJSON, "json", false, "print the summary as JSON, and the progress to stderr")
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
		short:  "Runs the server that load puts under load.",
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
