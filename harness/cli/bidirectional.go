package cli

import (
	"cmp"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"example.com/sseworkbook/harness/programs"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
	reconnection "example.com/sseworkbook/solutions/08-reconnection"
)

// newBidirectionalServer returns the command that asks clients.
func newBidirectionalServer() *command {
	var addr programs.Address
	var limit int
	var timeout, heartbeat time.Duration
	all := programs.Broadcasting{Replay: reconnection.DefaultLogSize}
	cmd := &command{
		use:   "bidirectional-server",
		short: "Asks clients for answers on each trigger, and serves a page that shows them.",
		args:  noArguments,
		run: func(cmd *command, _ []string) error {
			out := cmd.stdout
			server := &programs.BidirectionalServer{Server: cleanup.NewServer(), Heartbeat: heartbeat, Log: log.New(out, "", log.Ltime), Broadcasting: all}
			server.Sessions.MaxSessions = cmp.Or(limit, -1)
			server.Caller.Timeout = timeout
			return server.Serve(cmd.ctx, addr, out)
		},
	}
	addAddress(cmd, &addr)
	cmd.flags.IntVar(&limit, "max-sessions", sessions.DefaultMaxSessions, "maximum number of clients at the same time (0: no limit)")
	cmd.flags.DurationVar(&timeout, "timeout", timeouts.DefaultTimeout, "time to wait for an answer")
	cmd.flags.DurationVar(&heartbeat, "heartbeat", 15*time.Second, "how long a stream is quiet before it gets a comment (0: no comments)")
	addBroadcasting(cmd, &all, "number of notifications to keep for clients that come back")
	orMine(cmd, func() error {
		switch {
		case heartbeat < 0:
			return fmt.Errorf("-heartbeat must not be negative (got %v)", heartbeat)
		case limit < 0:
			return fmt.Errorf("-max-sessions must not be negative (got %d)", limit)
		case timeout <= 0:
			return fmt.Errorf("-timeout must be greater than 0 (got %v)", timeout)
		}
		return checkBroadcasting(all, 1)
	})
	return cmd
}

// newBidirectionalClient returns the command that answers.
func newBidirectionalClient() *command {
	client := &programs.BidirectionalClient{HTTP: &http.Client{}}
	cmd := &command{
		use:   "bidirectional-client",
		short: "Answers the server's requests, and reconnects.",
		args:  noArguments,
		run: func(cmd *command, _ []string) error {
			client.Out, client.Status = log.New(cmd.stdout, "", 0), cmd.stderr
			return client.Run(cmd.ctx)
		},
	}
	cmd.flags.StringVar(&client.URL, "url", "http://localhost:8080/events", "URL of the stream to answer")
	cmd.flags.StringVar(&client.Name, "name", "alice", "name of this client in its answers")
	cmd.flags.DurationVar(&client.Delay, "delay", 0, "time to wait before each answer")
	cmd.flags.Float64Var(&client.Fail, "fail", 0, "share of answers that are errors, 0 to 1")
	addIdle(cmd, &client.Idle)
	orMine(cmd, func() error {
		switch {
		case client.Delay < 0:
			return fmt.Errorf("-delay must not be negative (got %v)", client.Delay)
		case !(0 <= client.Fail && client.Fail <= 1): // which NaN is not, either
			return fmt.Errorf("-fail must be from 0 to 1, the share of answers that fail (got %v)", client.Fail)
		}
		return errors.Join(checkIdle(client.Idle), checkURL(client.URL, "stream"))
	})
	return cmd
}
