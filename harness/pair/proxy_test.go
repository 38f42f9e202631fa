package pair_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/pair"
)

// held sends one event at a time, as the test asks for it, and ends when the
// test closes next.
func held(next <-chan string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		flush(w)
		for event := range next {
			io.WriteString(w, event)
			flush(w)
		}
	}
}

func TestTheProxyKeepsASmallEventBack(t *testing.T) {
	for name, opts := range protocols {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				next := make(chan string)
				p := pair.Memory(t, held(next), append(opts, pair.BufferingProxy())...)
				s := p.Open("/events")
				next <- "data: a\n\n"
				synctest.Wait()
				require.Empty(t, s.Received())
				require.Len(t, s.Flushes(), 2, "the server did flush")
				close(next)
				s.Expect("the response has ended", "data: a\n\n")
				require.Equal(t, io.EOF, s.WaitEnd("the response has ended"))
			})
		})
	}
}

func TestTheProxyPassesAFullBufferOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := make(chan string)
		p := pair.Memory(t, held(next), pair.BufferingProxy())
		s := p.Open("/events")
		next <- "data: " + strings.Repeat("x", 5000) + "\n\n"
		synctest.Wait()
		require.Len(t, s.Received(), 4096)
		close(next)
	})
}

func TestTheProxyLetsAStreamThroughThatSaysSo(t *testing.T) {
	for name, opts := range protocols {
		t.Run(name, func(t *testing.T) {
			next := make(chan string)
			p := pair.TCP(t, held(next, "X-Accel-Buffering", "no"), append(opts, pair.BufferingProxy())...)
			s := p.Open("/events")
			require.Empty(t, s.Header().Get("X-Accel-Buffering"), "it was meant for the proxy")
			next <- "data: a\n\n"
			s.Expect("the event while the handler runs", "data: a\n\n")
			close(next)
			require.Equal(t, io.EOF, s.WaitEnd("the response has ended"))
		})
	}
}

// A client that leaves the proxy leaves the server behind it, too.
func TestLeavingReachesTheServerBehindTheProxy(t *testing.T) {
	p := pair.TCP(t, untilGone(""), pair.BufferingProxy())
	s := p.Open("/events")
	s.Leave()
	s.WaitHandler("the client has left the proxy")
}

func TestLoggingCanFlushThroughUnwrapOnly(t *testing.T) {
	p := pair.TCP(t, pair.Logging(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := w.(http.Flusher); ok {
			t.Error("a wrapper without Flush must hide the Flusher")
		}
		untilGone("data: a\n\n").ServeHTTP(w, r)
	})))
	s := p.Open("/events")
	s.Expect("flushed through Unwrap", "data: a\n\n")
	s.Leave()
	s.WaitHandler("its client has left")
	p.Close()
	require.Equal(t, "GET /events: 9 bytes\n", p.ServerLog())
}

func TestAHiddenFlusherCannotFlush(t *testing.T) {
	p := pair.TCP(t, pair.HideFlusher(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, flusher := w.(http.Flusher)
		err := http.NewResponseController(w).Flush()
		if flusher || err == nil {
			t.Errorf("an opaque wrapper can flush: Flusher %v, Flush %v", flusher, err)
		}
	})))
	require.Equal(t, 200, p.Get("/").Status)
}
