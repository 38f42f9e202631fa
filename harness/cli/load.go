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
	cmd.below = []*command{newLoadRestart(), newLoadServer()}
	return cmd
}

// newLoadServer returns the command that is the process of the server. Ctrl-C,
// which a terminal sends to both processes, is the other one's to heed: this one
// ends with its stdin.
func newLoadServer() *command {
	var addr string
	cmd := &command{
		use:    "server",
		short:  "Runs the server that load puts under load.",
		hidden: true,
		args:   noArguments,
		run: func(cmd *command, _ []string) error {
			return load.Serve(addr, cmd.stdin, cmd.stdout)
		},
	}
	cmd.flags.StringVar(&addr, "addr", "127.0.0.1:0", "address to listen on")
	return cmd
}

// newLoadRestart returns the command that restarts a server with many clients.
func newLoadRestart() *command {
	r := &load.Restart{}
	cmd := &command{
		use:   "restart",
		short: "Restarts a server with many clients, and measures how they come back.",
		long: `Runs a server and many clients in two processes on this machine. When all clients are connected, the server ends and starts
again. Each client waits for the reconnection time and a random part of a window, as in lesson 08. The command fails if
somebody does not come back, or if far more come in one second than if they were evenly spread.`,
		args: noArguments,
		run: func(cmd *command, _ []string) error {
			r.Progress = cmd.stdout
			r.Start = func(ctx context.Context, addr string) (*load.Process, error) {
				return startServer(ctx, addr, cmd.stderr)
			}
			result, err := r.Run(cmd.ctx)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(cmd.stdout, result)
			return cmp.Or(result.Err(), err)
		},
	}
	cmd.flags.IntVar(&r.Clients, "clients", 1000, "number of clients")
	return cmd
}

// startServer starts the process of a server at an address of loopback.
func startServer(ctx context.Context, addr string, stderr io.Writer) (*load.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	child := exec.Command(self, "load", "server", "-addr", addr)
	child.Stderr = stderr
	return load.Start(ctx, child)
}

// run runs the load on the code that is in this program.
func (l *loadCommand) run(ctx context.Context, stdout, stderr io.Writer) error {
	server, err := startServer(ctx, "127.0.0.1:0", stderr)
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
