package tour

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"example.com/sseworkbook/harness/programs"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// A question is a trigger that the shop has fired and waits for.
type question struct {
	result chan questionResult // exactly one
	lesson string              // whose code decides what comes of it
	line   line
}

// A line is what the shop says to the server once, and what it gets.
type line struct {
	http     *http.Client
	sent     chan string // the bytes of the request
	received chan string // the bytes of the response
}

// line returns a line that nothing was said on yet.
func (c *parties) line() line {
	l := line{sent: make(chan string, 1), received: make(chan string, 1)}
	l.http = &http.Client{Transport: &capture{
		next:     c.transport,
		sent:     func(wire string) { put(c.ctx, l.sent, wire) },
		received: func(wire string) { put(c.ctx, l.received, wire) },
	}}
	return l
}

// A questionResult is what the server said to a trigger in the end.
type questionResult struct {
	status string
	text   string // the body of a 200, or why it is none
	err    error
}

// asks has the shop fire a trigger: client is to be asked for method. With a
// timeout, the shop waits no longer than that.
func (c *parties) asks(client *actor, method string, timeout time.Duration) *question {
	q := &question{make(chan questionResult, 1), cleanupLesson, c.line()}
	if c.err != nil {
		return q
	}
	params := talk[method].params
	text := words("POST /trigger", method, string(params))
	if timeout > 0 {
		text = fmt.Sprintf("POST /trigger %s, within %v", method, timeout)
		q.lesson = timeoutsLesson
	}
	trigger := cleanup.Trigger{Session: client.session, Method: method, Params: params, Timeout: timeout.Milliseconds()}
	c.asking.Go(func() { q.result <- c.ask(q.line.http, trigger) })
	wire, err := take(c.ctx, q.line.sent)
	if !c.failed(err, "a trigger", shop) {
		c.note(shop, server, cleanupLesson, text, wire)
	}
	return q
}

// ask fires a trigger and waits for what comes of it.
func (c *parties) ask(line *http.Client, trigger cleanup.Trigger) questionResult {
	answer, err := programs.PostJSON(c.ctx, line, c.url+"/trigger", trigger)
	if err != nil {
		return questionResult{err: err}
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return questionResult{answer.Status, detail(answer), nil}
	}
	body, err := io.ReadAll(answer.Body)
	return questionResult{answer.Status, string(bytes.TrimSpace(body)), err}
}

// gets waits for what comes of a question.
func (c *parties) gets(q *question) {
	if c.err != nil {
		return
	}
	r, err := take(c.ctx, q.result)
	if err == nil {
		err = r.err
	}
	if c.failed(err, "the answer to a trigger", shop) {
		return
	}
	wire, err := take(c.ctx, q.line.received)
	switch {
	case c.failed(err, "the bytes of an answer", shop):
	case r.status == "200 OK":
		c.note(server, shop, q.lesson, "200 "+r.text, wire)
	default:
		c.noteRefusal(shop, q.lesson, r.status, r.text, wire)
	}
}

// counts has the shop ask how many sessions and pending requests there are.
func (c *parties) counts() {
	if c.err != nil {
		return
	}
	line := c.line()
	health, err := c.health(line.http)
	if c.failed(err, "the answer to GET /healthz", shop) {
		return
	}
	request, _ := take(c.ctx, line.sent)
	c.note(shop, server, cleanupLesson, "GET /healthz", request)
	answer, _ := take(c.ctx, line.received)
	c.note(server, shop, cleanupLesson, health, answer)
}

// health returns what the server says of itself.
func (c *parties) health(line *http.Client) (string, error) {
	r, err := http.NewRequestWithContext(c.ctx, http.MethodGet, c.url+"/healthz", nil)
	if err != nil {
		return "", err
	}
	answer, err := line.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return fmt.Sprintf("%d %s", answer.StatusCode, bytes.TrimSpace(body)), err
}

// detail returns what a problem says of itself; of anything else, nothing.
func detail(r *http.Response) string {
	var problem sessions.Problem
	if r.Header.Get("Content-Type") != "application/problem+json" || json.NewDecoder(r.Body).Decode(&problem) != nil {
		return ""
	}
	return problem.Detail
}
