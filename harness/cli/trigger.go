package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"example.com/sseworkbook/harness/programs"
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
	cmd := &command{
		use:   "demo-trigger",
		short: "Makes the bidirectional server ask its clients, and prints their answers.",
		args:  noArguments,
		run: func(cmd *command, _ []string) error {
			if err := checkTrigger(client, params, timeout); err != nil {
				return err
			}
			if session != everyone {
				client.Trigger.Session = session
			}
			client.URL = triggerURL(client.URL)
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
	cmd.flags.IntVar(&client.Count, "n", 1, fmt.Sprintf("number of times to ask, %d at a time", programs.AskedAtOnce))
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

// triggerURL returns where the server at a checked URL takes triggers: if the URL
// has no path, at the usual one.
func triggerURL(s string) string {
	if u, err := url.Parse(s); err == nil && (u.Path == "" || u.Path == "/") {
		return u.JoinPath("trigger").String()
	}
	return s
}
