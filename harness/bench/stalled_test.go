package bench

import (
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	sessions "example.com/sseworkbook/solutions/04-sessions"
)

// stalledRounds is how many times one operation has the news: enough for every
// queue on the way to the client that does not read.
const stalledRounds = 5

// stalledPatience is how long nobody may hear anything until the rest is taken for
// not delivered.
const stalledPatience = 2 * time.Second

// BenchmarkStalled broadcasts 1,000 events to 100 clients, and to one more that
// never reads. The buffers between the server and that one are small, so that a
// write to it does wait. Each operation has a server of its own.
//
// The figures are of the 100: the events that they got, in how much of the time,
// and how many of all. Where nobody gets any further for two seconds, that is
// the end, and the two seconds count.
func BenchmarkStalled(b *testing.B) {
	b.Run("100", func(b *testing.B) {
		for _, c := range broadcasters {
			b.Run(c.name, func(b *testing.B) {
				if c.name == "donovanhide" {
					b.Skip("when a client's queue is full, it closes the queue and may then send on it, so the process panics")
				}
				benchmarkStalled(b, c.open, 100)
			})
		}
	})
}

func benchmarkStalled(b *testing.B, open func() broadcaster, clients int) {
	got := 0.0
	b.StopTimer()
	for range b.N {
		got += float64(tellAllButOne(b, open(), clients))
	}
	b.ReportMetric(got/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(100*got/float64(b.N*stalledRounds*fanOut*clients), "delivered-%")
	b.ReportMetric(0, "ns/op") // says the same as events/s: not shown
}

// tellAllButOne is an operation. It returns how many events the clients have got
// that read.
func tellAllButOne(b *testing.B, c broadcaster, clients int) (got int64) {
	b.Helper()
	defer finish(c.close)
	var publisher sync.WaitGroup
	defer finish(publisher.Wait)
	var first sync.Once
	stage := newStage(b, c.handler, func(conn *net.TCPConn) {
		first.Do(func() { conn.SetWriteBuffer(4096) })
	})
	defer stage.close()
	stalled := &audience{}
	defer stalled.leave()
	stalled.enter(b, stage, c.path, c.greeting)
	stalled.conns[0].(*net.TCPConn).SetReadBuffer(4096)
	audience := newAudience(b, stage, c.path, c.greeting, clients)
	defer audience.leave()

	told := make(chan struct{})
	b.StartTimer()
	publisher.Go(func() {
		defer close(told)
		c.tellOthers(audience, stalledRounds)
	})
	audience.settle(told)
	b.StopTimer()
	return audience.events.Load()
}

// tellOthers broadcasts the news to those who read, as often as rounds says, or
// until they get no further. The one who does not read has missed an event when
// ours says that a queue was full; if that was somebody else's, the figures say it.
func (c broadcaster) tellOthers(a *audience, rounds int) {
	publish := c.publish
	c.publish = func(data string) error {
		if err := publish(data); !errors.Is(err, sessions.ErrFull) {
			return err
		}
		return nil
	}
	for range rounds {
		if c.tell(a, stalledPatience) != nil {
			return
		}
	}
}

// settle returns when the publisher has told all, or when it hangs: the clients
// have got nothing for so long.
func (a *audience) settle(told <-chan struct{}) {
	ticker := time.NewTicker(stalledPatience)
	defer ticker.Stop()
	before := int64(-1)
	for {
		select {
		case <-told:
			return
		case <-ticker.C:
			now := a.events.Load()
			if now == before {
				return
			}
			before = now
		}
	}
}
