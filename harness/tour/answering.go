package tour

import (
	"encoding/json"
	"net/http"
	"net/url"

	"example.com/sseworkbook/harness/programs"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// joins connects a client, which gets its session.
func (c *parties) joins(client *actor) {
	if c.err != nil {
		return
	}
	c.present = append(c.present, client.lane)
	client.connect()
	request, err := take(c.ctx, client.sent)
	if c.failed(err, "the request for a stream", client.lane) {
		return
	}
	c.note(client.lane, server, cleanupLesson, "GET /events", request)
	head, err := take(c.ctx, client.received)
	if c.failed(err, "the stream", client.lane) {
		return
	}
	event, err := take(c.ctx, client.events)
	if c.failed(err, "the first event", client.lane) {
		return
	}
	client.session = programs.SessionIn(event.Data)
	c.note(server, client.lane, sessionsLesson, words("200,", event.Type, "responses?session="+short(client.session)), head+client.stream.next())
}

// hears waits until a client has the next event: a request, or the word that
// nobody waits for its answer any more.
func (c *parties) hears(client *actor) {
	if c.err != nil {
		return
	}
	event, err := take(c.ctx, client.events)
	if c.failed(err, "an event", client.lane) {
		return
	}
	var request correlation.Request
	err = json.Unmarshal([]byte(event.Data), &request)
	if c.failed(err, "an event", client.lane) {
		return
	}
	if request.ID == "" {
		c.note(server, client.lane, timeoutsLesson, words(request.Method, client.heard), client.stream.next())
		return
	}
	client.heard = request.ID
	c.note(server, client.lane, correlationLesson, words(event.Type, request.ID, request.Method, string(request.Params)), client.stream.next())
}

// answers lets a client answer the request for method.
func (c *parties) answers(client *actor, method string) {
	if c.err != nil {
		return
	}
	client.gates[method] <- struct{}{} // has room for one
	c.posts(client, "")
}

// insists has a client answer what it heard last, although nobody waits.
func (c *parties) insists(client *actor, method string) {
	if c.err != nil {
		return
	}
	endpoint := c.url + "/responses?session=" + url.QueryEscape(client.session)
	reason, err := client.insist(endpoint, method)
	if !c.failed(err, "a late answer", client.lane) {
		c.posts(client, reason)
	}
}

// posts waits until a client has posted a response, and the server has said
// something to it.
func (c *parties) posts(client *actor, reason string) {
	response, err := take(c.ctx, client.going)
	if c.failed(err, "the answer", client.lane) {
		return
	}
	request, err := take(c.ctx, client.sent)
	if c.failed(err, "the answer's bytes", client.lane) {
		return
	}
	c.note(client.lane, server, timeoutsLesson, words("POST /responses", response.ID, string(response.Result)), request)
	receipt, err := take(c.ctx, client.taken)
	if c.failed(err, "what the server says to the answer", client.lane) {
		return
	}
	wire, err := take(c.ctx, client.received)
	if c.failed(err, "the bytes of what the server says", client.lane) {
		return
	}
	if receipt.StatusCode == http.StatusAccepted {
		c.note(server, client.lane, correlationLesson, receipt.Status, wire)
		return
	}
	c.noteRefusal(client.lane, correlationLesson, receipt.Status, reason, wire)
}

// leaves ends a client's connection, and waits until its session is over.
func (c *parties) leaves(client *actor) {
	if c.err != nil {
		return
	}
	client.close()
	_, err := take(c.ctx, c.ended)
	if !c.failed(err, "the end of the session", client.lane) {
		c.noteEnd(client.lane, server, client.lane, "(the connection ends)")
	}
}

// shutsDown has the server shut down, and waits until a client that is there has
// the end of its stream.
func (c *parties) shutsDown(client *actor) {
	if c.err != nil {
		return
	}
	err := c.server.Shutdown(c.ctx)
	if c.failed(err, "the shutdown", server) {
		return
	}
	err, stopped := take(c.ctx, client.left)
	client.left <- err // which close waits for
	if !c.failed(stopped, "the end of the stream", client.lane) && !c.failed(err, "the end of the stream", client.lane) {
		c.noteEnd(server, client.lane, client.lane, "(the end of the stream)")
	}
}
