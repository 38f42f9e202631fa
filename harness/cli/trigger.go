package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"example.com/sseworkbook/harness/programs"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

const (
	// everyone is what -session says when no one client is meant.
	everyone = "all"

	// maxTriggers is how many may be fired in one go.
	maxTriggers = 10_000
)

// newTrigger returns the command that has clients asked.
func newTrigger() *command {
	client := &programs.TriggerClient{}
	var session, params string
	var timeout time.Duration
	var notify bool
	cmd := &command{
		use:   "demo-trigger",
		short: "Makes the bidirectional server ask its clients, and prints their answers.",
		args:  noArguments,
		run: func(cmd *command, _ []string) error {
			if err := checkTrigger(client, params, timeout); err != nil {
				return err
			}
			if notify {
				if session != everyone || timeout != 0 {
					return errors.New("-notify goes to all clients, and nobody waits for an answer: leave -session and -timeout out")
				}
				notification := correlation.Request{Method: client.Trigger.Method, Params: json.RawMessage(params)}
				return programs.Notify(cmd.ctx, routeURL(client.URL, "notify"), notification, client.Count, cmd.stdout)
			}
			if session != everyone {
				client.Trigger.Session = session
			}
			client.URL = routeURL(client.URL, "trigger")
			client.Trigger.Params = json.RawMessage(params)
			client.Trigger.Timeout = timeout.Milliseconds()
			client.Out = cmd.stdout
			return client.Run(cmd.ctx)
		},
	}
	cmd.flags.StringVar(&client.URL, "url", "http://localhost:8080/trigger", "URL for triggers, or the server's own URL")
	cmd.flags.StringVar(&session, "session", everyone, "id of the session to ask, as the client prints it")
	cmd.flags.StringVar(&client.Trigger.Method, "method", "approve", "method to ask for")
	cmd.flags.StringVar(&params, "params", "", `parameters of the method, in JSON: '{"amount":120}'`)
	cmd.flags.DurationVar(&timeout, "timeout", 0, "time to wait for an answer (0: as long as the server waits)")
	cmd.flags.BoolVar(&notify, "notify", false, "tell all clients, and do not ask for an answer")
	cmd.flags.IntVar(&client.Count, "n", 1, fmt.Sprintf("number of times to ask, %d at a time, or to tell", programs.AskedAtOnce))
	return cmd
}

// checkTrigger refuses what the server would refuse, before anything is sent.
func checkTrigger(client *programs.TriggerClient, params string, timeout time.Duration) error {
	var anything any
	switch err := json.Unmarshal([]byte(params), &anything); {
	case params != "" && err != nil:
		return fmt.Errorf("-params is not JSON: %w", err)
	case client.Trigger.Method == "":
		return errors.New("-method must not be empty: name what to ask for")
	case client.Count < 1 || client.Count > maxTriggers:
		return fmt.Errorf("-n must be from 1 to %d (got %d)", maxTriggers, client.Count)
	case timeout != 0 && timeout < time.Millisecond:
		return fmt.Errorf("-timeout must be at least 1ms, or 0 (got %v)", timeout)
	}
	return checkURL(client.URL, "trigger")
}

// routeURL returns a route of the server at a checked URL, which may be that of another
// route beside it, or has no path.
func routeURL(s, route string) string {
	u, err := url.Parse(s)
	if err != nil {
		return s
	}
	if u.Path == "" || u.Path == "/" {
		return u.JoinPath(route).String()
	}
	if route != "trigger" {
		u.Path = strings.TrimSuffix(u.Path, "trigger") + route
	}
	return u.String()
}
