package load_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/load"
)

// small is a load that is soon over. Its patience is enough for a machine that has
// other things to do.
func small() load.Options {
	return load.Options{Clients: 20, Rate: 400, For: 250 * time.Millisecond}
}

// serve serves [load.Handler] behind a fault, and returns its URL.
func serve(t *testing.T, fault func(next http.Handler) http.Handler) string {
	server := httptest.NewServer(fault(load.Handler()))
	t.Cleanup(server.Close)
	return server.URL
}

// run runs a load to its end.
func run(t *testing.T, ctx context.Context, url string, o load.Options) (load.Summary, error) {
	l := load.New(url, o)
	defer l.Close()
	return l.Run(ctx)
}

// once is a fault that strikes the first request with a method and a path.
func once(pattern string, strike func(w http.ResponseWriter, r *http.Request, next http.Handler)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		var struck atomic.Bool
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method+" "+r.URL.Path == pattern && !struck.Swap(true) {
				strike(w, r, next)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func TestAServerThatIsWellLosesNothing(t *testing.T) {
	summary, err := run(t, t.Context(), serve(t, func(next http.Handler) http.Handler { return next }), small())
	require.NoError(t, err)
	require.NoError(t, summary.Err())
	require.Empty(t, summary.Lost)
	require.EqualValues(t, 20, summary.Connected)
	require.EqualValues(t, 100, summary.Due)
	require.EqualValues(t, 100, summary.Sent)
	require.EqualValues(t, 100, summary.Received)
	require.EqualValues(t, 100, summary.Answered)
	require.Positive(t, summary.ConnectedPerSecond)
	require.Positive(t, summary.AnsweredPerSecond)
	require.Positive(t, summary.P50)
	require.LessOrEqual(t, summary.P50, summary.P99)
	require.LessOrEqual(t, summary.P99, summary.Max)
}

// faults are what a server can do wrong, and what is then said of it.
var faults = map[string]struct {
	fault    func(http.Handler) http.Handler
	patience time.Duration // zero: the default; where something does not come, it is waited for
	want     string
}{
	"an answer": {
		once("POST /responses", func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusAccepted)
		}),
		2 * time.Second, "an answer never came back, once (504 Gateway Timeout: the client did not answer in time)"},
	"an answer that is refused": {
		once("POST /responses", func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			w.WriteHeader(http.StatusTeapot)
		}),
		2 * time.Second, "an answer never came back, once (the server refused the response: 418 I'm a teapot)"},
	"an answer, for another one": {
		once("POST /responses", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			text, _ := io.ReadAll(r.Body)
			text = bytes.Replace(text, []byte(`"n":`), []byte(`"n":9`), 1)
			r.Body = io.NopCloser(bytes.NewReader(text))
			next.ServeHTTP(w, r)
		}),
		0, "an answer never came back, once (another request's answer came in its place)"},
	"a request": {
		once("POST /trigger", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(http.StatusBadGateway)
		}),
		0, "an event never arrived, once (502 Bad Gateway)"},
	"a connection": {
		once("POST /trigger", func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
			io.Copy(io.Discard, r.Body)
			panic(http.ErrAbortHandler)
		}),
		0, "an event never arrived, once ("},
	"a client": {
		once("GET /events", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(http.StatusServiceUnavailable)
		}),
		0, "a client did not connect, once (the server answered 503 Service Unavailable, not with an event stream)"},
	"a session": {
		once("GET /events", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Content-Type", "text/event-stream")
		}),
		0, "a client did not connect, once (the stream ended without a session)"},
}

// What a server loses is found, and named.
func TestALossIsFound(t *testing.T) {
	for name, test := range faults {
		t.Run(name, func(t *testing.T) {
			o := small()
			o.Patience = test.patience
			summary, err := run(t, t.Context(), serve(t, test.fault), o)
			require.NoError(t, err)
			require.Len(t, summary.Lost, 1)
			require.Contains(t, summary.Lost[0].String(), test.want)
			require.ErrorContains(t, summary.Err(), "not everything arrived: "+summary.Lost[0].What+", once")
		})
	}
}

// Without anybody there is nobody to ask, and the end comes at once.
func TestNobodyGetsIn(t *testing.T) {
	url := serve(t, func(next http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("GET /memory", next)
		return mux
	})
	o := small()
	o.For = load.MaxFor
	summary, err := run(t, t.Context(), url, o)
	require.NoError(t, err)
	require.EqualError(t, summary.Err(), "not everything arrived: a client did not connect, 20 times")
	require.Contains(t, summary.Lost[0].Why, "the server answered 404 Not Found")
	require.Zero(t, summary.Sent)
}

func TestAServerThatCannotBeAskedIsAnError(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	summary, err := run(t, t.Context(), server.URL, small())
	require.EqualError(t, err, "asking the server for its memory: GET /memory: 404 Not Found")
	require.Zero(t, summary.Clients)
	_, err = run(t, t.Context(), server.URL, load.Options{})
	require.ErrorContains(t, err, "-clients must be from 1")
}

// Whoever stops a run gets what there is, and nothing counts as lost that was
// only on its way.
func TestARunThatIsStoppedHasASummary(t *testing.T) {
	stop := errors.New("enough")
	for _, pattern := range []string{"POST /trigger", "GET /events"} {
		ctx, cancel := context.WithCancelCause(t.Context())
		url := serve(t, once(pattern, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			cancel(stop)
			next.ServeHTTP(w, r)
		}))
		o := small()
		o.For = load.MaxFor
		summary, err := run(t, ctx, url, o)
		require.ErrorIs(t, err, stop)
		require.NoError(t, summary.Err())
		require.EqualValues(t, 20, summary.Clients)
		require.Less(t, summary.Answered, summary.Due)
	}
}

// A server that answers nothing any more: each second has its row, which shows that
// nothing came back.
func TestAServerThatHangsIsShown(t *testing.T) {
	var hangs atomic.Bool
	url := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if hangs.Load() && r.URL.Path != "/events" {
				io.Copy(io.Discard, r.Body)
				<-r.Context().Done()
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	watcher := &rows{at: map[int]func(){1: func() { hangs.Store(true) }, 4: cancel}}
	o := small()
	o.For, o.Progress = load.MaxFor, watcher
	summary, err := run(t, ctx, url, o)
	require.ErrorIs(t, err, context.Canceled)
	require.Regexp(t, `(?m)^ +\ds +20 +0 +0 +– +– +0 +[\d.–]+$`, watcher.text.String())
	require.Equal(t, summary.Sent-summary.Answered, summary.OnTheWay)
	require.Positive(t, summary.OnTheWay)
	seen := map[string]bool{}
	for line := range strings.Lines(watcher.text.String()) {
		second := strings.Fields(line)[0]
		require.False(t, seen[second], "twice: %s", second)
		seen[second] = true
	}
}

// rows is a writer that calls functions when so many rows have come.
type rows struct {
	at   map[int]func()
	n    int // with the headings
	text strings.Builder
}

func (r *rows) Write(line []byte) (int, error) {
	if f := r.at[r.n]; f != nil {
		f()
	}
	r.n++
	return r.text.Write(line)
}

// lines is a writer that calls row for the first row of a table.
type lines struct {
	once sync.Once
	row  func()
	text strings.Builder
}

func (l *lines) Write(line []byte) (int, error) {
	if l.text.Len() > 0 { // the headings come first
		l.once.Do(l.row)
	}
	return l.text.Write(line)
}

// Someone who watches sees the figures of each second.
func TestARunCanBeWatched(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	watcher := &lines{row: cancel}
	o := small()
	o.For, o.Progress = load.MaxFor, watcher
	_, err := run(t, ctx, serve(t, func(next http.Handler) http.Handler { return next }), o)
	require.ErrorIs(t, err, context.Canceled)
	require.Regexp(t, `^time +connected +events/s .*\n +\ds +20 +\d+ +\d+ +[\d.]+ms +[\d.]+ms +0 +[\d.–]+\n`, watcher.text.String())
}
