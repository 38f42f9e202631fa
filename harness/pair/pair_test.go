package pair_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
)

func TestMain(m *testing.M) {
	if os.Getenv(childRun) != "" {
		step.Main(m)
		return
	}
	goleak.VerifyTestMain(m)
}

// protocols are all that a pair can speak.
var protocols = map[string][]pair.Option{
	"HTTP1": nil,
	"HTTP2": {pair.HTTP2()},
}

// onEach runs f over both transports and all protocols; settle waits until
// nothing moves any more where that can be known, in a bubble.
func onEach(t *testing.T, f func(t *testing.T, start startFunc)) {
	for name, opts := range protocols {
		t.Run("TCP/"+name, func(t *testing.T) {
			f(t, func(t *testing.T, h http.HandlerFunc) *pair.Pair { return pair.TCP(t, h, opts...) })
		})
		t.Run("Memory/"+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f(t, func(t *testing.T, h http.HandlerFunc) *pair.Pair { return pair.Memory(t, h, opts...) })
			})
		})
	}
}

type startFunc func(t *testing.T, h http.HandlerFunc) *pair.Pair

// flush is what a handler does that wants its bytes to leave. Its error is no
// matter here: a client may leave as soon as it has them.
func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }

// untilGone is a handler that sends text and stays until its client leaves.
func untilGone(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, text)
		flush(w)
		<-r.Context().Done()
	}
}

func TestAFlushedEventArrivesWhileTheHandlerRuns(t *testing.T) {
	onEach(t, func(t *testing.T, start startFunc) {
		p := start(t, untilGone("data: a\n\ndata: b\n\n"))
		s := p.Open("/events")
		require.Equal(t, 200, s.Status())
		require.Equal(t, "text/event-stream", s.Header().Get("Content-Type"))
		require.Equal(t, "data: a\n\n", s.NextFrame("the first frame"))
		s.Expect("the second frame", "data: b\n\n")
		s.Leave()
		s.WaitHandler("the handler ends with its client")
		require.Error(t, s.WaitEnd("the client has left"))
	})
}

func TestRequestsAreAnsweredBesideAStream(t *testing.T) {
	onEach(t, func(t *testing.T, start startFunc) {
		p := start(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/events" {
				untilGone("").ServeHTTP(w, r)
				return
			}
			body, _ := io.ReadAll(r.Body)
			w.WriteHeader(http.StatusAccepted)
			fmt.Fprintf(w, "%s %s %s", r.Method, r.Header.Get("Content-Type"), body)
		})
		p.Open("/events")
		require.Equal(t, "POST text/plain yes", p.Post("/answer", "text/plain", "yes").Body)
		require.Equal(t, "GET  ", p.Get("/answer").Body)
		require.Equal(t, http.StatusAccepted, p.Get("/answer").Status)
	})
}

func TestAnUnflushedEventIsNotAtTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			flush(w)
			io.WriteString(w, "data: a\n\n")
			<-r.Context().Done()
		}))
		s := p.Open("/events")
		synctest.Wait()
		require.Empty(t, s.Received())
	})
}

// Each flush stands with its moment and the bytes written by then, whichever
// way the handler flushes.
func TestFlushesAreRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		p := pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			time.Sleep(time.Second)
			io.WriteString(w, "data: a\n\n")
			flush(w)
		}))
		s := p.Open("/events")
		s.Expect("the event", "data: a\n\n")
		require.Equal(t, []pair.Flush{{At: begin, Bytes: 0}, {At: begin.Add(time.Second), Bytes: 9}}, s.Flushes())
		require.Equal(t, io.EOF, s.WaitEnd("the handler has returned"))
	})
}

func TestTheHandlerSeesWhatAnEventSourceSends(t *testing.T) {
	var got http.Header
	p := pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { got = r.Header }))
	s := p.Open("/events", "Last-Event-ID", "7")
	require.Equal(t, io.EOF, s.WaitEnd("the handler has returned"))
	require.Equal(t, "text/event-stream", got.Get("Accept"))
	require.Equal(t, "7", got.Get("Last-Event-ID"))
	require.Len(t, got, 5, "nothing of the pair's own: %v", got) // and User-Agent, Cache-Control, Accept-Encoding
}

// A frame goes through its blank line, however lines end and wherever net/http
// cuts the bytes.
func TestFramesEndAtTheirBlankLine(t *testing.T) {
	p := pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, b := range []byte("data: a\r\n\r\ndata: b\r\rid: 1\ndata: c\n\n") {
			w.Write([]byte{b})
			flush(w)
		}
	}))
	s := p.Open("/events")
	require.Equal(t, "data: a\r\n\r\n", s.NextFrame("CRLF"))
	s.Expect("bytes and frames can take turns", "data: ")
	require.Equal(t, "b\r\r", s.NextFrame("CR"))
	require.Equal(t, "id: 1\ndata: c\n\n", s.NextFrame("LF"))
	require.Len(t, s.Flushes(), len(s.Received()))
}

// Ten thousand keep-alives of a whole server and client, thirty seconds apart,
// are 83 hours of the bubble's time.
func TestTenThousandHeartbeats(t *testing.T) {
	const beats = 10_000
	began := time.Now() // real time, outside the bubble
	synctest.Test(t, func(t *testing.T) {
		p := pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for range beats {
				time.Sleep(30 * time.Second)
				io.WriteString(w, ":\n\n")
				flush(w)
			}
		}))
		begin := time.Now()
		s := p.Open("/events")
		for range beats {
			s.Expect("a heartbeat", ":\n\n")
		}
		require.Equal(t, io.EOF, s.WaitEnd("the handler has returned"))
		require.Equal(t, beats*30*time.Second, time.Since(begin))
	})
	t.Logf("%d heartbeats took %v of real time", beats, time.Since(began))
}
