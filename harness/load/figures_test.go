package load

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAQuantileIsWithinA64thOfWhatASortedListSays(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var h, before histogram
	var all []time.Duration
	for i := range 20_000 {
		d := time.Duration(1) << (10 + random.IntN(24)) // a microsecond to some seconds
		d += time.Duration(random.Int64N(int64(d)))
		all = append(all, d)
		h.add(d)
		if i == 10_000-1 {
			before = h
		}
	}
	late := slices.Sorted(slices.Values(all[10_000:]))
	slices.Sort(all)
	for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.99, 0.999} {
		since := h.since(&before)
		for _, of := range []struct {
			h     *histogram
			times []time.Duration
		}{{&h, all}, {&since, late}} {
			exact := of.times[int(q*float64(len(of.times)))]
			got := of.h.quantile(q)
			require.GreaterOrEqual(t, got, exact, "quantile %v", q)
			require.LessOrEqual(t, got, exact+exact/64+time.Microsecond, "quantile %v", q)
		}
	}
	require.Equal(t, all[len(all)-1], h.quantile(1))
	require.Equal(t, all[len(all)-1], h.max)
	require.EqualValues(t, len(all), h.n)
}

func TestAHistogramTakesAnyTime(t *testing.T) {
	var h histogram
	require.Zero(t, h.quantile(0.5))
	for _, d := range []time.Duration{-time.Second, 0, 1, 1 << 62} {
		h.add(d)
	}
	require.EqualValues(t, 4, h.n)
	last := -1
	for us := range 1 << 16 { // each time has a counter, and none is left out
		d := time.Duration(us) * time.Microsecond
		i := counter(d)
		require.True(t, i == last || i == last+1, "%v", d)
		require.GreaterOrEqual(t, atMost(i), d)
		require.Equal(t, i, counter(atMost(i)))
		last = i
	}
}

func TestALossIsNamed(t *testing.T) {
	l := newLosses()
	require.NoError(t, lost(l.list()))
	l.add(noAnswer, "504")
	l.add(fellOff, "EOF")
	l.add(fellOff, "again")
	for range 3 {
		l.add(noEvent, "404")
	}
	require.EqualValues(t, 6, l.total())
	require.EqualError(t, lost(l.list()), "not everything arrived: a client was cut off, twice; "+
		"an event never arrived, 3 times; an answer never came back, once")
	require.Equal(t, "a client was cut off, once (EOF)", l.list()[0].String())

	for i := range 100 { // as many causes as there are losses
		l.add(noAnswer, fmt.Sprint("cause ", i))
	}
	l.add(noAnswer, "504")
	l.add(noEvent, strings.Repeat("\u202e", 1<<20))
	require.EqualValues(t, 108, l.total())
	require.EqualError(t, lost(l.list()), "not everything arrived: a client was cut off, twice; "+
		"an event never arrived, 4 times; an answer never came back, 102 times")
	require.Less(t, len(l.list()), 20)
	require.Contains(t, l.list(), Loss{noAnswer, 2, "504"})
	require.Contains(t, l.list(), Loss{noAnswer, 91, otherCauses})
	require.NotContains(t, fmt.Sprint(l.list()), "\u202e")
}

func TestASystemAtItsLimitsIsExplained(t *testing.T) {
	require.Equal(t, "too many open files: see ulimit -n", explain(syscall.EMFILE))
	require.Equal(t, "no ports left: this system has too few for this many clients", explain(syscall.EADDRNOTAVAIL))
	require.Equal(t, "odd", explain(errors.New("odd")))
	for _, cause := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE} {
		require.Equal(t, "the connection broke", explain(&url.Error{Op: "Post", URL: "http://server.test", Err: cause}))
	}
	for _, port := range []int{1, 2} { // one cause, whatever the port is
		require.Equal(t, "odd", explain(&net.OpError{Op: "read", Net: "tcp", Source: &net.TCPAddr{Port: port}, Err: errors.New("odd")}))
	}
}

func TestWhatARunMayAskFor(t *testing.T) {
	good := Options{Clients: 10, Rate: 10, For: time.Second}
	require.NoError(t, good.Check())
	for want, change := range map[string]func(o *Options){
		"-clients must be from 1 to 20000 (got 0)":                         func(o *Options) { o.Clients = 0 },
		"-clients must be from 1 to 20000 (got 20001)":                     func(o *Options) { o.Clients = 20_001 },
		"-rate must be from 1 to 100000 requests per second (got -1)":      func(o *Options) { o.Rate = -1 },
		"-rate must be from 1 to 100000 requests per second (got 100001)":  func(o *Options) { o.Rate = 100_001 },
		"-for must be more than 0 and at most 10m0s (got 0s)":              func(o *Options) { o.For = 0 },
		"-for must be more than 0 and at most 10m0s (got 10m0.000000001s)": func(o *Options) { o.For = MaxFor + 1 },
	} {
		o := good
		change(&o)
		require.EqualError(t, o.Check(), want)
	}
	require.EqualValues(t, 60_000_000, Options{Rate: MaxRate, For: MaxFor}.total())
	require.EqualValues(t, 1, Options{Rate: 1, For: time.Millisecond}.total())
	require.Equal(t, MaxFor-10*time.Microsecond, Options{Rate: MaxRate}.due(59_999_999))
}

func TestATableOnATerminalIsOneRow(t *testing.T) {
	began := time.Now()
	looks := []look{{at: began}, {at: began.Add(time.Second), in: 5, events: 30, kib: 40.25},
		{at: began.Add(2 * time.Second), in: 5, events: 40, lost: 1, kib: 40.25}}
	for range 20 {
		looks[1].took.add(1500 * time.Microsecond)
	}
	looks[2].took = looks[1].took // nothing comes back in the last second
	for rewrite, want := range map[bool]string{
		false: "  1s           5         30         20     1.5ms     1.5ms       0         40.2\n" +
			"  2s           5         10          0         –         –       1         40.2\n",
		true: "\r  1s           5         30         20     1.5ms     1.5ms       0         40.2\x1b[K" +
			"\r  2s           5         10          0         –         –       1         40.2\x1b[K\n",
	} {
		var out strings.Builder
		table := newTable(&out, rewrite)
		require.True(t, table.row(began, looks[0], looks[1]))
		require.False(t, table.row(began, looks[0], look{at: began.Add(1400 * time.Millisecond)}), "of this second there is one")
		require.True(t, table.row(began, looks[1], looks[2]))
		table.end()
		require.Equal(t, columns+"\n"+want, out.String())
	}
	newTable(nil, false).row(began, looks[0], looks[1])
}

func TestASummaryIsForPeopleAndPrograms(t *testing.T) {
	s := Summary{Clients: 10, Rate: 100, Connected: 9, ConnectedPerSecond: 500, Due: 1000, Sent: 990, Received: 985,
		Answered: 980, AnsweredPerSecond: 98, P50: 1.24, P99: 9.96, Max: 20, KiBPerClient: 33.33,
		Lost: []Loss{{notIn, 1, "503"}, {noEvent, 5, "404"}}}
	require.Equal(t, `clients   9 of 10 connected · 500 per second
events    990 of 1000 sent · 985 arrived
answers   980 came back · 98 per second
latency   p50 1.2ms · p99 10.0ms · max 20.0ms · leaving out 10 without an answer
memory    33.3 KiB of server memory per client
lost      a client did not connect, once (503)
          an event never arrived, 5 times (404)
`, s.String())
	require.Error(t, s.Err())

	stopped := Summary{Clients: 10, Connected: 10, Due: 1000, Sent: 7, OnTheWay: 7}
	require.Contains(t, stopped.String(), "\nlatency   – · leaving out 7 without an answer\n")
	require.Contains(t, stopped.String(), "\nstopped   with 7 still on the way\n")
	require.NotContains(t, stopped.String(), "memory")
	require.NotContains(t, Summary{Sent: 5, Answered: 5}.String(), "without")
	text, err := json.Marshal(s)
	require.NoError(t, err)
	var back Summary
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, s, back)
}
