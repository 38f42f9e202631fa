package programs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"example.com/sseworkbook/harness/visible"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// Notify has the bidirectional server whose POST /notify is at url send a notification to
// all its clients, so many times, one after the other, and says so in a line to out.
func Notify(ctx context.Context, url string, notification correlation.Request, times int, out io.Writer) error {
	client := &http.Client{}
	defer client.CloseIdleConnections()
	for range times {
		if err := notifyOnce(ctx, client, url, notification); err != nil {
			return fmt.Errorf("notifying by %s: %w", url, explainFor("bidirectional-server", err))
		}
	}
	_, err := fmt.Fprintf(out, "sent to all clients: %d\n", times)
	return err
}

func notifyOnce(ctx context.Context, client *http.Client, url string, notification correlation.Request) error {
	response, err := PostJSON(ctx, client, url, notification)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, replyLimit))
	if err != nil || response.StatusCode == http.StatusAccepted {
		return err
	}
	var problem sessions.Problem
	if json.Unmarshal(body, &problem) == nil && problem.Detail != "" {
		return fmt.Errorf("%s: %s", visible.Short(response.Status), visible.Short(problem.Detail))
	}
	return errors.New("the answer is " + visible.Short(response.Status) + ", so this is not a bidirectional server")
}
