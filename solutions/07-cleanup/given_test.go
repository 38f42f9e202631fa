package cleanup

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	parsing "example.com/sseworkbook/solutions/03-parsing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
	correlation "example.com/sseworkbook/solutions/05-correlation"
)

// send sends a trigger, and returns what its sender gets.
func send(s *Server, body io.Reader, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/trigger", body)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestATriggerThatCannotBeReadIsRefused(t *testing.T) {
	s := NewServer()
	for _, tt := range []struct {
		name, body string
		status     int
	}{
		{"an unknown session", `{"session":"none","method":"m"}`, 404},
		{"no session at all", `{"method":"m"}`, 404},
		{"the longest timeout", `{"session":"none","method":"m","timeout":9223372036854}`, 404},
		{"a timeout that overflows", `{"session":"none","method":"m","timeout":9223372036855}`, 400},
		{"a timeout above int64", `{"session":"none","method":"m","timeout":9223372036854775808}`, 400},
		{"a negative timeout", `{"session":"none","method":"m","timeout":-1}`, 400},
		{"no method", `{"session":"none"}`, 400},
		{"a list", `[]`, 400},
		{"no JSON", `{`, 400},
		{"params that are not UTF-8", "{\"session\":\"none\",\"method\":\"m\",\"params\":\"\xff\"}", 400},
		{"a body above the limit", `{"method":"` + strings.Repeat("x", correlation.MaxBody) + `"}`, 413},
	} {
		if got := send(s, strings.NewReader(tt.body)); got.Code != tt.status {
			t.Errorf("a trigger with %s got %d %s, want %d", tt.name, got.Code, got.Body, tt.status)
		}
	}
	if got := send(s, strings.NewReader(`{"method":"m"}`), "Content-Type", "text/plain"); got.Code != 415 {
		t.Errorf("a trigger sent as text/plain got %d, want 415", got.Code)
	}
	slow := io.MultiReader(strings.NewReader("{"), late{})
	if got := send(s, slow); got.Code != 408 {
		t.Errorf("a trigger whose body ran into a read deadline got %d %s, want 408", got.Code, got.Body)
	}
}

// late is a body that runs into the deadline of its connection.
type late struct{}

func (late) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

func TestAResponseThatStallsSaysSo(t *testing.T) {
	s := NewServer()
	session, err := s.Sessions.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/responses?session="+session.ID(), io.MultiReader(strings.NewReader("{"), late{}))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != 408 {
		t.Errorf("a response whose body ran into a read deadline got %d %s, want 408", w.Code, w.Body)
	}
}

func TestALogGetsTheBeginningOfALongText(t *testing.T) {
	if got := brief("approve"); got != "approve" {
		t.Errorf("approve became %q", got)
	}
	if got, want := brief("x"+strings.Repeat("é", 1<<20)), "x"+strings.Repeat("é", 49)+"…"; got != want {
		t.Errorf("a long text became %q, want %q", got, want)
	}
}

func TestHeadOfAnEventStreamOpensNoSession(t *testing.T) {
	s := NewServer()
	web := httptest.NewServer(s)
	defer web.Close()
	conn, err := net.Dial("tcp", web.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "HEAD /events HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")

	reader := bufio.NewReader(conn)
	head, err := http.ReadResponse(reader, &http.Request{Method: "HEAD"})
	if err != nil {
		t.Fatal(err)
	}
	if got := head.Header.Get("Content-Type"); head.StatusCode != 200 || got != "text/event-stream" {
		t.Errorf("HEAD /events got %d and the Content-Type %q", head.StatusCode, got)
	}
	health, err := http.ReadResponse(reader, &http.Request{Method: "GET"})
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(health.Body)
	if got := string(bytes.TrimSpace(body)); got != `{"pending":0,"sessions":0}` || s.Sessions.Len() != 0 {
		t.Errorf("after HEAD /events, GET /healthz on the same connection got %s, and %d sessions are open; want none", got, s.Sessions.Len())
	}
}

// healthy opens a session whose client answers each request with true, until ctx
// ends.
func healthy(ctx context.Context, s *Server) {
	session, _ := s.Sessions.Open(ctx)
	go session.Pump(answering{s, session.ID()}) // ends with the session
}

type answering struct {
	s       *Server
	session string
}

func (a answering) SendFrames(frames ...[]byte) error {
	for event := range parsing.NewDecoder(bytes.NewReader(bytes.Join(frames, nil))).Events() {
		var request correlation.Request
		if json.Unmarshal([]byte(event.Data), &request) == nil && request.ID != "" {
			a.s.Caller.Resolve(a.session, correlation.Response{JSONRPC: "2.0", ID: request.ID, Result: json.RawMessage("true")})
		}
	}
	return nil
}

// A full is a connection whose other side does not read: some KiB go into its
// buffers, and then each flush waits for the write deadline.
type full struct {
	*httptest.ResponseRecorder
	room     int
	deadline time.Time
}

func (f *full) Write(p []byte) (int, error) {
	f.room -= len(p)
	return len(p), nil
}

func (f *full) SetWriteDeadline(t time.Time) error {
	f.deadline = t
	return nil
}

func (f *full) FlushError() error {
	if f.room >= 0 {
		return nil
	}
	time.Sleep(time.Until(f.deadline))
	return os.ErrDeadlineExceeded
}

// neverReading opens n sessions whose clients never read. They end with ctx, and
// handlers counts their handlers.
func neverReading(ctx context.Context, s *Server, n int, handlers *sync.WaitGroup) {
	for range n {
		handlers.Go(func() {
			s.ServeHTTP(&full{ResponseRecorder: httptest.NewRecorder(), room: 64 << 10},
				httptest.NewRequestWithContext(ctx, "GET", "/events", nil))
		})
	}
	synctest.Wait()
}

// outcomesOf counts what the triggers for all, sent at once, got: a status each,
// or of each session a result or a status.
func outcomesOf(s *Server, triggers, size int) map[string]int {
	body := fmt.Sprintf(`{"method":"m","params":%q}`, strings.Repeat("x", size))
	var mu sync.Mutex
	count := map[string]int{}
	var sending sync.WaitGroup
	for range triggers {
		sending.Go(func() {
			w := send(s, strings.NewReader(body))
			var outcomes []Outcome
			json.Unmarshal(w.Body.Bytes(), &outcomes)
			mu.Lock()
			defer mu.Unlock()
			count[fmt.Sprintf("%d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))]++
			for _, o := range outcomes {
				if o.Problem != nil {
					count[fmt.Sprint("problem ", o.Problem.Status)]++
				} else {
					count["result "+string(o.Result)]++
				}
			}
		})
	}
	sending.Wait()
	return count
}

func TestWhatIsInFlightIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewServer()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		healthy(ctx, s)
		for range 200 { // clients that do not answer
			if _, err := s.Sessions.Open(ctx); err != nil {
				t.Fatal(err)
			}
		}
		got := outcomesOf(s, 100, 10)
		want := map[string]int{ // 61 triggers for 201 sessions are 12,261 requests, and 12,288 are allowed
			`200, Retry-After ""`: 61, `503, Retry-After "1"`: 39,
			"result true": 61, "problem 504": 61 * 200,
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("100 triggers for 201 sessions came at once\ngot  %v\nwant %v", got, want)
		}
		if s.flight.requests != 0 || s.flight.bytes != 0 {
			t.Errorf("all triggers have ended, and %d requests with %d bytes count as in flight", s.flight.requests, s.flight.bytes)
		}
	})
}

func TestOneTriggerAloneAlwaysGetsIn(t *testing.T) {
	var f flight
	for _, tt := range []struct {
		requests, bytes int
		want            bool
	}{
		{maxInFlight + 1, maxInFlightBytes + 1, true}, // nothing else is in flight
		{1, 1, false},
	} {
		if got := f.enter(tt.requests, tt.bytes); got != tt.want {
			t.Fatalf("enter(%d, %d) = %v, want %v", tt.requests, tt.bytes, got, tt.want)
		}
	}
	f.leave(maxInFlight+1, maxInFlightBytes+1)
	for _, tt := range []struct {
		requests, bytes int
		want            bool
	}{
		{1, 1, true},
		{1, maxInFlightBytes, false},
		{maxInFlight - keptForSingle, 1, false},
		{maxInFlight - keptForSingle - 1, maxInFlightBytes - 1, true}, // up to the limits of those that ask many
		{2, 0, false},
	} {
		if got := f.enter(tt.requests, tt.bytes); got != tt.want {
			t.Fatalf("enter(%d, %d) = %v, want %v", tt.requests, tt.bytes, got, tt.want)
		}
	}
	for range keptForSingle {
		if !f.enter(1, 0) {
			t.Fatal("enter(1, 0) = false: the room for triggers that ask one client is not theirs")
		}
	}
	if f.enter(1, 0) {
		t.Fatalf("enter(1, 0) = true, with %d requests in flight", maxInFlight)
	}
}

func TestClientsThatNeverReadAreLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewServer()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var handlers sync.WaitGroup
		defer handlers.Wait()
		defer cancel()
		healthy(ctx, s)
		before := heap()
		for wave := range 5 {
			neverReading(ctx, s, 200, &handlers)
			start := time.Now()
			got := outcomesOf(s, 8, 10<<10)
			want := map[string]int{`200, Retry-After ""`: 8, "result true": 8, "problem 502": 8 * 200}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("wave %d: 8 triggers for 200 clients that never read and one that answers\ngot  %v\nwant %v", wave, got, want)
			}
			if took := time.Since(start); took != 10*time.Second || s.Sessions.Len() != 1 {
				t.Fatalf("wave %d: the clients that never read were let go after %v, and %d sessions are open; want the write deadline's 10 s, and 1",
					wave, took, s.Sessions.Len())
			}
			if grown := heap() - before; grown > 8<<20 {
				t.Fatalf("wave %d: when 200 clients that never read were let go, %d MiB stayed", wave, grown>>20)
			}
		}
	})
}

func heap() int64 {
	runtime.GC()
	runtime.GC() // what is in a pool outlives the first
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestEndReadsDoesNotUseTheWriterOnceStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &gated{ResponseRecorder: httptest.NewRecorder(), gate: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		stop := endReads(ctx, w, httptest.NewRequest("POST", "/", strings.NewReader("{}")))
		cancel()
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			stop()
		}()
		synctest.Wait()
		select {
		case <-stopped:
			t.Error("stop returned while the writer was still in use")
		default:
		}
		close(w.gate)
		<-stopped
		if w.deadlines != 1 {
			t.Errorf("the read deadline was set %d times, want 1", w.deadlines)
		}

		ctx, cancel = context.WithCancel(t.Context())
		endReads(ctx, w, httptest.NewRequest("POST", "/", strings.NewReader("{}")))()
		endReads(ctx, w, httptest.NewRequest("GET", "/", nil))
		cancel()
		synctest.Wait()
		if w.deadlines != 1 {
			t.Error("the read deadline was set after stop, or for a request without a body")
		}
	})
}

// A gated holds up SetReadDeadline until its gate is closed.
type gated struct {
	*httptest.ResponseRecorder
	gate      chan struct{}
	deadlines int
}

func (g *gated) SetReadDeadline(time.Time) error {
	<-g.gate
	g.deadlines++
	return nil
}

func TestProblemsHaveTheirOwnStatus(t *testing.T) {
	s := NewServer()
	for err, want := range map[error]int{
		ErrShutdown:                    503,
		ErrBusy:                        503,
		sessions.ErrNotFound:           404,
		sessions.ErrClosed:             502,
		sessions.ErrFull:               503,
		context.DeadlineExceeded:       504,
		errors.New("whatever"):         500,
		&sessions.Problem{Status: 418}: 418,
	} {
		if got := s.problem(fmt.Errorf("calling: %w", err)); got.Status != want || (want == 503) != (got.RetryAfter > 0) {
			t.Errorf("problem(%v) has the status %d and RetryAfter %v, want %d", err, got.Status, got.RetryAfter, want)
		}
	}
	s.Shutdown(t.Context())
	if got := s.problem(sessions.ErrClosed); got.Detail != ErrShutdown.Error() {
		t.Errorf("once shutdown has begun, problem(ErrClosed) says %q, want %q", got.Detail, ErrShutdown)
	}
}
