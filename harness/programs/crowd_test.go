package programs_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	framing "example.com/sseworkbook/solutions/01-framing"
	timeouts "example.com/sseworkbook/solutions/06-timeouts"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

const (
	crowdSize     = 20
	questionsEach = 10
)

// A shuffle holds back answers until there are questionsEach of them, and then
// lets them go in random order.
type shuffle struct {
	mu      sync.Mutex // guards waiting
	waiting []chan struct{}
}

// wait returns when it is an answer's turn, or ctx ends.
func (s *shuffle) wait(ctx context.Context) {
	turn := make(chan struct{})
	s.mu.Lock()
	s.waiting = append(s.waiting, turn)
	if len(s.waiting) == questionsEach {
		rand.Shuffle(questionsEach, func(i, j int) { s.waiting[i], s.waiting[j] = s.waiting[j], s.waiting[i] })
		for _, turn := range s.waiting {
			close(turn)
		}
	}
	s.mu.Unlock()
	select {
	case <-turn:
	case <-ctx.Done():
	}
}

// member runs a client that says who it is in its answers, until the end of the
// test, and returns the id of its session.
func member(t *testing.T, url string, name int) (session string) {
	endpoint := make(chan string, 1)
	var order shuffle
	client := &cleanup.Client{
		URL: url + "/events",
		Answerer: timeouts.Answerer{
			Client: &http.Client{Transport: &http.Transport{}},
			Limit:  questionsEach,
			OnEvent: func(e framing.Event) {
				if e.Type == "endpoint" {
					endpoint <- e.Data
				}
			},
			Handle: func(ctx context.Context, _ string, params json.RawMessage) (any, error) {
				order.wait(ctx)
				return map[string]any{"by": name, "asked": params}, nil
			},
		},
	}
	ctx, leave := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { client.Run(ctx) })
	t.Cleanup(func() {
		leave()
		running.Wait()
		client.Client.CloseIdleConnections()
	})
	_, session, _ = strings.Cut(<-endpoint, "session=")
	return session
}

// Two hundred callers ask twenty clients at the same time, each of which answers
// in an order of its own: every caller gets its own answer, from the client that
// it asked.
func TestEveryCallerGetsItsOwnAnswer(t *testing.T) {
	server := twoWay(0, io.Discard)
	url := serve(t, server.Handler())
	var outcomes [crowdSize][questionsEach]<-chan answered
	for name := range crowdSize {
		session := member(t, url, name)
		for question := range questionsEach {
			outcomes[name][question] = trigger(t, url, fmt.Sprintf(`{"session":%q,"method":"who","params":%d}`, session, question))
		}
	}
	for name := range crowdSize {
		for question := range questionsEach {
			got := <-outcomes[name][question]
			require.JSONEq(t, fmt.Sprintf(`{"result":{"by":%d,"asked":%d}}`, name, question), got.body)
		}
	}
	require.Zero(t, server.Caller.Len())
}

// vanishing opens a session over a connection of its own, and returns how to wait
// until it is asked, and how to vanish: without a word, as when a cable is pulled.
func vanishing(t *testing.T, url string) (asked func(), vanish func()) {
	connection, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	_, err = io.WriteString(connection, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
	require.NoError(t, err)
	wire := bufio.NewReader(connection)
	await := func(want string) {
		for line := ""; !strings.HasPrefix(line, want); {
			line, err = wire.ReadString('\n')
			require.NoError(t, err)
		}
	}
	await("event: endpoint")
	return func() { await("event: request") }, func() {
		require.NoError(t, connection.(*net.TCPConn).SetLinger(0)) // a reset, and no farewell
		require.NoError(t, connection.Close())
	}
}

// A thousand clients connect, are asked, and vanish in the middle. Of none of them
// anything is left.
func TestAThousandThatVanishLeaveNothing(t *testing.T) {
	const groups, groupSize = 4, 250 // so that they are not too many sockets at once
	before := goleak.IgnoreCurrent()
	logged := make(lines, 2*groupSize)
	server := twoWay(0, logged)
	t.Run("all of them", func(t *testing.T) {
		url := serve(t, server.Handler())
		for range groups {
			requireGroupVanishes(t, url, groupSize, logged)
			require.Zero(t, server.Sessions.Len())
			require.Zero(t, server.Caller.Len())
		}
	})
	goleak.VerifyNone(t, before)
}

// requireGroupVanishes has a group of clients asked all at once, and waits until
// the server has seen the last of them.
func requireGroupVanishes(t *testing.T, url string, size int, logged lines) {
	asked, vanish := make([]func(), size), make([]func(), size)
	for i := range size {
		asked[i], vanish[i] = vanishing(t, url)
	}
	outcome := trigger(t, url, `{"method":"approve"}`)
	for i := range size {
		asked[i]()
		vanish[i]()
	}
	got := <-outcome
	require.Equal(t, size, strings.Count(got.body, `"status":502`), "each of them is a client that left: %.300s", got.body)
	for left := 0; left < size; {
		if strings.Contains(<-logged, "left") {
			left++
		}
	}
}
