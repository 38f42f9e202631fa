package programs_test

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/programs"
	"example.com/sseworkbook/harness/step"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	correlation "example.com/sseworkbook/solutions/05-correlation"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// twoWay returns a bidirectional server for maxSessions clients. It waits for an
// answer for longer than any takes: what comes to that is a failure.
func twoWay(maxSessions int, logs io.Writer) *programs.BidirectionalServer {
	server := cleanup.NewServer()
	server.Sessions.MaxSessions = cmp.Or(maxSessions, -1)
	server.Caller.Timeout = 20 * time.Second
	return &programs.BidirectionalServer{Server: server, Log: log.New(logs, "", 0)}
}

// A peer is a client that the test plays itself, byte by byte.
type peer struct {
	*parsing.Source
	session string
}

// join opens a session at the server at url.
func join(t *testing.T, url string) *peer {
	p := &peer{Source: open(t, url+"/events", "")}
	event, err := p.Decode()
	require.NoError(t, err)
	require.Equal(t, "endpoint", event.Type)
	_, p.session, _ = strings.Cut(event.Data, "session=")
	event, err = p.Decode()
	require.NoError(t, err)
	require.Equal(t, "start", event.Type)
	return p
}

// hear waits for the next request.
func (p *peer) hear(t *testing.T) (request correlation.Request) {
	event, err := p.Decode()
	require.NoError(t, err)
	require.Equal(t, "request", event.Type)
	require.NoError(t, json.Unmarshal([]byte(event.Data), &request))
	return request
}

// post sends a body, and returns the answer with its body read.
func post(t *testing.T, url, contentType, body string) answered {
	answer, err := send(t.Context(), url, contentType, body)
	require.NoError(t, err)
	return answer
}

// send is post for goroutines, which may not end a test.
func send(ctx context.Context, url, contentType, body string) (answered, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return answered{}, err
	}
	r.Header.Set("Content-Type", contentType)
	response, err := client.Do(r)
	if err != nil {
		return answered{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answered{response.StatusCode, response.Header, string(text)}, err
}

// An answered is what came back for a request.
type answered struct {
	status int
	header http.Header
	body   string
}

// reply posts a response of a session to the server at base.
func reply(t *testing.T, base, session, body string) answered {
	return post(t, base+"/responses?session="+url.QueryEscape(session), "application/json", body)
}

// trigger fires a trigger at the server at base, and goes on; the outcome comes
// later. The end of the test waits for it.
func trigger(t *testing.T, base, body string) <-chan answered {
	outcome := make(chan answered, 1)
	var firing sync.WaitGroup
	firing.Go(func() {
		defer close(outcome)
		answer, err := send(t.Context(), base+"/trigger", "application/json", body)
		if err != nil {
			t.Errorf("firing a trigger: %v", err)
			return
		}
		outcome <- answer
	})
	t.Cleanup(firing.Wait)
	return outcome
}

// lines is a writer whose lines somebody waits for.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

func TestTheBidirectionalServerHasThePageAndItsHealth(t *testing.T) {
	url := serve(t, twoWay(0, io.Discard).Handler())
	response, err := http.Get(url) // goes on to the page
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, "/web/sse-test.html", response.Request.URL.Path)
	require.Equal(t, http.StatusOK, response.StatusCode)

	join(t, url)
	health, err := http.Get(url + "/healthz")
	require.NoError(t, err)
	defer health.Body.Close()
	text, err := io.ReadAll(health.Body)
	require.NoError(t, err)
	require.JSONEq(t, `{"sessions":1,"pending":0,"dropped":0,"replaced":0,"disconnected":0}`, string(text))
}

// Ctrl-C in the server: whoever waits is told why, and streams end as they should.
func TestTheBidirectionalServerSaysThatItShutsDown(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	served := make(chan error, 1)
	go func() { served <- twoWay(0, io.Discard).Serve(ctx, programs.Address{Listen: "127.0.0.1:0"}, w) }()
	line, err := bufio.NewReader(r).ReadString('\n')
	require.NoError(t, err)
	base := strings.Fields(line)[2]

	p := join(t, base)
	outcome := trigger(t, base, `{"method":"approve"}`)
	p.hear(t)
	cancel()
	got := <-outcome
	require.Equal(t, http.StatusOK, got.status, "a trigger for everyone has an outcome for each")
	require.Contains(t, got.body, `"status":503`)
	require.NoError(t, <-served)
	for err == nil {
		_, err = p.Decode()
	}
	require.Equal(t, io.EOF, err, "the stream ends as it should, it does not break")
}

func TestTheLogTellsWhoComesAndNoSession(t *testing.T) {
	logged := make(lines, 2)
	p := join(t, serve(t, twoWay(0, logged).Handler()))
	require.Regexp(t, `^\S+ connected\n$`, <-logged)
	p.Close()
	require.Regexp(t, `^\S+ left · sessions: 0\n$`, <-logged)
}

func TestAQuietSessionGetsHeartbeats(t *testing.T) {
	step.Bubble(t, func(t *testing.T) {
		server := twoWay(0, io.Discard)
		server.Heartbeat = 15 * time.Second
		stream := pair.Memory(t, server.Handler()).Open("/events")
		step.Advance(time.Minute)
		require.Regexp(t, `^event: endpoint\ndata: .*\n\nevent: start\nid: \w+-0\ndata: \n\n(: \n){4}$`, stream.Received())
	})
}
