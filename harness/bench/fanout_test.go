package bench

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// fanOut is how many events each client gets in one operation.
	fanOut = 200

	// chunk is after how many events the clients tell the publisher how far they are.
	chunk = 10

	// warmUp is how long the operations go on that come before those that are measured.
	// In them the process gets its heap, and each goroutine its stack.
	warmUp = time.Second

	// patience is how long a publisher waits without any progress.
	patience = 20 * time.Second
)

// news is the data of the events: each some 100 bytes of JSON.
var news = func() (all []string) {
	for n := range fanOut {
		all = append(all, fmt.Sprintf(`{"n":%d,"symbol":"ACME","side":"buy","price":"187.42","size":300,"time":"2026-11-24T16:02:07.%06dZ"}`, n, n))
	}
	return all
}()

// oncePerEvent is in each event once, and in nothing else that a server sends:
// neither in a header, nor in the length of a chunk, nor in a first event.
var oncePerEvent = []byte("{")

// BenchmarkFanOut broadcasts 200 events to each of the clients, and an operation
// ends when all of them have all. Server and clients share the process.
//
// What is measured is what a server does that has run for a while; in the first
// operation of a process, ours is 3 to 4 times the best library's.
//
// How far the publisher may be ahead of the slowest client is each contender's
// own: it is what its queues hold. The more it is, the better for the figure, so
// those whose queue is a setting get one that holds all 200.
func BenchmarkFanOut(b *testing.B) {
	for _, clients := range []int{100, 1000} {
		b.Run(strconv.Itoa(clients), func(b *testing.B) {
			for _, c := range broadcasters {
				b.Run(c.name, func(b *testing.B) { benchmarkFanOut(b, c.open(), clients) })
			}
		})
	}
}

func benchmarkFanOut(b *testing.B, c broadcaster, clients int) {
	stage := newStage(b, c.handler, nil)
	b.Cleanup(func() {
		stage.close()
		c.close()
	})
	audience := newAudience(b, stage, c.path, c.greeting, clients)
	for began := time.Now(); time.Since(began) < warmUp; {
		require.NoError(b, c.tell(audience, patience))
	}
	audience.events.Store(0)
	for b.Loop() {
		require.NoError(b, c.tell(audience, patience))
	}
	b.ReportMetric(float64(audience.events.Load())/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(0, "ns/op") // says the same as events/s: not shown

	audience.leave()
	require.EqualValues(b, b.N*fanOut*clients, audience.events.Load(), "events at all clients")
	audience.check(b, news)
}

// tell broadcasts the news, and returns when all clients have them. The error is
// that of a broadcast, or that for so long nobody has got any further.
func (c broadcaster) tell(a *audience, patience time.Duration) error {
	onTheWay := 0 // events that not everybody has, up to those of one chunk
	for _, data := range news {
		if onTheWay+1 > c.ahead {
			if err := a.await(patience); err != nil {
				return err
			}
			onTheWay -= chunk
		}
		if err := c.publish(data); err != nil {
			return err
		}
		onTheWay++
	}
	for range onTheWay / chunk {
		if err := a.await(patience); err != nil {
			return err
		}
	}
	return nil
}
