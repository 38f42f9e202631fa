package chaos

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// demo is the scale of a run.
var demo = scale{distance: 10_000, idle: time.Second}

// plans returns the plans of all connections, by client and connection.
func plans(seed uint64, clients int) map[[2]int]Plan {
	all := map[[2]int]Plan{}
	for client := range clients {
		for connection := range faultyConnections + 1 {
			all[[2]int{client + 1, connection + 1}] = newPlan(seed, client+1, connection+1, demo)
		}
	}
	return all
}

func TestASeedAlwaysGivesTheSamePlans(t *testing.T) {
	require.Equal(t, plans(7, 20), plans(7, 20))
	require.NotEqual(t, plans(7, 20), plans(8, 20))
	require.Equal(t, newEvents(7, 100), newEvents(7, 100))
	require.NotEqual(t, newEvents(7, 100), newEvents(8, 100))

	// If this changes, the seeds of earlier reports no longer give the same runs.
	require.Equal(t, Plan{
		{Kind: Delay, After: 2762, Bytes: 15, For: 3 * time.Millisecond},
		{Kind: Stall, After: 2221, For: 330 * time.Millisecond},
		{Kind: Silence, After: 18554},
	}, newPlan(7, 3, 2, demo))
}

func TestNoTwoConnectionsHaveTheSamePlan(t *testing.T) {
	seen := map[string]bool{}
	for at, plan := range plans(7, 20) {
		if at[1] > faultyConnections {
			require.Empty(t, plan, "what comes after the faulty connections passes")
			continue
		}
		text := ""
		for _, fault := range plan {
			text += fault.Kind.String() + fault.For.String() + string(rune(fault.After)) + string(rune(fault.Bytes))
		}
		require.False(t, seen[text], "client and connection %v", at)
		seen[text] = true
	}
}

func TestEachPlanEndsItsConnectionAndIsBounded(t *testing.T) {
	var drawn [kinds]int
	for at, plan := range plans(7, 100) {
		if len(plan) == 0 {
			continue
		}
		require.LessOrEqual(t, len(plan), 3)
		last := plan[len(plan)-1].Kind
		require.True(t, last.Ends() || last == CloseServer, "client and connection %v: %v", at, last)
		for i, fault := range plan {
			drawn[fault.Kind]++
			require.GreaterOrEqual(t, fault.After, 0)
			require.LessOrEqual(t, fault.After, firstBytes+2*demo.distance)
			require.LessOrEqual(t, fault.For, 8*demo.idle/10)
			require.LessOrEqual(t, fault.Bytes, 4<<10)
			require.Equal(t, i == len(plan)-1, fault.Kind <= Silence, "only the last fault ends a connection")
		}
		if at[1] == 1 {
			require.GreaterOrEqual(t, plan[0].After, firstBytes, "the first events bring the reconnection time")
		}
	}
	for kind, n := range drawn {
		require.NotZero(t, n, "no connection was %v", Kind(kind))
	}
}
