package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	reconnection "example.com/sseworkbook/solutions/08-reconnection"
	heartbeats "example.com/sseworkbook/solutions/09-heartbeats"
)

const (
	// joinRate is how many clients a second connect at first.
	joinRate = 1500

	// heartbeat is the interval of the server's heartbeats, and quiet is how long a
	// client takes no byte for a sign of life.
	heartbeat = 2 * time.Second
	quiet     = 6 * time.Second

	// firstWindow is the window over which clients of lesson 08 spread after a first
	// loss, if the server has named no reconnection time.
	firstWindow = reconnection.DefaultReconnectionTime

	// backLimit is how long all clients have to come back: the longest wait, and some
	// seconds for the connection.
	backLimit = reconnection.DefaultReconnectionTime + reconnection.DefaultMaxWindow + 5*time.Second
)

// A Restart is how a crowd of clients takes the restart of their server: each has a
// stream with heartbeats, and lesson 08's Reconnector. It is for one Run.
type Restart struct {
	Clients  int                                                      // 1 to MaxClients
	Start    func(ctx context.Context, addr string) (*Process, error) // starts a process that runs [Serve]
	Progress io.Writer                                                // gets a line for each second in which clients came back; nil: nobody

	in    atomic.Int64  // how many have a stream now
	idle  atomic.Int64  // how many streams were given up because they were quiet
	ended atomic.Int64  // when the server was ended, in Unix nanoseconds; zero: it was not
	allIn chan struct{} // gets a token when all clients are in

	mu   sync.Mutex // guards back
	back []time.Duration
}

// A Return is how a crowd came back after a restart.
type Return struct {
	Clients, Connected, Back int
	First, Last              time.Duration // after the server was ended
	Most                     int           // how many came in one second
	Idle                     int           // streams that were given up although the server was there
}

// Even returns how many would come back in a second if they were spread evenly.
func (r Return) Even() int { return int(math.Ceil(float64(r.Clients) / firstWindow.Seconds())) }

// Err says what was not as it should be: somebody did not get in, or back, or more than a
// tenth of all came in one second beyond the even spread, or a stream seemed quiet.
func (r Return) Err() error {
	var all []error
	if r.Connected < r.Clients {
		all = append(all, fmt.Errorf("%d of %d clients did not get in", r.Clients-r.Connected, r.Clients))
	}
	if r.Back < r.Connected {
		all = append(all, fmt.Errorf("%d of %d clients did not come back within %v", r.Connected-r.Back, r.Connected, backLimit))
	}
	if most := r.Even() + r.Clients/10 + 1; r.Most > most {
		all = append(all, fmt.Errorf("%d clients came back in one second; evenly spread, and with a tenth of them more, it would be %d", r.Most, most))
	}
	if r.Idle > 0 {
		all = append(all, fmt.Errorf("%d streams were given up as too quiet, in spite of the heartbeats", r.Idle))
	}
	return errors.Join(all...)
}

// String returns the return in lines.
func (r Return) String() string {
	return fmt.Sprintf("clients   %d of %d connected, each with a heartbeat every %v\nback      %d of %d, %.1f s to %.1f s after the server was ended\nspread    at most %d in one second; evenly over %v, it would be %d\n",
		r.Connected, r.Clients, heartbeat, r.Back, r.Connected, r.First.Seconds(), r.Last.Seconds(), r.Most, firstWindow, r.Even())
}

// Run connects the clients, ends the server, starts it again at the same address, and
// waits until all are back and have had some heartbeats.
func (r *Restart) Run(ctx context.Context) (Return, error) {
	if err := (Options{Clients: r.Clients, Rate: 1, For: 1}).Check(); err != nil {
		return Return{}, err
	}
	server, err := r.Start(ctx, "127.0.0.1:0")
	if err != nil {
		return Return{}, err
	}
	r.allIn = make(chan struct{}, 1)
	var crowd sync.WaitGroup
	living, leave := context.WithCancel(ctx)
	defer crowd.Wait()
	defer leave()
	client := r.client()
	defer client.CloseIdleConnections()
	for i := range r.Clients {
		crowd.Go(func() { r.live(living, client, server.URL+"/events", i) })
	}
	r.await(server.Context, joinLimit+r.joining())
	connected := int(r.in.Load())
	if err := context.Cause(server.Context); err != nil {
		server.Stop()
		return Return{}, err
	}

	r.ended.Store(time.Now().UnixNano())
	server.Stop()
	if server, err = r.Start(ctx, strings.TrimPrefix(server.URL, "http://")); err != nil {
		return Return{}, err
	}
	defer server.Stop()
	r.await(server.Context, backLimit)
	result := r.result(connected)
	pause(server.Context, quiet+heartbeat) // without heartbeats, all would be lost by then
	result.Idle = int(r.idle.Load())
	return result, cmp.Or(context.Cause(ctx), context.Cause(server.Context))
}

// joining returns over which time the clients connect at first.
func (r *Restart) joining() time.Duration {
	return time.Duration(r.Clients) * time.Second / joinRate
}

// client returns the HTTP client of all clients: a connection for each stream.
func (r *Restart) client() *http.Client {
	streams := &http.Transport{DisableCompression: true, ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10}
	return &http.Client{Transport: &heartbeats.Transport{Base: streams, Limit: quiet}}
}

// live is client number i, until ctx ends.
func (r *Restart) live(ctx context.Context, client *http.Client, url string, i int) {
	c := &reconnection.Reconnector{
		URL: url, Client: client, Delay: time.Duration(i) * time.Second / joinRate,
		OnLost: func(loss reconnection.Loss) {
			if _, ok := errors.AsType[*heartbeats.IdleError](loss.Err); ok {
				r.idle.Add(1)
			}
		},
	}
	c.Run(ctx, func(_ context.Context, source *parsing.Source, progress func(framing.Event)) error {
		r.came()
		defer r.in.Add(-1)
		for event, err := range source.Events() {
			if err != nil {
				return err
			}
			progress(event)
		}
		return nil
	})
}

// came takes note of a client that has a stream.
func (r *Restart) came() {
	if ended := r.ended.Load(); ended != 0 {
		r.mu.Lock()
		r.back = append(r.back, time.Since(time.Unix(0, ended)))
		r.mu.Unlock()
	}
	if r.in.Add(1) == int64(r.Clients) {
		select {
		case r.allIn <- struct{}{}:
		default:
		}
	}
}

// await waits until all clients are in at the same time, for the limit at most.
func (r *Restart) await(ctx context.Context, limit time.Duration) {
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case <-r.allIn:
	case <-late.C:
	case <-ctx.Done():
	}
}

// result sums up, and writes a line for each second.
func (r *Restart) result(connected int) Return {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.Sort(r.back)
	result := Return{Clients: r.Clients, Connected: connected, Back: len(r.back)}
	if len(r.back) == 0 {
		return result
	}
	result.First, result.Last = r.back[0], r.back[len(r.back)-1]
	for i, at := range r.back { // the second that begins with this one
		end, _ := slices.BinarySearch(r.back, at+time.Second)
		result.Most = max(result.Most, end-i)
	}
	counts := make([]int, int(result.Last.Seconds())+1)
	for _, at := range r.back {
		counts[int(at.Seconds())]++
	}
	out := cmp.Or(r.Progress, io.Discard)
	fmt.Fprintln(out, "second  came back")
	for second, n := range counts {
		fmt.Fprintln(out, strings.TrimRight(fmt.Sprintf("%5ds %10d  %s", second, n, strings.Repeat("█", n*50/r.Clients)), " "))
	}
	fmt.Fprintln(out)
	return result
}

// pause waits for so long, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
