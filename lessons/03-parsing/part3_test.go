package parsing_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.com/sseworkbook/harness/step"
	parsing "example.com/sseworkbook/lessons/03-parsing"
)

// Part 3, the connection.

// A browser accepts status 200 with text/event-stream, and gives up for good on
// anything else. A login page is not an event stream, and never contains an event.
func TestConnectTakesNothingButAnEventStream(t *testing.T) {
	defer step.Begin(t)()
	wantTaken(t, "text/event-stream", "")
	wantTaken(t, "Text/Event-Stream; charset=utf-8", "")
	wantTaken(t, "text/event-stream; charset=utf-8; charset=UTF-8", "")
	wantTaken(t, "text/event-stream,", "")
	wantTaken(t, "text/html, text/event-stream", "")
	wantTaken(t, "text/event-stream", "Identity")
	const html = "Connect accepted a login page as an event stream: a decoder for it never returns an event"
	wantRefusal(t, html, 200, "text/html; charset=utf-8", "", "text/html")
	wantRefusal(t, html, 200, "text/event-stream, text/html", "", "text/html")
	wantRefusal(t, "Connect accepted a content type that only begins with text/event-stream", 200, "text/event-stream-not", "", "text/event-stream-not")
	wantRefusal(t, "Connect accepted a response without a content type: such a response is not an event stream", 200, "", "", `""`)
	wantRefusal(t, "Connect accepted status 204, which tells a browser not to reconnect", 204, "text/event-stream", "", "204")
	wantRefusal(t, "Connect accepted status 500: an error is not an event stream, no matter what its content type says", 500, "text/event-stream", "", "500")
	for _, status := range refused() {
		wantRefusal(t, fmt.Sprintf("Connect accepted status %d: a browser accepts only 200", status), status, "text/event-stream", "", strconv.Itoa(status))
	}
	for _, encoding := range []string{"br", "zstd", "gzip", "deflate"} {
		wantRefusal(t, "Connect accepted a compressed stream: Decode cannot read it, and would never return an event", 200, "text/event-stream", encoding, strconv.Quote(encoding))
	}

	gone, leave := context.WithCancelCause(t.Context())
	leave(errors.New("its caller left"))
	wantUnsent(t, "the request was cancelled", gone, nil, context.Canceled)
	late, leaveLate := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer leaveLate()
	wantUnsent(t, "the request's deadline has passed", late, nil, context.DeadlineExceeded)
	for _, broken := range []error{errors.New("the connection broke"), io.EOF, io.ErrUnexpectedEOF, os.ErrDeadlineExceeded} {
		wantUnsent(t, fmt.Sprintf("the client's RoundTripper returned the error %q", broken), t.Context(), broken, broken)
	}
}

// refused returns the statuses that a browser does not accept, whatever comes with them.
func refused() (statuses []int) {
	for status := 201; status < 600; status++ {
		statuses = append(statuses, status)
	}
	return statuses
}

// wantUnsent connects in vain, and wants the error that Do returned.
func wantUnsent(t *testing.T, sentence string, ctx context.Context, fails, want error) {
	t.Helper()
	a := &answer{fails: fails}
	_, err := parsing.Connect(&http.Client{Transport: a}, newRequest(t, ctx))
	step.ErrorIs(t, sentence+fmt.Sprintf(": Connect must return an error that wraps %q", want), want, err)
	if _, ok := errors.AsType[*url.Error](err); !ok {
		step.Fail(t, sentence+": Connect must wrap the *url.Error that Do returned, because callers use that error's URL and Timeout()",
			fmt.Sprintf("got  %v", err))
	}
	if a.sent > 1 {
		step.Fail(t, sentence+", but Connect sent the request again: retrying is the caller's decision", fmt.Sprintf("sent %d times", a.sent))
	}
}

// A response that is not an event stream may be anything, even a page that never ends,
// or one that never sends a byte. Connect closes its body, which releases the
// connection, and does not wait for what is in it.
func TestARefusedBodyIsClosedAndNotRead(t *testing.T) {
	defer step.Begin(t)()
	answers := []*answer{{status: 200, contentType: "text/html"}, {status: 200, contentType: "text/event-stream", encoding: "br"}, {status: 204}}
	for _, status := range refused() {
		answers = append(answers, &answer{status: status, contentType: "text/event-stream"})
	}
	for _, a := range answers {
		_, err := parsing.Connect(&http.Client{Transport: a}, newRequest(t, t.Context()))
		if err == nil {
			step.Fail(t, "Connect accepted a response that is not a readable event stream", a.String(), "got  no error", "want a *ResponseError")
		}
		if a.open {
			step.Fail(t, "Connect refused the response, but left its body open: the connection is never released", a.String())
		}
		if a.reads > 0 {
			step.Fail(t, "Connect read the body of a response that it refused: such a body may never end, or never arrive", a.String(), fmt.Sprintf("bytes read: %d", a.read))
		}
	}
}

// A browser asks for an event stream, and asks caches not to answer. A Go client may ask in
// another way, and for more: Connect sends its request's own headers unchanged, and
// does not change the request.
func TestConnectAsksForAnEventStream(t *testing.T) {
	defer step.Begin(t)()
	wantSent(t, "Connect must send Accept: text/event-stream and no other type, as a browser does, or some servers send JSON", nil, "Accept", "text/event-stream")
	wantAsked(t, "Connect must send Cache-Control: no-cache, as a browser does, or a cache may send old events again", nil, "Cache-Control", "no-cache")
	own := http.Header{"Accept": {"text/event-stream", "application/problem+json"}}
	wantSent(t, "the caller's request has its own Accept header: Connect must send that header unchanged", own, "Accept", "text/event-stream, application/problem+json")
	wantAsked(t, "the caller's request has its own Accept but no Cache-Control: Connect must still send Cache-Control: no-cache", own, "Cache-Control", "no-cache")
	own = http.Header{"Cache-Control": {"no-store"}}
	wantSent(t, "the caller's request has its own Cache-Control header: Connect must send that header unchanged", own, "Cache-Control", "no-store")
	wantSent(t, "the caller's request has its own Cache-Control but no Accept: Connect must still send Accept: text/event-stream", own, "Accept", "text/event-stream")
	own = http.Header{"Accept": {""}, "Cache-Control": {""}}
	wantSent(t, "the caller's request has an empty Accept header: Connect must not replace that header", own, "Accept", "")
	wantSent(t, "the caller's request has an empty Cache-Control header: Connect must not replace that header", own, "Cache-Control", "")
	own = http.Header{"Last-Event-Id": {"5"}, "X-Trace": {"a", "b"}}
	wantSent(t, "Connect must send the request's Last-Event-ID header", own, "Last-Event-Id", "5")
	wantSent(t, "Connect must send all values of the request's X-Trace header", own, "X-Trace", "a, b")
	wantSent(t, "an earlier request had an X-Trace header: Connect must not send that header with a later request", nil, "X-Trace", "")

	for _, name := range []string{"User-Agent", "Accept-Encoding", "Accept-Language"} {
		wantSent(t, "the caller's request has its own "+name+" header: Connect must send that header unchanged", http.Header{name: {"x"}}, name, "x")
	}
	wantSentWhole(t)
	wantClientUsed(t)
}

// wantSentWhole connects with requests that have more than a URL and a header. The second
// one is redirected: then the client needs its GetBody.
func wantSentWhole(t *testing.T) {
	t.Helper()
	type key struct{}
	a := &answer{status: http.StatusOK, contentType: "text/event-stream"}
	for _, method := range []string{http.MethodPost, "QUERY"} {
		r, err := http.NewRequestWithContext(context.WithValue(t.Context(), key{}, "its value"), method, "http://sse.test/events", strings.NewReader("a question"))
		if err != nil {
			t.Fatal(err)
		}
		r.Host, r.Close, r.Trailer = "virtual.test", true, http.Header{"X-Sum": {"7"}}
		connected(t, &http.Client{Transport: a}, r)
		step.Equal(t, "Connect must send the caller's whole request: its method, body, Host and ContentLength, and the values of its context",
			list{method + ` "a question" of 10 bytes to virtual.test, context value: its value`},
			list{fmt.Sprintf("%s %q of %d bytes to %s, context value: %v", a.request.Method, a.asked, a.request.ContentLength, a.request.Host, a.request.Context().Value(key{}))})
		if method == http.MethodPost { // a client that is redirected drops these
			step.Equal(t, "Connect must send the caller's whole request, including its Close and Trailer fields",
				"true map[X-Sum:[7]]", fmt.Sprint(a.request.Close, a.request.Trailer))
		}
		a.redirects = []string{"/v1/events"} // for the second one
	}
}

// wantClientUsed connects with a client that has cookies, and then one that refuses to be
// redirected.
func wantClientUsed(t *testing.T) {
	t.Helper()
	r := newRequest(t, t.Context())
	jar, _ := cookiejar.New(nil)
	jar.SetCookies(r.URL, []*http.Cookie{{Name: "session", Value: "7"}})
	a := &answer{status: http.StatusOK, contentType: "text/event-stream"}
	connected(t, &http.Client{Transport: a, Jar: jar}, r)
	step.Equal(t, "the caller's client has a cookie for this server: Connect must use that client for the request", "Cookie: session=7", "Cookie: "+a.request.Header.Get("Cookie"))
	r.Header = http.Header{"Accept": {"text/event-stream"}, "Cache-Control": {"no-cache"}}
	connected(t, &http.Client{Transport: a, Jar: jar}, r)
	step.Equal(t, "the caller's client has a cookie for this server: Connect must not add the cookie to r.Header, or the next request sends it twice (shown: the number of cookies in r.Header)",
		0, len(r.Header["Cookie"]))

	refused := errors.New("no redirects")
	a.redirects = []string{"http://elsewhere.test/events"}
	source, err := parsing.Connect(&http.Client{Transport: a, CheckRedirect: func(*http.Request, []*http.Request) error { return refused }}, r)
	if source != nil {
		source.Close()
	}
	step.ErrorIs(t, "the client's CheckRedirect refused a redirect: Connect must return CheckRedirect's error", refused, err)
	if _, ok := errors.AsType[*url.Error](err); !ok {
		step.Fail(t, "the client's CheckRedirect refused a redirect: Connect must wrap the *url.Error that Do returned, because callers use that error's URL",
			fmt.Sprintf("got  %v", err))
	}
}

// A client that reconnects continues where it left off: the stream has that last event ID
// until the server sends another one. An address in the stream, such as the one for a
// client's answers, is relative to the URL that the stream came from. After a redirect,
// that is not the request's URL.
func TestTheStreamHasItsLastEventIDAndItsAddress(t *testing.T) {
	defer step.Begin(t)()
	for header, want := range map[string]string{"": "", "5": "5"} {
		r := newRequest(t, t.Context())
		if header != "" {
			r.Header.Set("Last-Event-ID", header)
		}
		source := connected(t, &http.Client{Transport: &answer{status: http.StatusOK, contentType: "text/event-stream"}}, r)
		said := fmt.Sprintf("\nthe request's Last-Event-ID is %q", header)
		step.Equal(t, "before the first event, LastEventID() must be the request's Last-Event-ID"+said, want, source.LastEventID())
		event, err := source.Decode()
		step.Equal(t, "an event without an id must have the request's Last-Event-ID as its ID"+said, list{fmt.Sprintf("%q, <nil>", want)}, list{fmt.Sprintf("%q, %v", event.ID, err)})
	}
	wantAddresses(t)
}

// wantAddresses connects with redirects, without them, and through a RoundTripper that leaves
// the response's Request nil.
func wantAddresses(t *testing.T) {
	t.Helper()
	a := &answer{status: http.StatusOK, contentType: "text/event-stream"}
	c := &http.Client{Transport: a}
	step.Equal(t, "the request was not redirected: Source.URL must be the request's URL", "http://sse.test/events",
		fmt.Sprint(connected(t, c, newRequest(t, t.Context())).URL))
	a.redirects = []string{"/v1/events", "http://other.test/v2/events"}
	r := newRequest(t, t.Context())
	step.Equal(t, "the request was redirected twice: Source.URL must be the address that the stream came from", "http://other.test/v2/events",
		fmt.Sprint(connected(t, c, r).URL))
	step.Equal(t, "Connect must leave the request's URL unchanged: the caller may send the request again", "http://sse.test/events", r.URL.String())
	c.Transport = &answer{status: http.StatusOK, contentType: "text/event-stream", forgets: true}
	defer func() {
		if p := recover(); p != nil { // panic again, with the likely cause
			panic(fmt.Sprint(p, " (the client's RoundTripper left the response's Request nil)"))
		}
	}()
	r.Header.Set("Last-Event-ID", "5")
	source := connected(t, c, r)
	step.Equal(t, "the client's RoundTripper left the response's Request nil: Source.URL must be the URL of the caller's request", "http://sse.test/events",
		fmt.Sprint(source.URL))
	step.Equal(t, "the client's RoundTripper left the response's Request nil: LastEventID() must be the Last-Event-ID of the caller's request", "5", source.LastEventID())
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
		step.Fail(t, "a browser reads this response as an event stream, but Connect returned an error", a.String(), "got  "+shown(err))
	case a.request == nil:
		step.Fail(t, "Connect returned no error, but sent no request")
	case source == nil || source.Decoder == nil:
		step.Fail(t, "a browser reads this response as an event stream, but Connect returned no decoder for it", a.String())
	}
	t.Cleanup(func() { source.Close() })
	return source
}

func wantTaken(t *testing.T, contentType, encoding string) {
	t.Helper()
	a := &answer{status: http.StatusOK, contentType: contentType, encoding: encoding}
	source := connected(t, &http.Client{Transport: a}, newRequest(t, t.Context()))
	event, err := source.Decode()
	step.Equal(t, "the server sent one event: Decode must return hello\n"+a.String(), "hello, <nil>", fmt.Sprintf("%v, %v", event.Data, err))
	source.Close()
	if a.open {
		step.Fail(t, "Close left the response's body open: the connection is never released", a.String())
	}
}

// wantRefusal connects to a server whose response must be refused with an error
// that has this status and a message that says why.
func wantRefusal(t *testing.T, sentence string, status int, contentType, encoding, says string) {
	t.Helper()
	a := &answer{status: status, contentType: contentType, encoding: encoding}
	_, err := parsing.Connect(&http.Client{Transport: a}, newRequest(t, t.Context()))
	if err == nil {
		step.Fail(t, sentence, a.String(), "got  no error", "want a *ResponseError")
	}
	refusal, ok := errors.AsType[*parsing.ResponseError](err)
	if !ok || refusal == nil {
		step.Fail(t, "Connect refused this response, but did not return a *ResponseError: a client needs one to decide whether to reconnect",
			a.String(), "got  "+shown(err))
	}
	step.Equal(t, "the error's StatusCode must be the response's status: a client uses it to decide whether to reconnect", status, refusal.StatusCode)
	step.Equal(t, "the error's Header must be the response's whole header: a client reads Content-Type and Retry-After from it",
		contentType+", 7", refusal.Header.Get("Content-Type")+", "+refusal.Header.Get("Retry-After"))
	step.Equal(t, "Connect refused a response: it must not send the request again, because a second request may cost or change something", 1, a.sent)
	if !strings.Contains(err.Error(), says) {
		step.Fail(t, "the error's message must say what the server sent instead of an event stream", "got  "+err.Error(), "want a message that contains "+says)
	}
}

// wantSent connects with a request that has this header, and wants one of the headers that
// were sent to have these values.
func wantSent(t *testing.T, sentence string, header http.Header, name, want string) {
	t.Helper()
	sent := strings.Join(sentWith(t, header).Values(name), ", ")
	step.Equal(t, fmt.Sprintf("%s\nthe request's header is %q", sentence, header), name+": "+want, name+": "+sent)
}

// wantAsked does the same, but allows other values next to this one.
func wantAsked(t *testing.T, sentence string, header http.Header, name, want string) {
	t.Helper()
	sent := strings.Join(sentWith(t, header).Values(name), ", ")
	for value := range strings.SplitSeq(sent, ",") {
		if strings.EqualFold(strings.TrimSpace(value), want) {
			return
		}
	}
	step.Equal(t, fmt.Sprintf("%s\nthe request's header is %q", sentence, header), name+": "+want, name+": "+sent)
}

// sentWith returns the header that was sent for a request with this one, and checks that
// Connect leaves the request and the client unchanged.
func sentWith(t *testing.T, header http.Header) http.Header {
	t.Helper()
	a := &answer{status: http.StatusOK, contentType: "text/event-stream"}
	r, c := newRequest(t, t.Context()), &http.Client{Transport: a, Timeout: time.Hour}
	r.Header = header // which may be nil
	client, before, whole := *c, fmt.Sprintf("%#v", header), *r
	a.during = func() {
		step.Equal(t, "the caller may be using r elsewhere at the same time: Connect must not change r.Header, even for a moment", list{before}, list{fmt.Sprintf("%#v", r.Header)})
		step.Equal(t, "the caller may be using its client elsewhere at the same time: Connect must not change the client's Timeout, even for a moment",
			client.Timeout, c.Timeout)
		if !reflect.DeepEqual(client, *c) || !reflect.DeepEqual(whole, *r) || r.URL != whole.URL {
			step.Fail(t, "the caller may be using its client and its request elsewhere at the same time: Connect must not change either, even for a moment")
		}
	}
	connected(t, c, r).Close() // which ends the client's timer
	step.Equal(t, "the caller may send its request again: Connect must not change r.Header, and a nil Header must stay nil", list{before}, list{fmt.Sprintf("%#v", r.Header)})
	if !reflect.DeepEqual(whole, *r) {
		step.Fail(t, "Connect must not change the caller's request: the caller may send it again")
	}
	if !reflect.DeepEqual(client, *c) {
		step.Fail(t, "Connect must not change the client: the caller sends other requests with it")
	}
	return a.request.Header
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
	b.of.read += n
	return n, err
}

func (b body) Close() error {
	b.of.open = false
	return errors.New("the body was closed before its end")
}
