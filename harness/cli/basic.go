package cli

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"time"

	"example.com/sseworkbook/harness/programs"
)

// newBasicServer returns the command that streams one way.
func newBasicServer() *command {
	var addr programs.Address
	var interval, heartbeat time.Duration
	var all programs.Broadcasting
	cmd := &command{
		use:   "basic-sse-server",
		short: "Sends one event per second, and serves a page that shows them.",
		args:  noArguments,
		run: func(cmd *command, _ []string) error {
			out := cmd.stdout
			server := &programs.BasicServer{Interval: interval, Heartbeat: heartbeat, Log: log.New(out, "", log.Ltime), Broadcasting: all}
			return server.Serve(cmd.ctx, addr, out)
		},
	}
	addAddress(cmd, &addr)
	cmd.flags.DurationVar(&interval, "interval", time.Second, "time between two events")
	cmd.flags.DurationVar(&heartbeat, "heartbeat", 0, "how long a stream is quiet before it gets a comment (0: no comments)")
	addBroadcasting(cmd, &all, "send one count to all clients, and keep that many events for those who come back (0: each stream counts for itself)")
	orMine(cmd, func() error {
		switch {
		case interval <= 0:
			return fmt.Errorf("-interval must be greater than 0 (got %v)", interval)
		case heartbeat < 0:
			return fmt.Errorf("-heartbeat must not be negative (got %v)", heartbeat)
		}
		if err := checkBroadcasting(all, 0); err != nil {
			return err
		}
		if all.Replay == 0 && all.Queue != usualQueue {
			return errors.New("-queue is for what goes to all clients, so it needs -replay, too")
		}
		return nil
	})
	return cmd
}

// newBasicClient returns the command that reads a stream.
func newBasicClient() *command {
	client := &programs.BasicClient{HTTP: &http.Client{}}
	cmd := &command{
		use:   "basic-sse-client",
		short: "Prints events as they arrive, and reconnects.",
		args:  noArguments,
		run: func(cmd *command, _ []string) error {
			client.Events, client.Status = cmd.stdout, cmd.stderr
			return client.Run(cmd.ctx)
		},
	}
	cmd.flags.StringVar(&client.URL, "url", "http://localhost:8080/events", "URL of the stream to read")
	cmd.flags.IntVar(&client.Limit, "n", 0, "number of events to stop after (0: never)")
	cmd.flags.BoolVar(&client.Raw, "raw", false, "print the raw bytes, not the events")
	addIdle(cmd, &client.Idle)
	orMine(cmd, func() error {
		if client.Limit < 0 {
			return fmt.Errorf("-n must not be negative (got %d)", client.Limit)
		}
		return errors.Join(checkIdle(client.Idle), checkURL(client.URL, "stream"))
	})
	return cmd
}

// addIdle adds the flag for how long nothing may come.
func addIdle(cmd *command, idle *time.Duration) {
	cmd.flags.DurationVar(idle, "idle", 0, "how long nothing may come, not even a comment, before it reconnects (0: any time)")
}

// checkIdle refuses what cannot be such a time.
func checkIdle(idle time.Duration) error {
	if idle < 0 {
		return fmt.Errorf("-idle must not be negative (got %v)", idle)
	}
	return nil
}

// checkURL refuses what cannot be the URL of a kind of thing, such as a stream.
func checkURL(s, kind string) error {
	u, err := url.Parse(s)
	if err == nil && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		err = errors.New("it must start with http://host")
	}
	if err != nil {
		return fmt.Errorf("-url %q is not the URL of a %s: %w", s, kind, err)
	}
	return nil
}
