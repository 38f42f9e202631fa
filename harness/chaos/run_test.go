package chaos

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// short returns a run that takes a second or two.
func short() Options {
	return Options{Seed: 1, Clients: 5, Events: 300, beat: 50 * time.Millisecond, idle: 250 * time.Millisecond}
}

// played runs the chaos.
func played(t *testing.T, o Options) *Report {
	t.Helper()
	report, err := Run(t.Context(), o)
	require.NoError(t, err)
	return report
}

func TestNothingIsLostWhateverTheProxiesDo(t *testing.T) {
	report := played(t, short())
	require.NoError(t, report.Err(), "%s", strings.Join(report.findings(), "\n"))
	events, resets, missing := report.sums()
	require.Equal(t, []int{5 * 300, 0, 0}, []int{events, resets, missing})
	connections, byKind, ends, inFrame, inCharacter := report.faults()
	require.Greater(t, connections, 5, "the clients came back")
	require.NotZero(t, byKind[Cut])
	require.LessOrEqual(t, inCharacter, inFrame)
	require.LessOrEqual(t, inFrame, ends)
	require.NotZero(t, inCharacter)
}

// A log that keeps few events cannot replace what a client missed, and says so.
func TestWhatTheLogNoLongerHasIsAnnounced(t *testing.T) {
	o := short()
	o.logSize = 5
	report := played(t, o)
	require.NoError(t, report.Err(), "%s", strings.Join(report.findings(), "\n"))
	events, resets, missing := report.sums()
	require.Equal(t, 5*300, events+missing)
	require.NotZero(t, resets)
}

// transport is a function as an http.RoundTripper.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// forgetting sends no last event ID.
func forgetting(next http.RoundTripper) http.RoundTripper {
	return transport(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.Header.Del("Last-Event-ID")
		return next.RoundTrip(r)
	})
}

// repeating sends the ID of the event before the last one.
func repeating(next http.RoundTripper) http.RoundTripper {
	return transport(func(r *http.Request) (*http.Response, error) {
		epoch, text, _ := strings.Cut(r.Header.Get("Last-Event-ID"), "-")
		if n, err := strconv.Atoi(text); err == nil && n > 0 {
			r = r.Clone(r.Context())
			r.Header.Set("Last-Event-ID", epoch+"-"+strconv.Itoa(n-1))
		}
		return next.RoundTrip(r)
	})
}

// hasty takes the end of a stream for the end of an event.
func hasty(next http.RoundTripper) http.RoundTripper {
	return transport(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err == nil {
			resp.Body = &completed{ReadCloser: resp.Body}
		}
		return resp, err
	})
}

// completed is a body that has a blank line before its end.
type completed struct {
	io.ReadCloser
	err error
}

func (b *completed) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.ReadCloser.Read(p[:max(1, len(p)-2)])
	if err != nil && len(p) > n+2 {
		b.err = err
		return n + copy(p[n:], "\n\n"), nil
	}
	return n, err
}

// What is wrong with a client is found.
func TestABrokenClientIsFoundOut(t *testing.T) {
	for name, test := range map[string]struct {
		broken   func(http.RoundTripper) http.RoundTripper
		wrong    Wrong
		patience time.Duration // zero: that of the demo
	}{
		"it forgets its last event ID":         {forgetting, Missing, time.Second}, // it never gets the last event
		"it asks for its last event again":     {repeating, Doubled, 0},
		"it delivers an event that is cut off": {hasty, Altered, 0},
	} {
		t.Run(name, func(t *testing.T) {
			o := short()
			o.broken, o.patience = test.broken, test.patience
			report := played(t, o)
			require.Error(t, report.Err())
			found := slices.ContainsFunc(report.clients, func(a account) bool {
				return slices.ContainsFunc(a.findings, func(f Finding) bool { return f.Wrong == test.wrong })
			})
			require.True(t, found, "%s", strings.Join(report.findings(), "\n"))
			var text bytes.Buffer
			_, err := report.WriteTo(&text)
			require.NoError(t, err)
			require.Contains(t, text.String(), "\nrun it again: go run ./harness demo chaos -seed 1 -clients 5 -events 300\n")
		})
	}
}

// Ctrl-C ends a run, whatever its proxies are doing.
func TestARunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	stopped := errors.New("stopped by the test")
	var connections atomic.Int32
	o := short()
	o.Events = 10_000 // it would go on for twelve seconds
	o.broken = func(next http.RoundTripper) http.RoundTripper {
		return transport(func(r *http.Request) (*http.Response, error) {
			if connections.Add(1) == int32(o.Clients)+1 {
				cancel(stopped)
			}
			return next.RoundTrip(r)
		})
	}
	report, err := Run(ctx, o)
	require.ErrorIs(t, err, stopped)
	require.Nil(t, report)
}

// A client that does not come back ends the run.
func TestAClientThatGivesUpEndsTheRun(t *testing.T) {
	o := short()
	o.broken = func(http.RoundTripper) http.RoundTripper {
		return transport(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody}, nil
		})
	}
	_, err := Run(t.Context(), o)
	require.ErrorContains(t, err, "gave up: the server answered 404 Not Found, not with an event stream")
}

func TestOptionsNameTheCommandThatRunsThemAgain(t *testing.T) {
	for want, o := range map[string]Options{
		"go run ./harness demo chaos -seed 0":                              {Clients: DefaultClients, Events: DefaultEvents},
		"go run ./harness demo chaos -seed 7 -clients 1 -events 100 -mine": {Seed: 7, Clients: 1, Events: 100, Mine: true},
	} {
		require.Equal(t, want, o.Command())
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for want, o := range map[string]Options{
		"-clients must be from 1 to 100 (got 0)":    {Events: 1},
		"-clients must be from 1 to 100 (got 101)":  {Events: 1, Clients: 101},
		"-events must be from 1 to 100000 (got 0)":  {Clients: 1},
		"-events must be from 1 to 100000 (got -1)": {Clients: 1, Events: -1},
	} {
		_, err := Run(t.Context(), o)
		require.EqualError(t, err, want)
	}
}

// A run may be as small as can be.
func TestOneEventForOneClient(t *testing.T) {
	o := short()
	o.Clients, o.Events = 1, 1
	report := played(t, o)
	require.NoError(t, report.Err())
	var text bytes.Buffer
	_, err := report.WriteTo(&text)
	require.NoError(t, err)
	require.Contains(t, text.String(), "\nEach event came to each client once, in order and unaltered: 1 delivery.\n")
}
