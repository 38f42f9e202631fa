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
	cmd := &command{
		use:   "basic-sse-server",
		short: "Streams an event a second; serves the page that shows it.",
		args:  noArguments,
		run: func(cmd *command, _ []string) error {
			out := cmd.stdout
			server := &programs.BasicServer{Interval: interval, Heartbeat: heartbeat, Log: log.New(out, "", log.Ltime)}
			return server.Serve(cmd.ctx, addr, out)
		},
	}
	addAddress(cmd, &addr)
	cmd.flags.DurationVar(&interval, "interval", time.Second, "from one event to the next")
	cmd.flags.DurationVar(&heartbeat, "heartbeat", 0, "from one comment to the next; 0: no comments")
	orMine(cmd, func() error {
		switch {
		case interval <= 0:
			return fmt.Errorf("-interval must be more than zero, not %v", interval)
		case heartbeat < 0:
			return fmt.Errorf("-heartbeat cannot be negative, as %v is", heartbeat)
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
		short: "Prints events as they come, and reconnects.",
		args:  noArguments,
		run: func(cmd *command, _ []string) error {
			client.Events, client.Status = cmd.stdout, cmd.stderr
			return client.Run(cmd.ctx)
		},
	}
	cmd.flags.StringVar(&client.URL, "url", "http://localhost:8080/events", "the stream to read")
	cmd.flags.IntVar(&client.Limit, "n", 0, "stop after so many events; 0: never")
	cmd.flags.BoolVar(&client.Raw, "raw", false, "print the bytes as they come, not the events")
	orMine(cmd, func() error {
		if client.Limit < 0 {
			return fmt.Errorf("-n cannot be negative, as %d is", client.Limit)
		}
		return checkURL(client.URL, "stream")
	})
	return cmd
}

// checkURL refuses what can be no address of a kind: a stream, say.
func checkURL(s, kind string) error {
	u, err := url.Parse(s)
	if err == nil && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		err = errors.New("it should begin with http://host")
	}
	if err != nil {
		return fmt.Errorf("-url %q is no address of a %s: %w", s, kind, err)
	}
	return nil
}
