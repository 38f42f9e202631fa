package load

import (
	"fmt"
	"strings"
	"time"
)

// A Summary is what came of a run. The times are from the moment at which a
// request was due, so that waiting for a slow server counts.
type Summary struct {
	Clients            int     `json:"clients"` // as asked for
	Rate               int     `json:"rate"`    // as asked for, in requests a second
	Connected          int64   `json:"connected"`
	ConnectedPerSecond float64 `json:"connectedPerSecond"`
	Due                int64   `json:"due"`      // requests that the run was to make
	Sent               int64   `json:"sent"`     // that it made
	Received           int64   `json:"received"` // events that came to a client
	Answered           int64   `json:"answered"` // answers that came back
	OnTheWay           int64   `json:"onTheWay"` // requests that had no answer yet when the run was stopped
	AnsweredPerSecond  float64 `json:"answeredPerSecond"`
	P50                float64 `json:"p50Milliseconds"`
	P99                float64 `json:"p99Milliseconds"`
	Max                float64 `json:"maxMilliseconds"`
	KiBPerClient       float64 `json:"kibPerClient"` // by which the server's process has grown
	Lost               []Loss  `json:"lost"`
}

// summary sums up.
func (l *Load) summary() Summary {
	answers := l.asking.answers()
	return Summary{
		Clients:            l.o.Clients,
		Rate:               l.o.Rate,
		Connected:          l.connected,
		ConnectedPerSecond: perSecond(l.connected, l.connecting),
		Due:                l.o.total(),
		Sent:               l.asking.sent.Load(),
		Received:           l.asking.received.Load(),
		Answered:           answers.n,
		OnTheWay:           l.asking.onTheWay.Load(),
		AnsweredPerSecond:  perSecond(answers.n, l.working),
		P50:                milliseconds(answers.quantile(0.50)),
		P99:                milliseconds(answers.quantile(0.99)),
		Max:                milliseconds(answers.max),
		KiBPerClient:       l.memory.perClient(),
		Lost:               l.losses.list(),
	}
}

// perSecond returns how many of n there were a second.
func perSecond(n int64, d time.Duration) float64 {
	if n == 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}

// Err returns an error that names what got lost, or nil if all has arrived.
func (s Summary) Err() error { return lost(s.Lost) }

// String returns the summary in lines.
func (s Summary) String() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-9s %s\n", name, fmt.Sprintf(format, args...))
	}
	line("clients", "%d of %d connected · %.0f per second", s.Connected, s.Clients, s.ConnectedPerSecond)
	line("events", "%d of %d sent · %d arrived", s.Sent, s.Due, s.Received)
	line("answers", "%d came back · %.0f per second", s.Answered, s.AnsweredPerSecond)
	line("latency", "%s", s.latency())
	if s.KiBPerClient > 0 {
		line("memory", "%.1f KiB of server memory per client", s.KiBPerClient)
	}
	if s.OnTheWay > 0 {
		line("stopped", "with %d still on the way", s.OnTheWay)
	}
	if len(s.Lost) == 0 {
		line("lost", "nothing")
	}
	for i, loss := range s.Lost {
		line([]string{"lost", ""}[min(i, 1)], "%v", loss)
	}
	return b.String()
}

// latency says how long the answers took, and of how many requests that says nothing.
func (s Summary) latency() string {
	without := ""
	if n := s.Sent - s.Answered; n > 0 {
		without = fmt.Sprintf(" · leaving out %d without an answer", n)
	}
	if s.Answered == 0 {
		return "–" + without
	}
	return fmt.Sprintf("p50 %.1fms · p99 %.1fms · max %.1fms%s", s.P50, s.P99, s.Max, without)
}
