package cli

import (
	"cmp"
	"fmt"
	"log"
	"net/http"
	"time"

	"example.com/sseworkbook/harness/programs"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// newBidirectionalServer returns the command that asks clients.
func newBidirectionalServer() *command {
	var addr programs.Address
	var limit int
	var timeout time.Duration
	cmd := &command{
		use:   "bidirectional-server",
		short: "Asks clients for answers when a trigger wants them; serves the page.",
		args:  noArguments,
		run: func(cmd *command, _ []string) error {
			out := cmd.stdout
			server := &programs.BidirectionalServer{Server: cleanup.NewServer(), Log: log.New(out, "", log.Ltime)}
			server.Sessions.MaxSessions = cmp.Or(limit, -1)
			server.Caller.Timeout = timeout
			return server.Serve(cmd.ctx, addr, out)
		},
	}
	addAddress(cmd, &addr)
	cmd.flags.IntVar(&limit, "max-sessions", sessions.DefaultMaxSessions, "how many clients there may be at once; 0: any number")
	cmd.flags.DurationVar(&timeout, "timeout", timeouts.DefaultTimeout, "how long to wait for an answer")
	orMine(cmd, func() error {
		switch {
		case limit < 0:
			return fmt.Errorf("-max-sessions cannot be negative, as %d is", limit)
		case timeout <= 0:
			return fmt.Errorf("-timeout must be more than zero, not %v", timeout)
		}
		return nil
	})
	return cmd
}

// newBidirectionalClient returns the command that answers.
func newBidirectionalClient() *command {
	client := &programs.BidirectionalClient{HTTP: &http.Client{}}
	cmd := &command{
		use:   "bidirectional-client",
		short: "Answers what the server asks, and reconnects.",
		args:  noArguments,
		run: func(cmd *command, _ []string) error {
			client.Out, client.Status = log.New(cmd.stdout, "", 0), cmd.stderr
			return client.Run(cmd.ctx)
		},
	}
	cmd.flags.StringVar(&client.URL, "url", "http://localhost:8080/events", "the stream to answer")
	cmd.flags.StringVar(&client.Name, "name", "alice", "who it is, in its answers")
	cmd.flags.DurationVar(&client.Delay, "delay", 0, "how long it works on an answer")
	cmd.flags.Float64Var(&client.Fail, "fail", 0, "the share of its answers that are failures, 0 to 1")
	orMine(cmd, func() error {
		switch {
		case client.Delay < 0:
			return fmt.Errorf("-delay cannot be negative, as %v is", client.Delay)
		case !(0 <= client.Fail && client.Fail <= 1): // which NaN is not, either
			return fmt.Errorf("-fail is a share, from 0 (none fails) to 1 (all do), not %v", client.Fail)
		}
		return checkURL(client.URL, "stream")
	})
	return cmd
}
