package parsing_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"example.com/sseworkbook/harness/pair"
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
	wantRefusal(t, "204 is how a server tells a browser not to come back", 204, "text/event-stream", "", "204")
	wantRefusal(t, "an error is not an event stream, no matter what its content type says", 500, "text/event-stream", "", "500")
	wantRefusal(t, "a compressed stream cannot be read: it looks like one without events", 200, "text/event-stream", "br", `"br"`)

	gone, leave := context.WithCancel(t.Context())
	leave()
	_, err := parsing.Connect(&http.Client{Transport: &answer{}}, newRequest(t, gone))
	step.ErrorIs(t, "the request was cancelled: Connect must return an error that wraps context.Canceled", context.Canceled, err)

	wantSent(t, "a browser asks for text/event-stream: some servers send JSON otherwise", nil, map[string]string{"Accept": "text/event-stream"})
	wantSent(t, "a browser asks past each cache: one that answers would send old events again", nil, map[string]string{"Cache-Control": "no-cache"})
	wantSent(t, "the request has an Accept and a Cache-Control header of its own: Connect must send these",
		http.Header{"Accept": {"text/event-stream, application/problem+json"}, "Cache-Control": {"no-store"}},
		map[string]string{"Accept": "text/event-stream, application/problem+json", "Cache-Control": "no-store"})
	wantSent(t, "Connect must send the request's other headers, and ask for an event stream",
		http.Header{"Last-Event-Id": {"5"}}, map[string]string{"Accept": "text/event-stream", "Last-Event-Id": "5"})
	step.Bubble(t, wantLive)
}

// Whatever the bytes are, and wherever they are cut, the events are the same.
func FuzzEveryCutGivesTheSameEvents(f *testing.F) {
	defer step.Begin(f)()
	wantData(f, "the bytes that the fuzzing starts from have events", "\uFEFFdata: a\r\n\r\ndata: b\r\r", "a", "b")
	f.Add("\uFEFFdata: a\r\n\r\ndata: b\r\r", uint(2))
	f.Add("id: 5\r\ndata: a\r\ndata: \xe2\x82\xac\r\n\r\n", uint(6))
	f.Add("\uFEFF\r\nevent: e\n\rretry: 10\r\r\ndata", uint(4))
	f.Fuzz(func(t *testing.T, wire string, at uint) {
		defer step.Begin(t)()
		whole := read(t, strings.NewReader(wire))
		at %= uint(len(wire)) + 1
		step.Equal(t, "the same bytes in two pieces gave other events"+wireLine(wire[:at], wire[at:]), whole, read(t, cut(wire, int(at))))
		step.Equal(t, "the same bytes one at a time gave other events"+wireLine(wire), whole, read(t, iotest.OneByteReader(strings.NewReader(wire))))
	})
}

// An answer is what a server sends to every request: one event, some megabytes of
// comments, and a header that may or may not announce an event stream.
type answer struct {
	status                int
	contentType, encoding string

	request http.Header // what the request had
	open    bool        // whether the body is still to be closed
	sent    int         // how many bytes of the body were read
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
	a.request, a.open = r.Header.Clone(), true
	header := http.Header{"Content-Type": {a.contentType}}
	if a.encoding != "" {
		header.Set("Content-Encoding", a.encoding)
	}
	text := io.MultiReader(strings.NewReader("data: hello\n\n"), &endless{text: ": ping\n", size: 4 << 20})
	return &http.Response{StatusCode: a.status, Header: header, Body: body{text, a}, Request: r}, nil
}

type body struct {
	io.Reader
	of *answer
}

func (b body) Read(p []byte) (int, error) {
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

func wantTaken(t *testing.T, contentType string) {
	t.Helper()
	a := &answer{status: http.StatusOK, contentType: contentType}
	source, err := parsing.Connect(&http.Client{Transport: a}, newRequest(t, t.Context()))
	if err != nil || source == nil || source.Decoder == nil {
		step.Fail(t, "a browser takes this for an event stream, but Connect returned no decoder for it", a.String(), fmt.Sprintf("got  %v", err))
	}
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
	refusal, ok := errors.AsType[*parsing.ResponseError](err)
	if !ok {
		step.Fail(t, sentence, a.String(), fmt.Sprintf("got  %v", err), "want a *ResponseError")
	}
	step.Equal(t, "the error must have the status, by which a client decides whether to come back: StatusCode", status, refusal.StatusCode)
	step.Equal(t, "the error must have the response's header: Header's Content-Type", contentType, refusal.Header.Get("Content-Type"))
	if !strings.Contains(err.Error(), says) {
		step.Fail(t, "the error must say what came instead of an event stream", "got  "+err.Error(), "want something with "+says)
	}
	if a.open {
		step.Fail(t, "Connect refused the response, but left its body open: its connection is never released", a.String())
	}
	if a.sent > 1<<20 {
		step.Fail(t, "Connect read the body of a response that it refused: it may never end", a.String(), fmt.Sprintf("read %d KiB", a.sent>>10))
	}
}

// wantSent connects with a request that has this header, and looks at what was
// sent, and at the request afterwards.
func wantSent(t *testing.T, sentence string, header http.Header, want map[string]string) {
	t.Helper()
	a := &answer{status: http.StatusOK, contentType: "text/event-stream"}
	r := newRequest(t, t.Context())
	r.Header = header // which may be nil
	before := fmt.Sprint(header)
	source, err := parsing.Connect(&http.Client{Transport: a}, r)
	if err != nil {
		step.Fail(t, "the server sent an event stream, but Connect refused it", a.String(), "got  "+err.Error())
	}
	source.Close()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		step.Equal(t, sentence+"\nsent with "+before, name+": "+want[name], name+": "+a.request.Get(name))
	}
	step.Equal(t, "the caller may use its request again: Connect must not change r.Header", before, fmt.Sprint(r.Header))
}

// wantLive connects to a real server, which sends the client to another address
// first, then an event, and another one a minute later.
func wantLive(t *testing.T) {
	p := pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/events" {
			http.Redirect(w, r, "/v2/events", http.StatusTemporaryRedirect)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		for _, frame := range []string{"data: a\n\n", "data: b\n\n"} {
			io.WriteString(w, frame)
			http.NewResponseController(w).Flush()
			select {
			case <-time.After(time.Minute):
			case <-r.Context().Done():
				return
			}
		}
		<-r.Context().Done()
	}))
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	r := newRequest(t, ctx)
	r.URL, _ = url.Parse(p.URL + "/events")
	r.Header.Set("Last-Event-ID", "5")
	source, err := parsing.Connect(p.Client, r)
	if err != nil {
		step.Fail(t, "the server redirected the request to an event stream, but Connect refused it", "got  "+err.Error())
	}
	defer source.Close()
	step.Equal(t, "an address in the stream is relative to where it came from, after the redirect: Source.URL",
		p.URL+"/v2/events", fmt.Sprint(source.URL))
	step.Equal(t, "the request had Last-Event-ID 5, and the stream begins with that: LastEventID()", "5", source.LastEventID())
	for _, want := range []string{"a", "b"} {
		event, err := source.Decode()
		step.Equal(t, "the stream must last until the request's context ends: the server sent a, and b a minute later",
			strconv.Quote(want)+" with id 5, <nil>", fmt.Sprintf("%q with id %s, %v", event.Data, event.ID, err))
	}
	ended := make(chan error, 1)
	go func() {
		_, err := source.Decode()
		ended <- err
	}()
	defer step.OnHang(t, func() (string, []string) {
		return "the request's context ended, but Decode still waits for the stream", nil
	})()
	leave()
	if err := <-ended; err == nil {
		step.Fail(t, "the request's context ended, but Decode returned an event")
	}
}
