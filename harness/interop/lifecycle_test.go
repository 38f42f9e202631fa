package interop_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/textfile"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	reconnection "example.com/sseworkbook/solutions/08-reconnection"
)

// A lifecycleCase is what a server does, one connection after the other, and what lesson
// 08's client must do. Beyond its script, the server answers 204.
type lifecycleCase struct {
	server  string // what the server does; names the case
	client  string // what the client must do
	clause  string // why: a section of the HTML standard, or of an RFC
	differs string // why the client does not do as a browser does, if it does not

	script      []string // the bytes of each answer; the connection is closed after them
	refused     int      // how many attempts find no server, before the script begins
	lastEventID string   // to begin with
	post        string   // the body of a POST; "": a GET
	random      float64  // the part of the window that the client waits for

	requests []string // as describe writes them, with the one that gets the 204
	events   []string // type/ID/data
	losses   []string // as kind writes them, with the wait
	end      string   // the kind of error that Run returns; "": none, for a 204
}

// seen is what a case has been seen to do.
type seen struct {
	requests, events, losses []string
	end                      string
}

// tooMany losses are those of a client that does not end. No case has as many.
const tooMany = 100

func TestTheClientsLifeCycle(t *testing.T) {
	for _, c := range lifecycle {
		t.Run(c.server, func(t *testing.T) {
			t.Parallel()
			want := seen{c.requests, c.events, c.losses, c.end}
			require.Equal(t, want, c.run(t), "the server %s: the client %s (%s)", c.server, c.client, c.clause)
		})
	}
}

// run plays the case. The client waits for nothing: at each loss, it is told to connect
// at once, and the wait that it would have had is noted.
func (c lifecycleCase) run(t *testing.T) (got seen) {
	s := startScript(t, c)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	client := &reconnection.Reconnector{URL: s.url(), Client: s.client(t), LastEventID: c.lastEventID}
	client.Random = func() float64 { return c.random }
	if c.post != "" {
		client.Request = func(ctx context.Context) (*http.Request, error) {
			return http.NewRequestWithContext(ctx, http.MethodPost, s.url(), strings.NewReader(c.post))
		}
	}
	client.OnLost = func(l reconnection.Loss) {
		got.losses = append(got.losses, fmt.Sprintf("%s, %s", kind(l.Err), l.Wait))
		if len(got.losses) == tooMany {
			stop()
		}
		client.Restart()
	}
	for event, err := range client.Events(ctx) {
		if err != nil {
			got.end = kind(err)
			break
		}
		got.events = append(got.events, event.Type+"/"+event.ID+"/"+event.Data)
	}
	got.requests = s.stop()
	return got
}

// kind says in a word how a connection was lost: the status of a response that is no
// event stream, "no server", "no response", "ended" or "broken".
func kind(err error) string {
	if response, ok := errors.AsType[*parsing.ResponseError](err); ok {
		return strconv.Itoa(response.StatusCode)
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return "no server"
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		return "no response"
	}
	if err == io.EOF {
		return "ended"
	}
	return "broken"
}

// A script is a server that answers each connection with the next bytes of a case.
type script struct {
	lifecycleCase
	listener net.Listener
	serving  sync.WaitGroup
	seen     []string // the requests; for serve, until serving is done
}

func startScript(t *testing.T, c lifecycleCase) *script {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &script{lifecycleCase: c, listener: listener}
	s.serving.Go(s.serve)
	t.Cleanup(func() { s.stop() })
	return s
}

func (s *script) url() string { return "http://" + s.listener.Addr().String() + "/events" }

// stop ends the server, and returns the requests that it got.
func (s *script) stop() []string {
	s.listener.Close()
	s.serving.Wait()
	return s.seen
}

func (s *script) serve() {
	for n := 0; ; n++ {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.answer(conn, n)
		conn.Close()
	}
}

// answer reads the request of connection number n, and writes its answer. Each byte is a
// write, so that the client gets them in pieces of any size.
func (s *script) answer(conn net.Conn, n int) {
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return // the client has given up
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.seen = append(s.seen, describe(r, string(body)))
	text := status(http.StatusNoContent)
	if n < len(s.script) {
		text = s.script[n]
	}
	for _, b := range []byte(text) {
		if _, err := conn.Write([]byte{b}); err != nil {
			return // the client needs no more of it
		}
	}
}

// describe returns what matters of a request: GET /events id=7 body=x. It names the
// Accept header only if that is not an event stream's.
func describe(r *http.Request, body string) string {
	text := r.Method + " " + r.URL.Path
	for _, id := range r.Header.Values("Last-Event-ID") {
		text += " id=" + id
	}
	if body != "" {
		text += " body=" + body
	}
	if accept := r.Header.Values("Accept"); !slices.Equal(accept, []string{"text/event-stream"}) {
		text += fmt.Sprintf(" Accept=%q", accept)
	}
	return text
}

// client returns a client for this server, with a connection for each request. Its first
// attempts, as many as the case says, reach a port at which no one listens, and no one
// else can: the client's end of a connection.
func (s *script) client(t *testing.T) *http.Client {
	var dialer net.Dialer
	attempts := 0
	transport := &http.Transport{DisableKeepAlives: true}
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if attempts++; attempts <= s.refused {
			taken, err := net.Dial("tcp", serveNothing(t))
			if err != nil {
				return nil, err
			}
			defer taken.Close()
			address = taken.LocalAddr().String()
		}
		return dialer.DialContext(ctx, network, address)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// serveNothing returns the address of a listener that accepts no connection until the
// end of the test.
func serveNothing(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// lifecycleReadme is the text that has the table of the cases.
const lifecycleReadme = "../../lessons/08-reconnection/README.md"

// lifecycleTable matches that table.
var lifecycleTable = regexp.MustCompile(`(?m)^\| The server \|.*\n(\|.*\n)+`)

// row returns the case's row in the table.
func (c lifecycleCase) row() string {
	client := c.client
	if c.differs != "" {
		client += "; *differs:* " + c.differs
	}
	return "| " + c.server + " | " + client + " | " + c.clause + " |\n"
}

func TestTheLessonListsTheLifeCycle(t *testing.T) {
	text, err := os.ReadFile(lifecycleReadme)
	require.NoError(t, err)
	want := "| The server | The client | Clause |\n| --- | --- | --- |\n"
	for _, c := range lifecycle {
		want += c.row()
	}
	if got := string(lifecycleTable.Find(textfile.UnixLines(text))); got != want {
		t.Errorf("the table in %s is not that of the cases, which is:\n\n%s", lifecycleReadme, want)
	}
}

// clauseForm is how a case names its clause.
var clauseForm = regexp.MustCompile(`^(9\.2\.[1-6]|RFC \d{4}, \d+(\.\d+)*), \w`)

// A case can be found by its name, and its row can be read.
func TestEachCaseOfTheLifeCycleHasANameAndAClause(t *testing.T) {
	names := map[string]bool{}
	for _, c := range lifecycle {
		require.False(t, names[c.server], "two cases have the name %q", c.server)
		names[c.server] = true
		require.Regexp(t, clauseForm, c.clause, c.server)
		require.LessOrEqual(t, utf8.RuneCountInString(c.row()), 150, c.row())
	}
}
