package programs_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/pair"
	"example.com/sseworkbook/harness/step"
	framing "example.com/sseworkbook/solutions/01-framing"
	reconnection "example.com/sseworkbook/solutions/08-reconnection"
	heartbeats "example.com/sseworkbook/solutions/09-heartbeats"
	backpressure "example.com/sseworkbook/solutions/10-backpressure"
)

// A day of a server and its clients: a notification each minute, heartbeats in between, and
// a cut of all connections now and then. What they hold after an hour, they hold after
// a day.
func TestADayLeavesNothingBehind(t *testing.T) {
	step.Bubble(t, func(t *testing.T) {
		server := twoWay(0, io.Discard)
		server.Heartbeat, server.Replay = 15*time.Second, 50
		p := pair.Memory(t, server.Handler())
		transport := &heartbeats.Transport{Base: p.Client.Transport}
		ctx, leave := context.WithCancel(t.Context())
		var clients sync.WaitGroup
		defer clients.Wait()
		defer leave()
		got := make([]int, 5)
		for i := range got {
			client := &reconnection.Reconnector{URL: p.URL + "/events", Client: &http.Client{Transport: transport}}
			clients.Go(func() {
				client.Run(ctx, backpressure.Complete(func(e framing.Event) error {
					if e.Type == "notification" {
						got[i]++
					}
					return nil
				}))
			})
		}
		minute := func(n int) {
			if n%37 == 36 {
				p.Cut() // and nobody is there for the next one
			}
			require.Equal(t, http.StatusAccepted, p.Post("/notify", "application/json", fmt.Sprintf(`{"method":"n%d"}`, n)).Status)
			step.Advance(time.Minute)
		}
		step.Advance(time.Second)
		for n := range 60 {
			minute(n)
		}
		goroutines, _ := step.Goroutines()
		_, bytes := step.Memory()
		for n := range 23 * 60 {
			minute(60 + n)
		}
		atEnd, most := step.Goroutines()
		require.LessOrEqual(t, atEnd, goroutines+2, "most of them are at %s", most)
		_, held := step.Memory()
		require.Less(t, held, bytes+1_000_000, "a session that stays has 50 kB; the pair keeps a note of each POST")
		require.Equal(t, []int{1440, 1440, 1440, 1440, 1440}, got, "and each client has got each notification")
	})
}
