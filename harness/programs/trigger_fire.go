package programs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"example.com/sseworkbook/harness/visible"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// replyLimit is how much of a reply is read: a server's thousand clients may answer
// with a lot.
const replyLimit = 64 << 20

// errNoTrigger says that what took the trigger is no bidirectional server.
var errNoTrigger = errors.New("not the JSON of a bidirectional server's /trigger")

// fire sends one trigger and waits for what comes of it. A server that has no room
// for it now, and says when it will (503 with Retry-After), is asked again, as long
// as the trigger's time lasts.
func (c *TriggerClient) fire(ctx context.Context) reply {
	start := time.Now()
	limit := time.Duration(c.Trigger.Timeout) * time.Millisecond
	if limit == 0 {
		limit = timeouts.DefaultTimeout
	}
	trigger := c.Trigger
	var last reply
	for {
		outcomes, wait, err := c.ask(ctx, trigger)
		if err != nil && last.outcomes != nil && ctx.Err() == nil {
			return last // the server has said no, and now is gone
		}
		last = reply{outcomes, time.Since(start), err}
		rest := limit - time.Since(start) - wait
		if err != nil || wait == 0 || rest < time.Millisecond || !pause(ctx, wait) {
			return last
		}
		if c.Trigger.Timeout > 0 {
			trigger.Timeout = rest.Milliseconds()
		}
	}
}

// ask sends the trigger, and returns what came of it. If the server has no room for
// it now, it also returns how long to wait.
func (c *TriggerClient) ask(ctx context.Context, trigger cleanup.Trigger) (outcomes []cleanup.Outcome, wait time.Duration, err error) {
	response, err := PostJSON(ctx, c.HTTP, c.URL, trigger)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, replyLimit)) // to its end, so that the connection is used again
	if err != nil {
		return nil, 0, err
	}
	outcomes, err = c.read(response, body)
	return outcomes, retryAfter(response), err
}

// minRetryAfter keeps a server's "Retry-After: 0" from making a hot loop.
const minRetryAfter = 100 * time.Millisecond

// retryAfter returns how long a server that has no room wants to be left alone, or 0
// if it does not say or has another answer. (RFC 9110, section 10.2.3)
func retryAfter(r *http.Response) time.Duration {
	said := r.Header.Get("Retry-After")
	if r.StatusCode != http.StatusServiceUnavailable || said == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(said, 10, 31); err == nil {
		return max(time.Duration(seconds)*time.Second, minRetryAfter)
	}
	at, err := http.ParseTime(said)
	if err != nil {
		return 0
	}
	return max(time.Until(at), minRetryAfter)
}

// read returns the outcomes in the server's response: one, a list, or a problem.
func (c *TriggerClient) read(response *http.Response, body []byte) (outcomes []cleanup.Outcome, err error) {
	switch mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); {
	case mediaType == "application/problem+json":
		outcomes = []cleanup.Outcome{{Problem: &sessions.Problem{}}}
		err = json.Unmarshal(body, outcomes[0].Problem)
		outcomes[0].Problem.Status = response.StatusCode
	case mediaType != "application/json" || response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("the answer is %d %s with type %s, %w",
			response.StatusCode, http.StatusText(response.StatusCode), visible.Quote(mediaType), errNoTrigger)
	case c.Trigger.Session == "":
		err = json.Unmarshal(body, &outcomes)
	default:
		outcomes = make([]cleanup.Outcome, 1)
		err = json.Unmarshal(body, &outcomes[0])
	}
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	return outcomes, nil
}
