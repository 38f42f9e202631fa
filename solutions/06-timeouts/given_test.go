package timeouts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// A server without a wire: it responds to each POST by the next line of its
// script, such as "503", "429 Retry-After: 2", "307 Location: /b" or "gone" for a
// connection that breaks.
type scripted struct {
	script []string
	posts  []string // what came: the URL, and the body
}

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.posts = append(s.posts, r.URL.String()+" "+string(body))
	line := s.script[0]
	s.script = s.script[1:]
	if line == "gone" {
		return nil, errors.New("the connection broke")
	}
	header := http.Header{}
	code, field, _ := strings.Cut(line, " ")
	if name, value, ok := strings.Cut(field, ": "); ok {
		header.Set(name, value)
	}
	var status int
	if _, err := fmt.Sscan(code, &status); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: header, Body: http.NoBody, Request: r}, nil
}

const endpoint = "http://example.com/responses"

var done = correlation.Response{JSONRPC: "2.0", ID: "1", Result: []byte(`"done"`)}

// deliver delivers done to a server with this script, and says what the error is
// and how long it took.
func deliver(ctx context.Context, s *scripted, a *Answerer) (outcome string, err error) {
	client := http.Client{Transport: s}
	if a.Client != nil {
		client.CheckRedirect = a.Client.CheckRedirect
	}
	a.Client = &client
	began := time.Now()
	err = a.deliver(ctx, endpoint, done)
	said := "delivered"
	if refused, ok := errors.AsType[*RefusedError](err); ok {
		said = fmt.Sprint("refused ", refused.StatusCode)
	} else if err != nil {
		said = "failed"
	}
	return fmt.Sprintf("%s after %d posts and %v", said, len(s.posts), time.Since(began)), err
}

func TestDeliverPostsAgain(t *testing.T) {
	for _, c := range []struct {
		script []string
		want   string
	}{
		{[]string{"202"}, "delivered after 1 posts and 0s"},
		{[]string{"503", "202"}, "delivered after 2 posts and 250ms"},
		{[]string{"429", "502", "503", "504", "202"}, "delivered after 5 posts and 3.75s"},
		{[]string{"503", "503", "503", "503", "503"}, "refused 503 after 5 posts and 3.75s"},
		{[]string{"gone", "202"}, "delivered after 2 posts and 250ms"},
		{[]string{"gone", "gone", "gone", "gone", "gone"}, "failed after 5 posts and 3.75s"},
		{[]string{"gone", "409"}, "delivered after 2 posts and 250ms"},
		{[]string{"503", "409"}, "delivered after 2 posts and 250ms"},
		{[]string{"409"}, "refused 409 after 1 posts and 0s"},
		{[]string{"410"}, "refused 410 after 1 posts and 0s"},
		{[]string{"500"}, "refused 500 after 1 posts and 0s"},
		{[]string{"503", "410"}, "refused 410 after 2 posts and 250ms"},
		{[]string{"503 Retry-After: 2", "202"}, "delivered after 2 posts and 2s"},
		{[]string{"503 Retry-After: 2", "503", "202"}, "delivered after 3 posts and 2.5s"},
		{[]string{"503 Retry-After: 60", "202"}, "delivered after 2 posts and 5s"},
		{[]string{"503 Retry-After: Sat, 01 Jan 2000 00:00:03 GMT", "202"}, "delivered after 2 posts and 3s"},
		{[]string{"503 Retry-After: Fri, 31 Dec 1999 00:00:00 GMT", "202"}, "delivered after 2 posts and 250ms"},
		{[]string{"503 Retry-After: 0", "202"}, "delivered after 2 posts and 250ms"},
		{[]string{"503 Retry-After: -3", "202"}, "delivered after 2 posts and 250ms"},
		{[]string{"503 Retry-After: 99999999999", "202"}, "delivered after 2 posts and 5s"},
		{[]string{"503 Retry-After: soon", "202"}, "delivered after 2 posts and 250ms"},
	} {
		t.Run(strings.Join(c.script, ","), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // whose clock begins with the year 2000
				s := &scripted{script: c.script}
				outcome, _ := deliver(t.Context(), s, new(Answerer))
				require.Equal(t, c.want, outcome)
				for _, post := range s.posts {
					require.Equal(t, endpoint+` {"jsonrpc":"2.0","id":"1","result":"done"}`, post)
				}
			})
		})
	}
}

func TestRetryAfterIsNeverNegative(t *testing.T) {
	for _, c := range []struct {
		header string
		want   time.Duration
	}{{"", 0}, {"7", 7 * time.Second}, {"-7", 0}, {"9223372037", math.MaxInt32 * time.Second}, {"Sat, 01 Jan 2000 00:00:00 GMT", 0}, {"1.5", 0}} {
		require.Equal(t, c.want, ParseRetryAfter(c.header), c.header)
	}
}

func TestTheEndOfTheContextEndsTheRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		outcome, err := deliver(ctx, &scripted{script: []string{"503 Retry-After: 3"}}, new(Answerer))
		require.Equal(t, "refused 503 after 1 posts and 1s", outcome)
		require.Equal(t, 3*time.Second, err.(*RefusedError).RetryAfter)
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		outcome, _ := deliver(ctx, &scripted{script: []string{"gone", "202"}}, new(Answerer))
		require.Equal(t, "failed after 1 posts and 0s", outcome)
	})
}

func TestAnErrorGoesInThePlaceOfAnUnfitResponse(t *testing.T) {
	for _, c := range []struct{ script, want, second string }{
		{"413,202", "refused 413 after 2 posts and 0s", "413 Request Entity Too Large"},
		{"400,202", "refused 400 after 2 posts and 0s", "400 Bad Request"},
		{"503,413,202", "refused 413 after 3 posts and 250ms", "413 Request Entity Too Large"},
		{"413,503,202", "refused 413 after 3 posts and 250ms", "413 Request Entity Too Large"},
		{"413,413", "refused 413 after 2 posts and 0s", "413 Request Entity Too Large"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &scripted{script: strings.Split(c.script, ",")}
			outcome, _ := deliver(t.Context(), s, new(Answerer))
			require.Equal(t, c.want, outcome)
			require.Equal(t, endpoint+` {"jsonrpc":"2.0","id":"1","error":{"code":-32603,"message":"the server refused the response: `+c.second+`"}}`,
				s.posts[len(s.posts)-1])
		})
	}
	var delivered []correlation.Response
	a := Answerer{Deliver: func(_ context.Context, _ string, r correlation.Response) error {
		delivered = append(delivered, r)
		return fmt.Errorf("on the way: %w", &RefusedError{StatusCode: http.StatusRequestEntityTooLarge})
	}}
	require.Error(t, a.deliver(t.Context(), endpoint, done))
	require.Len(t, delivered, 2)
	require.Equal(t, correlation.CodeInternalError, delivered[1].Error.Code)
	require.Nil(t, delivered[1].Result)
}

func TestAnOriginIsSchemeHostAndPort(t *testing.T) {
	a := &Answerer{Origins: []string{"https://Answers.example.com:443/", "http://[::1]:8080", "http://[", "bare.example"}}
	from, err := url.Parse("http://Example.com/events")
	require.NoError(t, err)
	for endpoint, allowed := range map[string]bool{
		"responses":                          true,
		"//example.com/":                     true,
		"HTTP://EXAMPLE.COM:80/":             true,
		"http://user:secret@example.com/":    true,
		"http://example.com:/":               true,
		"https://answers.example.com/x?y":    true,
		"HTTPS://ANSWERS.example.com:443/":   true,
		"http://[::1]:8080/":                 true,
		"http://example.com:443/":            false,
		"https://example.com/":               false,
		"https://example.com:80/":            false,
		"http://example.com:8080/":           false,
		"http://www.example.com/":            false,
		"http://example.com.evil.example/":   false,
		"http://example.com@evil.example/":   false,
		"http://answers.example.com/":        false,
		"https://answers.example.com:8443/":  false,
		"http://[::1]/":                      false,
		"http://bare.example/":               false,
		"javascript:alert(1)":                false,
		"http://example.com%2eevil.example/": false,
	} {
		_, err := a.resolve(from, endpoint)
		require.Equal(t, allowed, err == nil, "%s: %v", endpoint, err)
	}
	_, err = a.resolve(from, "https://user:secret@Evil.example:443/in?k=v")
	require.ErrorContains(t, err, `"https://evil.example"`)
	require.NotContains(t, err.Error(), "secret")
}

func TestARedirectGoesToNoOtherOrigin(t *testing.T) {
	never := errors.New("not there")
	ten := strings.Split(strings.Repeat("307 Location: /again,", 10), ",")[:10]
	for _, c := range []struct {
		script []string
		check  func(*http.Request, []*http.Request) error
		want   string
		last   string // where the last POST went
	}{
		{[]string{"307 Location: /b", "202"}, nil, "delivered after 2 posts and 0s", "http://example.com/b"},
		{[]string{"308 Location: http://EXAMPLE.com:80/b", "202"}, nil, "delivered after 2 posts and 0s", "http://EXAMPLE.com:80/b"},
		{[]string{"307 Location: https://allowed.example/b", "202"}, nil, "delivered after 2 posts and 0s", "https://allowed.example/b"},
		{[]string{"307 Location: https://evil.example/b"}, nil, "refused 307 after 1 posts and 0s", endpoint},
		{[]string{"307 Location: https://allowed.example/b", "307 Location: http://evil.example/"}, nil, "refused 307 after 2 posts and 0s", "https://allowed.example/b"},
		{[]string{"307 Location: /b"}, func(*http.Request, []*http.Request) error { return never }, "refused 307 after 1 posts and 0s", endpoint},
		{append([]string{}, ten...), nil, "refused 307 after 10 posts and 0s", "http://example.com/again"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &scripted{script: c.script}
			a := &Answerer{Origins: []string{"https://allowed.example"}, Client: &http.Client{CheckRedirect: c.check}}
			outcome, _ := deliver(t.Context(), s, a)
			require.Equal(t, c.want, outcome)
			require.Equal(t, c.last+` {"jsonrpc":"2.0","id":"1","result":"done"}`, s.posts[len(s.posts)-1])
			require.Equal(t, c.check == nil, a.Client.CheckRedirect == nil, "the Client was changed")
		})
	}
}

func TestAConnectionIsUsedAgain(t *testing.T) {
	var connections, posts atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader([]int{http.StatusGone, http.StatusAccepted}[posts.Add(1)%2])
		io.WriteString(w, strings.Repeat("x", 10_000))
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	a := Answerer{Client: server.Client()}
	for range 4 {
		a.deliver(t.Context(), server.URL, done) // of which every second one is refused
	}
	require.Equal(t, int32(4), posts.Load())
	require.Equal(t, int32(1), connections.Load())
}

func TestRunningForgetsWhatIsDone(t *testing.T) {
	var r running
	one, oneDone := r.start(t.Context(), "1")
	two, twoDone := r.start(t.Context(), "1")
	oneDone()
	require.Error(t, one.Err())
	require.NoError(t, two.Err(), "the end of another request with its id ended it")
	r.cancel("2")
	r.cancel("1")
	require.Error(t, two.Err())
	three, threeDone := r.start(t.Context(), "1")
	twoDone() // which must not take out the third
	require.NoError(t, three.Err())
	r.cancel("1")
	require.Error(t, three.Err())
	threeDone()
	require.Empty(t, r.byID)

	ctx, cancel := context.WithCancel(t.Context())
	four, fourDone := r.start(ctx, "4")
	cancel()
	require.Error(t, four.Err())
	fourDone()
	require.Empty(t, r.byID)
}

func TestACancellationOnTheWire(t *testing.T) {
	event, err := cancelled(&correlation.CallError{ID: "1", Method: "approve", Err: &TimeoutError{30 * time.Second}})
	require.NoError(t, err)
	require.Equal(t, "notification", event.Type)
	require.Equal(t, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"1","reason":"no answer after 30s"}}`, event.Data)
	require.Equal(t, "1", cancelledID(event))
	event.Data = strings.Replace(event.Data, "cancelled", "progress", 1)
	require.Empty(t, cancelledID(event))
	event.Data = "no JSON"
	require.Empty(t, cancelledID(event))
}

func TestATimeoutErrorIsATimeout(t *testing.T) {
	err := fmt.Errorf("calling: %w", &TimeoutError{time.Second})
	timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	require.True(t, ok && timeout.Timeout())
}
