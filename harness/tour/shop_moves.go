package tour

import (
	"fmt"
	"net/http"
	"time"

	"example.com/sseworkbook/harness/programs"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// A question is a trigger that the shop has fired and waits for.
type question struct {
	tap    *tap
	lesson string // whose code decides what comes of it
}

// asks has the shop fire a trigger: client is to be asked for method. With a
// timeout, the shop waits no longer than that.
func (c *conversation) asks(client *actor, method string, timeout time.Duration) question {
	q := question{newTap(c.ctx, c.transport), cleanupLesson}
	params := talk[method].params
	text := fmt.Sprintf("POST /trigger %s %s", method, params)
	if timeout > 0 {
		text = fmt.Sprintf("POST /trigger %s, within %v", method, timeout)
		q.lesson = timeoutsLesson
	}
	trigger := cleanup.Trigger{Session: client.session, Method: method, Params: params, Timeout: timeout.Milliseconds()}
	c.asking.Go(func() {
		answer, err := programs.PostJSON(c.ctx, &http.Client{Transport: q.tap}, c.url+"/trigger", trigger)
		if err == nil { // otherwise the tap tells why
			answer.Body.Close()
		}
	})
	request := c.seen(q.tap.sent, "a trigger", shop)
	c.note(shop, server, cleanupLesson, text, request.wire)
	return q
}

// gets waits for what comes of a question.
func (c *conversation) gets(q question) {
	reply := c.seen(q.tap.received, "the answer to a trigger", shop)
	c.noteReply(shop, q.lesson, reply)
}

// counts has the shop ask how many sessions and pending requests there are.
func (c *conversation) counts() {
	t := newTap(c.ctx, c.transport)
	r, err := http.NewRequestWithContext(c.ctx, http.MethodGet, c.url+"/healthz", nil)
	if err != nil {
		c.failed(err, "GET /healthz", shop)
		return
	}
	answer, err := (&http.Client{Transport: t}).Do(r)
	if err == nil { // otherwise the tap tells why
		answer.Body.Close()
	}
	request := c.seen(t.sent, "GET /healthz", shop)
	c.note(shop, server, cleanupLesson, "GET /healthz", request.wire)
	c.noteReply(shop, cleanupLesson, c.seen(t.received, "the answer to GET /healthz", shop))
}
