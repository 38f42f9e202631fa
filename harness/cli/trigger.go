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
		short: "Has the bidirectional server ask its clients, and prints the answers.",
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
	cmd.flags.StringVar(&client.URL, "url", "http://localhost:8080/trigger", "where the server takes triggers, or the server's own URL")
	cmd.flags.StringVar(&session, "session", everyone, "whom to ask: a session's id, as the client prints it")
	cmd.flags.StringVar(&client.Trigger.Method, "method", "approve", "what to ask for")
	cmd.flags.StringVar(&params, "params", "", `what belongs to it, in JSON: '{"amount":120}'`)
	cmd.flags.DurationVar(&timeout, "timeout", 0, "how long to wait for an answer; 0: as long as the server does")
	cmd.flags.IntVar(&client.Count, "n", 1, fmt.Sprintf("how many times to ask, %d of them at once", programs.AskedAtOnce))
	return cmd
}

// checkTrigger refuses what the server would refuse, before anything is sent.
func checkTrigger(client *programs.TriggerClient, params string, timeout time.Duration) error {
	var anything any
	switch err := json.Unmarshal([]byte(params), &anything); {
	case params != "" && err != nil:
		return fmt.Errorf("-params is not JSON: %w", err)
	case client.Trigger.Method == "":
		return errors.New("-method is empty; what is to be asked?")
	case client.Count < 1 || client.Count > maxTriggers:
		return fmt.Errorf("-n is from 1 to %d, not %d", maxTriggers, client.Count)
	case timeout != 0 && timeout < time.Millisecond:
		return fmt.Errorf("-timeout is a millisecond or more, or 0, not %v", timeout)
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
