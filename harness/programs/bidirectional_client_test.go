package programs_test

import (
	"bufio"
	"context"
	"io"
	"log"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/programs"
	"example.com/sseworkbook/harness/step"
)

// start runs a BidirectionalClient against the server of the pair until the end of the test,
// and returns what it prints, line by line.
func start(t *testing.T, p *pair.Pair, r *programs.BidirectionalClient) *bufio.Scanner {
	out, in := io.Pipe()
	r.URL, r.HTTP, r.Out, r.Status = p.URL+"/events", p.Client, log.New(in, "", 0), in
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		err := r.Run(ctx)
		in.CloseWithError(err)
	})
	t.Cleanup(func() {
		cancel()
		out.Close()
		running.Wait()
	})
	return bufio.NewScanner(out)
}

// requireLine fails unless the next line is like want.
func requireLine(t *testing.T, lines *bufio.Scanner, want string) {
	require.True(t, lines.Scan(), "it says no more: %v", lines.Err())
	require.Regexp(t, want, lines.Text())
}

// once returns a server's handler whose first stream ends when stop is called.
func once(h http.Handler) (handler http.Handler, stop func()) {
	first, stop := context.WithCancel(context.Background())
	var streams sync.Once
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		if r.URL.Path == "/events" {
			streams.Do(func() { context.AfterFunc(first, cancel) })
		}
		h.ServeHTTP(w, r.WithContext(ctx))
	}), stop
}

func TestTheBidirectionalClientComesBackAndIsAskedAgain(t *testing.T) {
	step.Bubble(t, func(t *testing.T) {
		handler, stop := once(twoWay(0, io.Discard).Handler())
		p := pair.Memory(t, handler)
		lines := start(t, p, &programs.BidirectionalClient{Name: "alice"})
		requireLine(t, lines, `^alice answers what http://.*/events asks · Ctrl-C stops$`)
		requireLine(t, lines, `^session   \w{20,}$`)
		stop()
		requireLine(t, lines, `^the server ended the stream; reconnecting in [3-6](\.\d)?s with Last-Event-ID: "\w+-0"$`)
		before := time.Now()
		requireLine(t, lines, `^reconnected$`)
		require.GreaterOrEqual(t, time.Since(before), 3*time.Second)
		require.Less(t, time.Since(before), 6*time.Second)
		requireLine(t, lines, `^session   \w{20,}$`)

		outcome := triggerIn(t, p, `{"method":"approve","params":{"amount":120}}`)
		requireLine(t, lines, `^asked     1 · approve \{"amount":120\}$`)
		requireLine(t, lines, `^answered  1 · \{"by":"alice","method":"approve","params":\{"amount":120\}\}$`)
		require.JSONEq(t, `[{"result":{"by":"alice","method":"approve","params":{"amount":120}}}]`, <-outcome)
	})
}

// triggerIn fires a trigger at the server of the pair, and goes on; the outcome
// comes later. The end of the test waits for it.
func triggerIn(t *testing.T, p *pair.Pair, body string) <-chan string {
	outcome := make(chan string, 1)
	var firing sync.WaitGroup
	firing.Go(func() { outcome <- p.Post("/trigger", "application/json", body).Body })
	t.Cleanup(firing.Wait)
	return outcome
}

func TestTheBidirectionalClientWorksForAsLongAsItWasToldTo(t *testing.T) {
	step.Bubble(t, func(t *testing.T) {
		p := pair.Memory(t, twoWay(0, io.Discard).Handler())
		lines := start(t, p, &programs.BidirectionalClient{Name: "bob", Delay: 7 * time.Second})
		requireLine(t, lines, "answers")
		requireLine(t, lines, "session")
		before := time.Now()
		outcome := triggerIn(t, p, `{"method":"price"}`)
		requireLine(t, lines, "asked")
		requireLine(t, lines, "answered")
		require.JSONEq(t, `[{"result":{"by":"bob","method":"price"}}]`, <-outcome)
		require.Equal(t, 7*time.Second, time.Since(before))
	})
}

func TestTheBidirectionalClientStopsWorkingWhenNobodyWaits(t *testing.T) {
	step.Bubble(t, func(t *testing.T) {
		p := pair.Memory(t, twoWay(0, io.Discard).Handler())
		lines := start(t, p, &programs.BidirectionalClient{Name: "bob", Delay: time.Hour})
		requireLine(t, lines, "answers")
		requireLine(t, lines, "session")
		outcome := triggerIn(t, p, `{"method":"price","timeout":1000}`)
		requireLine(t, lines, "asked")
		requireLine(t, lines, `^told      notifications/cancelled \{"requestId":"1",`)
		require.Contains(t, <-outcome, `"status":504`)
	})
}

func TestTheBidirectionalClientFailsAsOftenAsItWasToldTo(t *testing.T) {
	for rate, want := range map[float64]string{
		0: `^answered  1 · `,
		1: `^failed    1 · bob failed, as it was told to do now and then \(code -32000\)$`,
	} {
		step.Bubble(t, func(t *testing.T) {
			p := pair.Memory(t, twoWay(0, io.Discard).Handler())
			lines := start(t, p, &programs.BidirectionalClient{Name: "bob", Fail: rate})
			requireLine(t, lines, "answers")
			requireLine(t, lines, "session")
			outcome := triggerIn(t, p, `{"method":"price"}`)
			requireLine(t, lines, "asked")
			requireLine(t, lines, want)
			require.Equal(t, rate == 1, strings.Contains(<-outcome, `"code":-32000`))
		})
	}
}

// A server that takes no answer: the client says so, and goes on.
func TestTheBidirectionalClientTellsOfAnAnswerThatIsRefused(t *testing.T) {
	step.Bubble(t, func(t *testing.T) {
		mux := http.NewServeMux()
		mux.Handle("/", twoWay(0, io.Discard).Handler())
		mux.HandleFunc("POST /responses", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
		p := pair.Memory(t, mux)
		lines := start(t, p, &programs.BidirectionalClient{Name: "bob"})
		requireLine(t, lines, "answers")
		requireLine(t, lines, "session")
		for range 2 {
			outcome := triggerIn(t, p, `{"method":"\u009bprice","timeout":1000}`)
			requireLine(t, lines, "^asked     . · \uFFFDprice$")
			requireLine(t, lines, `^too late  . · the server refused the response: 410 Gone$`)
			requireLine(t, lines, `^told      notifications/cancelled `)
			<-outcome
		}
	})
}
