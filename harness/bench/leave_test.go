package bench

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// leavers is how many clients come and go at once.
const leavers = 16

// heapSessions is how many sessions have to leave nothing behind. It takes some
// 10 seconds.
const heapSessions = 100_000

// BenchmarkLeave lets clients come and go.
//
// A cycle is all of a session's life: the client connects, reads what says that
// its stream is open, and leaves; and the server's handler returns.
//
// The heap is what ours holds after 100,000 cycles that it did not hold before.
// With -short it is a tenth of them.
func BenchmarkLeave(b *testing.B) {
	b.Run("cycle", func(b *testing.B) {
		for _, s := range streamServers {
			b.Run(s.name, func(b *testing.B) { benchmarkCycle(b, s) })
		}
	})
	b.Run("heap", func(b *testing.B) {
		b.Run("ours", benchmarkHeap)
	})
}

func benchmarkCycle(b *testing.B, s streamServer) {
	handler, end := s.handler()
	defer end()
	door, end := openDoor(handler)
	defer end()
	b.ResetTimer()
	err := door.cycle(s, b.N)
	b.StopTimer()
	require.NoError(b, err)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sessions/s")
}

// leftBehind measures once in a process, however often the benchmark is run: what
// is left does not depend on that.
var leftBehind struct {
	once             sync.Once
	heap, goroutines float64
}

func benchmarkHeap(b *testing.B) {
	for b.Loop() {
		leftBehind.once.Do(func() { measureLeftBehind(b) })
	}
	b.ReportMetric(leftBehind.heap/1024, "KiB-left")
	b.ReportMetric(leftBehind.goroutines, "goroutines-left")
}

func measureLeftBehind(b *testing.B) {
	n := heapSessions
	if testing.Short() {
		n /= 10
	}
	s := streamServerNamed("ours")
	server := cleanup.NewServer()
	door, end := openDoor(server)
	defer end()
	require.NoError(b, door.cycle(s, n/10)) // what is made once for all of them is made here
	before := usageNow()
	require.NoError(b, door.cycle(s, n))
	after := usageNow()
	require.Zero(b, server.Sessions.Len(), "sessions that were not removed")
	leftBehind.heap = float64(after.Heap) - float64(before.Heap)
	leftBehind.goroutines = float64(after.Goroutines - before.Goroutines)
}

// A door is a server where clients come and go.
type door struct {
	addr string
	left chan struct{} // gets one value for each handler that has returned
}

// openDoor lets handler serve.
func openDoor(handler http.Handler) (d door, end func()) {
	left := make(chan struct{}, leavers)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { left <- struct{}{} }()
		handler.ServeHTTP(w, r)
	}))
	return door{server.Listener.Addr().String(), left}, server.Close
}

// cycle lets n clients come and go.
func (d door) cycle(s streamServer, n int) error {
	var begun atomic.Int64
	var leaving sync.WaitGroup
	errs := make([]error, leavers)
	for i := range leavers {
		leaving.Go(func() {
			for errs[i] == nil && begun.Add(1) <= int64(n) {
				errs[i] = d.comeAndGo(s)
			}
		})
	}
	leaving.Wait()
	return errors.Join(errs...)
}

// comeAndGo is one client. It waits for a handler to return, its own or that of
// another who has left: so no more are there than leavers.
func (d door) comeAndGo(s streamServer) error {
	stream, err := openStream(d.addr, s)
	if err != nil {
		return err
	}
	stream.Close()
	<-d.left
	return nil
}
