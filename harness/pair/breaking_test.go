package pair_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/pair"
)

// talker sends event after event until a flush fails, and tells with what.
func talker(event string, failed chan<- error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for {
			io.WriteString(w, event)
			if err := http.NewResponseController(w).Flush(); err != nil {
				failed <- err
				return
			}
		}
	}
}

// A client that reads nothing holds up the server's writes once the window is
// full; the write deadline then ends them, to the second.
func TestAPausedClientMeetsTheWriteDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := make(chan error, 1)
		p := pair.Memory(t, talker("data: "+strings.Repeat("x", 1<<10)+"\n\n", failed),
			pair.Configure(func(s *http.Server) { s.WriteTimeout = 10 * time.Second }))
		begin := time.Now()
		s := p.Open("/events")
		s.Pause()
		require.ErrorIs(t, <-failed, os.ErrDeadlineExceeded)
		require.Equal(t, 10*time.Second, time.Since(begin))
		s.WaitHandler("its write failed")
	})
}

func TestTheWindowBoundsWhatIsOnTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const event = "data: x\n\n"
		paused := make(chan bool)
		var sent atomic.Int64
		p := pair.Memory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.NewResponseController(w).Flush()
			<-paused
			for http.NewResponseController(w).Flush() == nil {
				n, _ := io.WriteString(w, event)
				sent.Add(int64(n))
			}
		}), pair.BufferSize(1000))
		s := p.Open("/events")
		s.Pause()
		close(paused)
		synctest.Wait()         // the handler waits for room
		const buffers = 8 << 10 // net/http's own, 4 KiB on each side
		require.Less(t, sent.Load(), int64(1000+buffers))
		require.Positive(t, sent.Load())
	})
}

func TestAResumedClientReadsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := make(chan string)
		p := pair.Memory(t, held(next))
		s := p.Open("/events")
		s.Pause()
		next <- "data: a\n\n"
		synctest.Wait()
		require.Empty(t, s.Received())
		s.Resume()
		s.Expect("the event that lay there", "data: a\n\n")
		close(next)
		require.Equal(t, io.EOF, s.WaitEnd("the handler has returned"))
	})
}

func TestASlowClientTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := make(chan string)
		p := pair.Memory(t, held(next))
		s := p.Open("/events")
		s.Throttle(4, time.Second)
		next <- "data: abcd\n\n"
		close(next)
		synctest.Wait()
		require.Equal(t, "data", s.Received())
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, "data: ab", s.Received())
		begin := time.Now()
		s.Expect("all of it", "data: abcd\n\n")
		require.Equal(t, time.Second, time.Since(begin))
		require.Equal(t, io.EOF, s.WaitEnd("the handler has returned"))
	})
}

// Both sides of a broken connection see it: the client a reset with no more
// than the bytes allowed, the server the end of the request's context.
func TestACutLandsInTheMiddleOfAnEvent(t *testing.T) {
	onEach(t, func(t *testing.T, start startFunc) {
		next := make(chan string)
		p := start(t, func(w http.ResponseWriter, r *http.Request) {
			flush(w)
			for event := range next {
				io.WriteString(w, event)
				flush(w)
			}
			<-r.Context().Done()
		})
		s := p.Open("/events")
		next <- "data: a\n\n"
		s.Expect("the first event", "data: a\n\n")
		s.CutAfter(6)
		next <- "data: b\n\n"
		close(next)
		require.ErrorIs(t, s.WaitEnd("the connection was cut"), syscall.ECONNRESET)
		require.Equal(t, "data: a\n\ndata: ", s.Received())
		s.WaitHandler("its connection was cut")
	})
}

func TestACutBreaksTheConnectionAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, start startFunc) {
		p := start(t, untilGone("data: a\n\n"))
		s := p.Open("/events")
		s.Expect("the event", "data: a\n\n")
		s.Cut()
		require.ErrorIs(t, s.WaitEnd("the connection was cut"), syscall.ECONNRESET)
		s.WaitHandler("its connection was cut")
	})
}

// Clients that read their own bodies are cut by the pair.
func TestACutOfThePairReachesEveryClient(t *testing.T) {
	onEach(t, func(t *testing.T, start startFunc) {
		p := start(t, untilGone("data: a\n\n"))
		resp, err := p.Client.Get(p.URL + "/events")
		require.NoError(t, err)
		defer resp.Body.Close()
		first := make([]byte, 9)
		_, err = io.ReadFull(resp.Body, first)
		require.NoError(t, err)
		p.Cut()
		_, err = resp.Body.Read(first)
		require.ErrorIs(t, err, syscall.ECONNRESET)
	})
}

func TestAClientThatLeavesCancelsItsRequest(t *testing.T) {
	onEach(t, func(t *testing.T, start startFunc) {
		p := start(t, untilGone(": hello\n\n"))
		s := p.Open("/events")
		s.Leave()
		err := s.WaitEnd("the client has left")
		require.ErrorIs(t, err, context.Canceled)
		s.WaitHandler("its client has left")
	})
}

func TestNobodyListensAfterClose(t *testing.T) {
	onEach(t, func(t *testing.T, start startFunc) {
		p := start(t, untilGone(""))
		p.Close()
		_, err := p.Client.Get(p.URL + "/events")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}
