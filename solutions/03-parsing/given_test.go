package parsing_test

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	parsing "example.com/sseworkbook/solutions/03-parsing"
)

// A transport answers each request by a function.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// connect sends a request to a server that answers with this status and header,
// and leaves Response.Request nil.
func connect(t *testing.T, status int, header http.Header) (*parsing.Source, error) {
	t.Helper()
	c := &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader("data: x\n\n"))}, nil
	})}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://sse.test/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	return parsing.Connect(c, r)
}

// What counts as an event stream is what a browser takes for one.
func TestContentTypes(t *testing.T) {
	for _, test := range []struct {
		contentType string // several header lines are separated by a line feed
		taken       bool
	}{
		{"text/event-stream", true},
		{" TEXT/EVENT-STREAM ", true},
		{"text/event-stream;charset=utf-8", true},
		{"text/event-stream; charset=utf-8; charset=UTF-8", true},
		{"text/event-stream; charset=latin1", true},
		{"text/event-stream,", true},
		{"text/event-stream, */*", true},
		{"text/event-stream, nonsense", true},
		{"text/html, text/event-stream", true},
		{"text/html\ntext/event-stream", true},
		{`text/event-stream; note="a, text/html"`, true},
		{`text/event-stream; note="a\", text/html"`, true},
		{"text/event-stream, text/html", false},
		{"text/event-stream\ntext/html", false},
		{`text/html; note="a, text/event-stream"`, false},
		{"text/event-stream-not", false},
		{"text/html; text/event-stream", false},
		{"event-stream", false},
		{`text/""event-stream`, false},
		{"", false},
	} {
		source, err := connect(t, http.StatusOK, http.Header{"Content-Type": strings.Split(test.contentType, "\n")})
		if (err == nil) != test.taken {
			t.Errorf("Content-Type %q: Connect returned %v", test.contentType, err)
		}
		if err == nil {
			source.Close()
		}
	}
}

// A body that is still encoded is refused with an error that says so, and one
// that net/http has decoded is read.
func TestContentEncodings(t *testing.T) {
	header := http.Header{"Content-Type": {"text/event-stream"}, "Content-Encoding": {"Identity"}}
	if _, err := connect(t, http.StatusOK, header); err != nil {
		t.Errorf("Content-Encoding Identity: Connect returned %v", err)
	}
	header.Set("Content-Encoding", "br")
	if _, err := connect(t, http.StatusOK, header); err == nil || !strings.Contains(err.Error(), `"br"`) {
		t.Errorf("Content-Encoding br: Connect returned %v", err)
	}
	header = http.Header{"Content-Type": {"text/html"}, "Content-Encoding": {"identity"}}
	if _, err := connect(t, http.StatusOK, header); err == nil || !strings.Contains(err.Error(), `"text/html"`) {
		t.Errorf("text/html with Content-Encoding identity: Connect returned %v", err)
	}

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Content-Encoding", "gzip")
		zw := gzip.NewWriter(w)
		io.WriteString(zw, "data: x\n\n")
		zw.Close()
	}))
	defer server.Close()
	for _, asks := range []string{"", "gzip"} { // the empty one is net/http's own
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if asks != "" {
			r.Header.Set("Accept-Encoding", asks)
		}
		source, err := parsing.Connect(server.Client(), r)
		if asks != "" {
			if _, refused := errors.AsType[*parsing.ResponseError](err); !refused {
				t.Errorf("the request asked for gzip itself: Connect returned %v, want a *ResponseError", err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("gzip that net/http asked for: Connect returned %v", err)
		}
		if event, err := source.Decode(); event.Data != "x" || err != nil {
			t.Errorf("gzip that net/http asked for: Decode returned %q, %v", event.Data, err)
		}
		source.Close()
	}
}

// The message of a ResponseError names what is wrong with the response.
func TestResponseErrors(t *testing.T) {
	for want, e := range map[string]*parsing.ResponseError{
		"the server answered 404 Not Found, not with an event stream": {StatusCode: 404, Header: http.Header{"Content-Encoding": {"br"}}},
		`the server answered with "text/html", not with text/event-stream`: {
			StatusCode: 200, Header: http.Header{"Content-Type": {"text/html"}}},
		`the server answered with "", not with text/event-stream`: {StatusCode: 200},
		`the server answered with the content encoding "br", which a Decoder cannot read`: {
			StatusCode: 200, Header: http.Header{"Content-Encoding": {"br"}}},
	} {
		if got := e.Error(); got != want {
			t.Errorf("Error() is %q, want %q", got, want)
		}
	}
}

// A Source of NewSource reads and closes its body, also while a Decode waits.
func TestNewSource(t *testing.T) {
	r, w := io.Pipe()
	source := parsing.NewSource(r)
	if source.URL != nil {
		t.Errorf("URL is %v, want nil", source.URL)
	}
	go io.WriteString(w, "data: x\n\n")
	if event, err := source.Decode(); event.Data != "x" || err != nil {
		t.Fatalf("Decode returned %q, %v", event.Data, err)
	}
	ended := make(chan error)
	go func() {
		_, err := source.Decode()
		ended <- err
	}()
	if err := source.Close(); err != nil {
		t.Errorf("Close returned %v", err)
	}
	if err := <-ended; !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("after Close, Decode returned %v", err)
	}
	if _, err := w.Write([]byte("data: y\n\n")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("after Close, the body's writer got %v", err)
	}
}

// What is not UTF-8 becomes as many U+FFFD as in a browser.
func TestReplacementCharacters(t *testing.T) {
	for value, want := range map[string]string{
		"\xff\xff":         "\uFFFD\uFFFD", // no character begins with these
		"\xe2\x82":         "\uFFFD",       // cut short at the end
		"\xe2\x82x":        "\uFFFDx",      // cut short in the middle
		"\xf0\x9f\x98\xe2": "\uFFFD\uFFFD",
		"\xed\xa0\x80":     "\uFFFD\uFFFD\uFFFD", // a surrogate
		"\xc0\x80":         "\uFFFD\uFFFD",       // longer than it need be
		"ä€😀\uFFFD":        "ä€😀\uFFFD",
	} {
		d := parsing.NewDecoder(strings.NewReader("data: " + value + "\n\n"))
		if event, err := d.Decode(); event.Data != want || err != nil {
			t.Errorf("%q: Decode returned %q, %v; want %q", value, event.Data, err, want)
		}
	}
}

// MaxEventSize is the default limit when it is zero, and no limit when it is
// negative.
func TestMaxEventSize(t *testing.T) {
	line := "data: " + strings.Repeat("x", parsing.DefaultMaxEventSize)
	for limit, want := range map[int]error{0: parsing.ErrEventTooLarge, -1: nil, len(line) - 1: parsing.ErrEventTooLarge, len(line): nil} {
		d := parsing.NewDecoder(strings.NewReader(line + "\n\n"))
		d.MaxEventSize = limit
		if _, err := d.Decode(); !errors.Is(err, want) {
			t.Errorf("MaxEventSize %d, a line of %d bytes: Decode returned %v, want %v", limit, len(line), err, want)
		}
	}
}
