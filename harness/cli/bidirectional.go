package cli

import (
	"cmp"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"example.com/sseworkbook/harness/demo"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// newTwoWayServer returns the command that asks clients.
func newTwoWayServer() *cobra.Command {
	var addr demo.Address
	var limit int
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "bidirectional-server",
		Short: "Asks clients for answers when a trigger wants them; serves the page.",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 0 {
				return fmt.Errorf("-max-sessions cannot be negative, as %d is", limit)
			}
			if timeout <= 0 {
				return fmt.Errorf("-timeout must be more than zero, not %v", timeout)
			}
			out := cmd.OutOrStdout()
			server := &demo.TwoWayServer{Server: cleanup.NewServer(), Log: log.New(out, "", log.Ltime)}
			server.Sessions.MaxSessions = cmp.Or(limit, -1)
			server.Caller.Timeout = timeout
			return server.Serve(cmd.Context(), addr, out)
		},
	}
	addAddress(cmd, &addr)
	cmd.Flags().IntVar(&limit, "max-sessions", sessions.DefaultMaxSessions, "how many clients there may be at once; 0: any number")
	cmd.Flags().DurationVar(&timeout, "timeout", timeouts.DefaultTimeout, "how long to wait for an answer")
	return cmd
}

// newTwoWayClient returns the command that answers.
func newTwoWayClient() *cobra.Command {
	client := &demo.Responder{HTTP: &http.Client{}}
	cmd := &cobra.Command{
		Use:   "bidirectional-client",
		Short: "Answers what the server asks, and reconnects.",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case client.Delay < 0:
				return fmt.Errorf("-delay cannot be negative, as %v is", client.Delay)
			case !(0 <= client.Fail && client.Fail <= 1): // which NaN is not, either
				return fmt.Errorf("-fail is a share, from 0 (none fails) to 1 (all do), not %v", client.Fail)
			}
			if err := checkURL(client.URL, "stream"); err != nil {
				return err
			}
			client.Out, client.Status = log.New(cmd.OutOrStdout(), "", 0), cmd.ErrOrStderr()
			return client.Run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&client.URL, "url", "http://localhost:8080/events", "the stream to answer")
	cmd.Flags().StringVar(&client.Name, "name", "alice", "who it is, in its answers")
	cmd.Flags().DurationVar(&client.Delay, "delay", 0, "how long it works on an answer")
	cmd.Flags().Float64Var(&client.Fail, "fail", 0, "the share of its answers that are failures, 0 to 1")
	return cmd
}
