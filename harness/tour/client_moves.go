package tour

import (
	"encoding/json"
	"fmt"
	"net/url"

	"example.com/sseworkbook/harness/programs"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// joins connects a client, which gets its session.
func (c *conversation) joins(client *actor) {
	c.present = append(c.present, client.party)
	client.connect(c.ctx)
	request := c.seen(client.tap.sent, "the request for a stream", client.party)
	c.note(client.party, server, cleanupLesson, "GET /events", request.wire)
	head := c.seen(client.tap.received, "the stream", client.party)
	event := await(c, client.events, "the first event", client.party)
	client.session = programs.SessionID(event.Data)
	text := fmt.Sprintf("200, %s responses?session=%s", event.Type, short(client.session))
	c.note(server, client.party, sessionsLesson, text, head.wire+client.tap.stream.next())
}

// short leaves of a session's id what tells it from others, since whoever knows
// all of it can answer for the client.
func short(session string) string {
	if len(session) > 4 {
		session = session[:4] + "…"
	}
	return session
}

// hears waits until a client has the next event: a request, or the word that
// nobody waits for its answer any more.
func (c *conversation) hears(client *actor) {
	event := await(c, client.events, "an event", client.party)
	var request correlation.Request
	c.failed(json.Unmarshal([]byte(event.Data), &request), "an event", client.party)
	if request.ID == "" {
		c.note(server, client.party, timeoutsLesson, request.Method+" "+client.heard, client.tap.stream.next())
		return
	}
	client.heard = request.ID
	text := fmt.Sprintf("%s %s %s %s", event.Type, request.ID, request.Method, request.Params)
	c.note(server, client.party, correlationLesson, text, client.tap.stream.next())
}

// answers lets a client answer the request for method.
func (c *conversation) answers(client *actor, method string) {
	put(c.ctx, client.gates[method], struct{}{})
	c.posts(client)
}

// insists has a client answer what it heard last, although nobody waits.
func (c *conversation) insists(client *actor, method string) {
	endpoint := c.url + "/responses?session=" + url.QueryEscape(client.session)
	response := correlation.Response{JSONRPC: "2.0", ID: client.heard, Result: talk[method].result}
	refusal, err := programs.PostJSON(c.ctx, client.client.Client, endpoint, response)
	if err != nil {
		c.failed(err, "a late answer", client.party)
		return
	}
	refusal.Body.Close()
	c.posts(client)
}

// posts waits until a client has posted a response, and the server has said
// something to it.
func (c *conversation) posts(client *actor) {
	request := c.seen(client.tap.sent, "the answer", client.party)
	var response correlation.Response
	c.failed(json.Unmarshal(request.body, &response), "the answer", client.party)
	text := fmt.Sprintf("POST /responses %s %s", response.ID, response.Result)
	c.note(client.party, server, timeoutsLesson, text, request.wire)
	receipt := c.seen(client.tap.received, "what the server says to the answer", client.party)
	c.noteReply(client.party, correlationLesson, receipt)
}

// leaves ends a client's connection, and waits until its session is over.
func (c *conversation) leaves(client *actor) {
	client.close()
	await(c, c.ended, "the end of the session", client.party)
	c.noteEnd(client.party, server, client.party, "(the connection ends)")
}

// shutsDown has the server shut down, and waits until a client that is there has
// the end of its stream.
func (c *conversation) shutsDown(client *actor) {
	c.failed(c.server.Shutdown(c.ctx), "the shutdown", server)
	await(c, client.left, "the end of the stream", client.party)
	if c.err == nil { // it has left, and so has its error
		c.failed(client.err, "the end of the stream", client.party)
	}
	c.noteEnd(server, client.party, client.party, "(the end of the stream)")
}
