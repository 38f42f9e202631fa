package load_test

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/load"
)

// at returns a process that serves at an address.
func at(addr string) *exec.Cmd {
	cmd := role("server")
	cmd.Env = append(cmd.Env, addrVar+"="+addr)
	return cmd
}

func TestAllClientsComeBackAfterARestart(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	starts := 0
	r := &load.Restart{Clients: 30, Progress: &out, Start: func(ctx context.Context, addr string) (*load.Process, error) {
		starts++
		return load.Start(ctx, at(addr))
	}}
	result, err := r.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, starts)
	require.Equal(t, load.Return{Clients: 30, Connected: 30, Back: 30, First: result.First, Last: result.Last, Most: result.Most}, result)
	require.GreaterOrEqual(t, result.First.Seconds(), 3.0, "no client comes before the reconnection time is over")
	require.Regexp(t, `(?m)^second  came back\n    0s          0$`, out.String())
}

func TestARestartThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	broken := errors.New("no server")
	r := &load.Restart{Clients: 1, Start: func(context.Context, string) (*load.Process, error) { return nil, broken }}
	_, err := r.Run(t.Context())
	require.ErrorIs(t, err, broken)
	_, err = (&load.Restart{Clients: load.MaxClients + 1}).Run(t.Context())
	require.ErrorContains(t, err, "-clients must be from 1 to 20000 (got 20001)")
}

func TestAReturnSaysWhatIsWrong(t *testing.T) {
	well := load.Return{Clients: 300, Connected: 300, Back: 300, Most: 131}
	require.Equal(t, 100, well.Even())
	require.NoError(t, well.Err())
	for want, change := range map[string]func(*load.Return){
		"10 of 300 clients did not get in":              func(r *load.Return) { r.Connected, r.Back = 290, 290 },
		"1 of 300 clients did not come back within 38s": func(r *load.Return) { r.Back = 299 },
		"132 clients came back in one second; evenly spread, and with a tenth of them more, it would be 131": func(r *load.Return) { r.Most = 132 },
		"2 streams were given up as too quiet, in spite of the heartbeats":                                   func(r *load.Return) { r.Idle = 2 },
	} {
		r := well
		change(&r)
		require.EqualError(t, r.Err(), want)
	}
}
