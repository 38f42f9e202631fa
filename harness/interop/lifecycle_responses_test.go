package interop_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// lifecycle are all cases, in the order of the lesson's table.
var lifecycle = slices.Concat(statuses, redirects, posts, connections, waits, ids, lines)

// The clauses that several cases stand on.
const (
	endOfBody = "9.2.2, end of body"
	lost      = "9.2.2, network error"
	fails     = "9.2.2, fail the connection"
	again     = "9.2.3, reestablish the connection"
	idHeader  = "9.2.3, Last-Event-ID"
	idField   = "9.2.6, field id"
	retry     = "9.2.6, field retry"
	endOfFile = "9.2.6, end of the file"
	lineEnds  = "9.2.6, how a line can end"
	bom       = "9.2.6, UTF-8 decode"
)

// givesUp is how a browser differs that gets a status other than 200.
const givesUp = "a browser gives up"

// What most cases see.
const (
	get      = "GET /events"
	eventA   = "data: a\n\n"
	isA, isB = "message//a", "message//b"
	ended    = "ended, 3s" // the client's own reconnection time
)

// Requests of most cases.
var (
	once  = []string{get}
	twice = []string{get, get}
)

// response returns the bytes of a response that ends with its connection.
func response(line string, fields []string, body string) string {
	return line + "\r\n" + strings.Join(append(fields, "Connection: close\r\n\r\n"), "\r\n") + body
}

// status returns a response without a body.
func status(code int, fields ...string) string {
	return response(fmt.Sprintf("HTTP/1.1 %d %s", code, http.StatusText(code)), fields, "")
}

// typed returns a response with a Content-Type, and perhaps more fields.
func typed(contentType, body string, fields ...string) string {
	return response("HTTP/1.1 200 OK", append([]string{"Content-Type: " + contentType}, fields...), body)
}

// stream returns a response with an event stream.
func stream(body string, fields ...string) string { return typed("text/event-stream", body, fields...) }

// chunked returns a response with an event stream in these chunks, and its end.
func chunked(end string, chunks ...string) string {
	var body strings.Builder
	for _, chunk := range chunks {
		fmt.Fprintf(&body, "%x\r\n%s\r\n", len(chunk), chunk)
	}
	return stream(body.String()+end, "Transfer-Encoding: chunked")
}

const lastChunk = "0\r\n\r\n"

// compressed returns text in gzip's format.
func compressed(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text)) // to memory: there is no error
	w.Close()
	return b.String()
}

// each returns a case for each status.
func each(of func(code int) lifecycleCase, codes ...int) (cases []lifecycleCase) {
	for _, code := range codes {
		cases = append(cases, of(code))
	}
	return cases
}

// final is the case of a status that ends Run, although a stream comes with it.
func final(code int) lifecycleCase {
	return lifecycleCase{server: fmt.Sprintf("answers %d", code), client: "ends with an error", clause: fails,
		script: []string{status(code, "Content-Type: text/event-stream") + eventA}, requests: once, end: fmt.Sprint(code)}
}

// busy is the case of a status that is a loss here, and final in a browser. No one reads
// the stream that comes with it.
func busy(code int) lifecycleCase {
	return lifecycleCase{server: fmt.Sprintf("answers %d", code), client: "connects again after 3 s", clause: fails,
		differs: givesUp + ", but this may pass",
		script:  []string{status(code, "Content-Type: text/event-stream") + eventA}, requests: twice, losses: []string{fmt.Sprintf("%d, 3s", code)}}
}

// accepted is the case of a Content-Type that is an event stream's.
func accepted(contentType, clause string) lifecycleCase {
	return lifecycleCase{server: fmt.Sprintf("sends the type `%s`", contentType), client: "reads the stream, as UTF-8", clause: clause,
		script: []string{typed(contentType, "data: ä\n\n")}, requests: twice, events: []string{"message//ä"}, losses: []string{ended}}
}

var statuses = slices.Concat([]lifecycleCase{
	{server: "sends an event and ends the stream", client: "connects again after 3 s", clause: endOfBody,
		script: []string{stream(eventA)}, requests: twice, events: []string{isA}, losses: []string{ended}},
	{server: "ends the stream without a byte", client: "connects again after 3 s", clause: endOfBody,
		script: []string{stream("")}, requests: twice, losses: []string{ended}},
	{server: "answers 204", client: "ends without an error", clause: "9.2.1, No Content", requests: once},
}, each(final, 205, 206, 300, 400, 401, 403, 404, 410),
	each(busy, 429, 500, 502, 503, 504),
	[]lifecycleCase{
		{server: "sends 103, and then 200", client: "reads the stream", clause: "RFC 9110, 15.2, Informational 1xx",
			script:   []string{"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + stream(eventA)},
			requests: twice, events: []string{isA}, losses: []string{ended}},
		{server: "sends the type `text/html`", client: "ends with an error, and reads no event", clause: fails,
			script: []string{typed("text/html", eventA)}, requests: once, end: "200"},
		{server: "sends no Content-Type", client: "ends with an error, and reads no event", clause: fails,
			script: []string{response("HTTP/1.1 200 OK", nil, eventA)}, requests: once, end: "200"},
		accepted("TEXT/Event-Stream", "RFC 9110, 8.3.1, Media Type"),
		accepted("text/event-stream; charset=utf-8", "RFC 9110, 8.3.1, Media Type"),
		accepted("text/event-stream; charset=latin1", bom),
	})

// followed is the case of a redirect.
func followed(code int) lifecycleCase {
	return lifecycleCase{server: fmt.Sprintf("answers %d with a Location", code), client: "follows with its Last-Event-ID",
		clause: redirectClause(code), lastEventID: "7", script: []string{status(code, "Location: /live"), status(204)},
		requests: []string{"GET /events id=7", "GET /live id=7"}}
}

// returned is the case of what follows on a redirect: net/http keeps none. After a 307,
// that is what the RFC asks for; after a 308, it would let a client stay.
func returned(code int) lifecycleCase {
	return lifecycleCase{server: fmt.Sprintf("ends the stream that a %d led to", code), client: "asks at the first address again",
		clause: redirectClause(code), differs: "Chromium asks there",
		script:   []string{status(code, "Location: /live"), stream("id: 7\ndata: a\n\n")},
		requests: []string{get, "GET /live", "GET /events id=7"}, events: []string{"message/7/a"}, losses: []string{ended}}
}

// redirectClause is the section about a status that redirects.
func redirectClause(code int) string {
	section := map[int]string{301: "2", 302: "3", 303: "4", 307: "8", 308: "9"}[code]
	return fmt.Sprintf("RFC 9110, 15.4.%s, %s", section, http.StatusText(code))
}

// astray is the case of a redirect that leads nowhere.
func astray(code int) lifecycleCase {
	c := final(code)
	c.server += " without a Location"
	return c
}

var redirects = slices.Concat(each(followed, 301, 302, 303, 307, 308), each(returned, 307, 308),
	each(astray, 301, 302, 303, 307, 308), []lifecycleCase{
		{server: "redirects to the relative address `live`", client: "asks for it next to the first address", clause: "RFC 9110, 10.2.2, Location",
			script: []string{status(307, "Location: live"), stream("")}, requests: []string{get, "GET /live", get}, losses: []string{ended}},
		{server: "redirects to a page that answers 404", client: "ends with an error", clause: fails,
			script: []string{status(302, "Location: /gone"), status(404)}, requests: []string{get, "GET /gone"}, end: "404"},
		{server: "redirects to itself, again and again", client: "stops at 10, connects again after 3 s", clause: lost, differs: "Fetch stops at 20",
			script:   slices.Repeat([]string{status(302, "Location: /events")}, 10),
			requests: slices.Repeat(once, 11), losses: []string{"no response, 3s"}},
		{server: "redirects to `ftp://sse.test/`", client: "connects again after 3 s", clause: lost,
			script: []string{status(302, "Location: ftp://sse.test/")}, requests: twice, losses: []string{"no response, 3s"}},
		{server: "redirects to what is not an address", client: "connects again after 3 s", clause: lost,
			script: []string{status(302, "Location: http://[")}, requests: twice, losses: []string{"no response, 3s"}},
	})

// moved is the case of a POST that is redirected, and whose next request is second.
func moved(code int, client, second string) lifecycleCase {
	return lifecycleCase{server: fmt.Sprintf("answers a POST with %d", code), client: client, clause: redirectClause(code),
		post: "ask", script: []string{status(code, "Location: /live"), stream("")},
		requests: []string{"POST /events body=ask", second, "POST /events body=ask"}, losses: []string{ended}}
}

var posts = []lifecycleCase{
	{server: "ends the stream of a POST", client: "posts the body again", clause: "RFC 9110, 9.3.3, POST", differs: "a browser only has GET",
		post: "ask", script: []string{stream("id: 7\ndata: a\n\n")},
		requests: []string{"POST /events body=ask", "POST /events id=7 body=ask"}, events: []string{"message/7/a"}, losses: []string{ended}},
	moved(301, "goes on with a GET", "GET /live"),
	moved(302, "goes on with a GET", "GET /live"),
	moved(303, "goes on with a GET", "GET /live"),
	moved(307, "posts the body there", "POST /live body=ask"),
	moved(308, "posts the body there", "POST /live body=ask"),
}

var connections = []lifecycleCase{
	{server: "is not there at first", client: "connects again after 3 s", clause: lost,
		refused: 1, script: []string{stream(eventA)}, requests: twice, events: []string{isA}, losses: []string{"no server, 3s", ended}},
	{server: "accepts and closes", client: "connects again after 3 s", clause: lost,
		script: []string{""}, requests: twice, losses: []string{"no response, 3s"}},
	{server: "breaks off in the header", client: "connects again after 3 s", clause: lost,
		script: []string{"HTTP/1.1 200 OK\r\nContent-Ty"}, requests: twice, losses: []string{"no response, 3s"}},
	{server: "answers in another protocol", client: "connects again after 3 s", clause: lost,
		script: []string{"SSH-2.0-OpenSSH_9.9\r\n\r\n"}, requests: twice, losses: []string{"no response, 3s"}},
	{server: "breaks off in a chunk", client: "reports the error, connects again", clause: "RFC 9112, 8, Incomplete Messages",
		script: []string{chunked("9\r\ndata: b\n", eventA)}, requests: twice, events: []string{isA}, losses: []string{"broken, 3s"}},
	{server: "breaks off between two chunks", client: "reports the error, connects again", clause: "RFC 9112, 8, Incomplete Messages",
		script: []string{chunked("", eventA)}, requests: twice, events: []string{isA}, losses: []string{"broken, 3s"}},
	{server: "sends less than its Content-Length", client: "reports the error, connects again", clause: "RFC 9112, 8, Incomplete Messages",
		script: []string{stream(eventA, "Content-Length: 10")}, requests: twice, events: []string{isA}, losses: []string{"broken, 3s"}},
	{server: "sends more than its Content-Length", client: "reads no more than that", clause: "RFC 9112, 6.3, Message Body Length",
		script: []string{stream(eventA+"data: b\n\n", "Content-Length: 9")}, requests: twice, events: []string{isA}, losses: []string{ended}},
	{server: "sends garbage after the last chunk", client: "does not read it", clause: "RFC 9112, 7.1, Chunked Transfer Coding",
		script: []string{chunked(lastChunk+"data: b\n\n", eventA)}, requests: twice, events: []string{isA}, losses: []string{ended}},
	{server: "sends a chunk without a length", client: "reports the error, connects again", clause: "RFC 9112, 7.1, Chunked Transfer Coding",
		script: []string{chunked("data: b\r\n", eventA)}, requests: twice, events: []string{isA}, losses: []string{"broken, 3s"}},
	{server: "speaks HTTP/1.0", client: "reads up to the end of the connection", clause: "RFC 9112, 6.3, Message Body Length",
		script:   []string{"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + eventA},
		requests: twice, events: []string{isA}, losses: []string{ended}},
	{server: "compresses with gzip, as asked", client: "reads the stream", clause: "RFC 9110, 12.5.3, Accept-Encoding",
		script: []string{stream(compressed(eventA), "Content-Encoding: gzip")}, requests: twice, events: []string{isA}, losses: []string{ended}},
	{server: "compresses with br, unasked", client: "ends with an error", clause: "RFC 9110, 8.4, Content-Encoding",
		differs: "browsers ask for br, and read it",
		script:  []string{stream("\x0b\x04\x80"+eventA+"\x03", "Content-Encoding: br")}, requests: once, end: "200"},
}
