package parsing_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"example.com/sseworkbook/harness/step"
	parsing "example.com/sseworkbook/lessons/03-parsing"
)

// Part 3, the connection.

// A browser takes status 200 with text/event-stream, and gives up for good on
// anything else. A login page is not an event stream, and never has an event.
func TestConnectTakesNothingButAnEventStream(t *testing.T) {
	defer step.Begin(t)()
	wantTaken(t, "text/event-stream")
	wantTaken(t, "Text/Event-Stream; charset=utf-8")
	wantTaken(t, "text/event-stream; charset=utf-8; charset=UTF-8")
	wantTaken(t, "text/event-stream,")
	const html = "a login page is not an event stream: a decoder for it would never return an event"
	wantRefusal(t, html, 200, "text/html; charset=utf-8", "", "text/html")
	wantRefusal(t, html, 200, "text/event-stream, text/html", "", "text/html")
	wantRefusal(t, "a type that only begins like it is not an event stream", 200, "text/event-stream-not", "", "text/event-stream-not")
	wantRefusal(t, "a response without a type is not an event stream", 200, "", "", `""`)
	wantRefusal(t, "204 is how a server tells a browser not to come back", 204, "text/event-stream", "", "204")
	wantRefusal(t, "an error is not an event stream, no matter what its content type says", 500, "text/event-stream", "", "500")
	wantRefusal(t, "a compressed stream cannot be read: it looks like one without events", 200, "text/event-stream", "br", `"br"`)

	gone, leave := context.WithCancel(t.Context())
	leave()
	_, err := parsing.Connect(&http.Client{Transport: &answer{}}, newRequest(t, gone))
	step.ErrorIs(t, "the request was cancelled: Connect must return an error that wraps context.Canceled", context.Canceled, err)
	if _, ok := errors.AsType[*url.Error](err); !ok {
		step.Fail(t, "the client's Do returned a *url.Error, and Connect must wrap it: a caller asks it for the URL and Timeout()",
			fmt.Sprintf("got  %v", err))
	}
}

// A response that is not an event stream may be anything, a page that never ends among
// others, or one of which no byte comes. Its body is closed, which releases its
// connection, and nobody waits for what is in it.
func TestARefusedBodyIsClosedAndNotRead(t *testing.T) {
	defer step.Begin(t)()
	for _, a := range []*answer{
		{status: 200, contentType: "text/html"}, {status: 503, contentType: "text/event-stream"},
		{status: 200, contentType: "text/event-stream", encoding: "br"},
	} {
		source, err := parsing.Connect(&http.Client{Transport: a}, newRequest(t, t.Context()))
		if err == nil {
			step.Fail(t, "Connect must refuse this response, but returned no error", a.String(), fmt.Sprintf("got  %v", source))
		}
		if a.open {
			step.Fail(t, "Connect refused the response, but left its body open: its connection is never released", a.String())
		}
		if a.reads > 0 {
			step.Fail(t, "Connect read the body of a response that it refused: it may never end, or never come", a.String(), fmt.Sprintf("read %d bytes", a.sent))
		}
	}
}

// A browser asks for an event stream, and past each cache. A Go client may ask in
// another way, and for more: what its request says is what is sent, and the
// request is its own afterwards as it was before.
func TestConnectAsksForAnEventStream(t *testing.T) {
	defer step.Begin(t)()
	wantAsked(t, "a browser asks for text/event-stream: some servers send JSON otherwise", nil, "Accept", "text/event-stream")
	wantAsked(t, "a browser asks past each cache: one that answers would send old events again", nil, "Cache-Control", "no-cache")
	own := http.Header{"Accept": {"text/event-stream", "application/problem+json"}}
	wantSent(t, "the request has an Accept header of its own: Connect must send that", own, "Accept", "text/event-stream, application/problem+json")
	wantAsked(t, "the request's own Accept says nothing about caches: Connect must ask past them all the same", own, "Cache-Control", "no-cache")
	own = http.Header{"Cache-Control": {"no-store"}}
	wantSent(t, "the request has a Cache-Control header of its own: Connect must send that", own, "Cache-Control", "no-store")
	wantAsked(t, "the request's own Cache-Control says nothing of what it asks for", own, "Accept", "text/event-stream")
	own = http.Header{"Last-Event-Id": {"5"}, "X-Trace": {"a", "b"}}
	wantSent(t, "Connect must send the request's other headers", own, "Last-Event-Id", "5")
	wantSent(t, "Connect must send all values of the request's other headers", own, "X-Trace", "a, b")
	wantSent(t, "the request before this one had other headers: this one has none of them", nil, "X-Trace", "")

	a := &answer{status: http.StatusOK, contentType: "text/event-stream"}
	r := newRequest(t, t.Context())
	r.Method, r.Body = http.MethodPost, io.NopCloser(strings.NewReader("a question"))
	connected(t, &http.Client{Transport: a}, r)
	step.Equal(t, "the caller's request is a POST with a body: Connect must send that", `POST "a question"`, a.request.Method+" "+fmt.Sprintf("%q", a.asked))
}

// A client that was connected before goes on where it was: the stream has that last
// event ID until the server names another one.
func TestTheStreamBeginsWithTheRequestsLastEventID(t *testing.T) {
	defer step.Begin(t)()
	for header, want := range map[string]string{"": "", "5": "5"} {
		r := newRequest(t, t.Context())
		if header != "" {
			r.Header.Set("Last-Event-ID", header)
		}
		source := connected(t, &http.Client{Transport: &answer{status: http.StatusOK, contentType: "text/event-stream"}}, r)
		said := fmt.Sprintf("\nsent with Last-Event-ID %q", header)
		step.Equal(t, "the stream must begin with the last event ID of the request: LastEventID()"+said, want, source.LastEventID())
		event, err := source.Decode()
		step.Equal(t, "an event without an id must have the last event ID of the request"+said, fmt.Sprintf("%q, <nil>", want), fmt.Sprintf("%q, %v", event.ID, err))
	}
}

// An address in the stream, such as the one for a client's answers, is relative to the
// one that the stream came from. After a redirect that is not the request's.
func TestTheStreamKnowsItsAddressAfterRedirects(t *testing.T) {
	defer step.Begin(t)()
	a := &answer{status: http.StatusOK, contentType: "text/event-stream"}
	c := &http.Client{Transport: a}
	step.Equal(t, "nothing was redirected: Source.URL must be the request's", "http://sse.test/events",
		fmt.Sprint(connected(t, c, newRequest(t, t.Context())).URL))
	a.redirects = []string{"/v1/events", "http://other.test/v2/events"}
	r := newRequest(t, t.Context())
	step.Equal(t, "the request was redirected twice: Source.URL must be the address that the stream came from", "http://other.test/v2/events",
		fmt.Sprint(connected(t, c, r).URL))
	step.Equal(t, "Connect must leave the request's URL unchanged: its caller may send it again", "http://sse.test/events", r.URL.String())
}

// An answer is what a server sends to every request: some redirects, then one event, some
// megabytes of comments, and a header that may or may not announce an event stream.
type answer struct {
	status                int
	contentType, encoding string
	redirects             []string // the addresses to which the client is sent first

	request *http.Request // the last request, and its body
	asked   string
	open    bool // whether the body is still to be closed
	reads   int  // how many times the body was read, and how many bytes came of it
	sent    int
}

func (a *answer) String() string {
	line := fmt.Sprintf("sent %d, Content-Type %q", a.status, a.contentType)
	if a.encoding != "" {
		line += fmt.Sprintf(", Content-Encoding %q", a.encoding)
	}
	return line
}

// RoundTrip takes the place of the network.
func (a *answer) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.Body != nil {
		body, _ := io.ReadAll(r.Body)
		a.asked = string(body)
	}
	a.request = r.Clone(context.Background())
	if len(a.redirects) > 0 {
		to := a.redirects[0]
		a.redirects = a.redirects[1:]
		return &http.Response{StatusCode: http.StatusTemporaryRedirect, Header: http.Header{"Location": {to}}, Body: http.NoBody, Request: r}, nil
	}
	header := http.Header{}
	if a.contentType != "" {
		header.Set("Content-Type", a.contentType)
	}
	if a.encoding != "" {
		header.Set("Content-Encoding", a.encoding)
	}
	text := io.MultiReader(strings.NewReader("data: hello\n\n"), &endless{text: ": ping\n", size: 4 << 20})
	a.open, a.reads, a.sent = true, 0, 0
	return &http.Response{StatusCode: a.status, Header: header, Body: body{text, a}, Request: r}, nil
}

type body struct {
	io.Reader
	of *answer
}

func (b body) Read(p []byte) (int, error) {
	b.of.reads++
	if !b.of.open {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.Reader.Read(p)
	b.of.sent += n
	return n, err
}

func (b body) Close() error {
	b.of.open = false
	return nil
}

func newRequest(t *testing.T, ctx context.Context) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", "http://sse.test/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// connected connects to a server that sends an event stream, and closes it at the end of
// the test.
func connected(t *testing.T, c *http.Client, r *http.Request) *parsing.Source {
	t.Helper()
	a := c.Transport.(*answer)
	source, err := parsing.Connect(c, r)
	switch {
	case err != nil:
		step.Fail(t, "a browser takes this for an event stream, but Connect returned an error", a.String(), "got  "+shown(err))
	case a.request == nil:
		step.Fail(t, "Connect returned no error, but sent no request")
	case source == nil || source.Decoder == nil:
		step.Fail(t, "a browser takes this for an event stream, but Connect returned no decoder for it", a.String())
	}
	t.Cleanup(func() { source.Close() })
	return source
}

// shown returns an error as a failure shows it. An interface that holds a nil pointer is
// not nil, and looks like it.
func shown(err error) string {
	if v := reflect.ValueOf(err); v.Kind() == reflect.Pointer && v.IsNil() {
		return fmt.Sprintf("a nil pointer of type %T: an error that holds one is not nil", err)
	}
	return fmt.Sprint(err)
}

func wantTaken(t *testing.T, contentType string) {
	t.Helper()
	a := &answer{status: http.StatusOK, contentType: contentType}
	source := connected(t, &http.Client{Transport: a}, newRequest(t, t.Context()))
	event, err := source.Decode()
	step.Equal(t, "the stream has one event: a browser shows hello\n"+a.String(), "hello, <nil>", fmt.Sprintf("%v, %v", event.Data, err))
	source.Close()
	if a.open {
		step.Fail(t, "Close left the response's body open: its connection is never released", a.String())
	}
}

// wantRefusal connects to a server whose response must be refused with an error
// that has this status, and a message that says why.
func wantRefusal(t *testing.T, sentence string, status int, contentType, encoding, says string) {
	t.Helper()
	a := &answer{status: status, contentType: contentType, encoding: encoding}
	_, err := parsing.Connect(&http.Client{Transport: a}, newRequest(t, t.Context()))
	if err == nil {
		step.Fail(t, sentence, a.String(), "got  no error", "want a *ResponseError")
	}
	refusal, ok := errors.AsType[*parsing.ResponseError](err)
	if !ok || refusal == nil {
		step.Fail(t, "Connect refused this, but the error is not a *ResponseError: a client decides by that whether to come back",
			a.String(), "got  "+shown(err))
	}
	step.Equal(t, "the error must have the status, by which a client decides whether to come back: StatusCode", status, refusal.StatusCode)
	step.Equal(t, "the error must have the response's header: Header's Content-Type", contentType, refusal.Header.Get("Content-Type"))
	if !strings.Contains(err.Error(), says) {
		step.Fail(t, "the error must say what came instead of an event stream", "got  "+err.Error(), "want something with "+says)
	}
}

// wantSent connects with a request that has this header, and wants these values of one
// of the headers that were sent.
func wantSent(t *testing.T, sentence string, header http.Header, name, want string) {
	t.Helper()
	sent := strings.Join(sentWith(t, header).Values(name), ", ")
	step.Equal(t, fmt.Sprint(sentence, "\nthe request's header is ", header), name+": "+want, name+": "+sent)
}

// wantAsked does the same, and other values may stand beside this one.
func wantAsked(t *testing.T, sentence string, header http.Header, name, want string) {
	t.Helper()
	sent := strings.Join(sentWith(t, header).Values(name), ", ")
	for value := range strings.SplitSeq(sent, ",") {
		if strings.EqualFold(strings.TrimSpace(value), want) {
			return
		}
	}
	step.Equal(t, fmt.Sprint(sentence, "\nthe request's header is ", header), name+": "+want, name+": "+sent)
}

// sentWith returns the header that was sent of a request with this one, and sees to it
// that Connect leaves request and client unchanged.
func sentWith(t *testing.T, header http.Header) http.Header {
	t.Helper()
	a := &answer{status: http.StatusOK, contentType: "text/event-stream"}
	r, c := newRequest(t, t.Context()), &http.Client{Transport: a}
	r.Header = header // which may be nil
	client, before := *c, fmt.Sprintf("%#v", header)
	connected(t, c, r)
	step.Equal(t, "the caller may use its request again: Connect must not change r.Header, nor make one where it is nil", before, fmt.Sprintf("%#v", r.Header))
	if !reflect.DeepEqual(client, *c) {
		step.Fail(t, "Connect changed the client: it is the caller's, who sends other requests with it")
	}
	return a.request.Header
}
