// Package backpressure decides what a slow client misses, and tells it so.
package backpressure

import (
	"context"

	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	reconnection "example.com/sseworkbook/solutions/08-reconnection"
)

// A Limit bounds how many broadcasts wait for one client. A broadcast is an event that
// has an ID, as those of a [reconnection.Log] do. What has no ID, such as a request, is
// for this client alone: it does not count, and no policy drops or replaces it.
//
// Refuse, DropOldest, KeepLatest and Disconnect are policies for a [sessions.Registry].
// They say what happens if there is a broadcast too many. What they leave waits in the
// order in which it came. Where the first three drop broadcasts, the client gets a "gap"
// event in their place. Its data is their number, which grows if more are dropped in the
// same place. It has no ID, so a client that comes back from there gets them from the
// log. Applications must not use the type "gap".
//
// The limits of lesson 04 hold as well: what does not fit into them is refused with
// [sessions.ErrFull], and everything that waited stays. A Limit is safe for concurrent
// use, and for any number of registries, but set its fields before first use.
type Limit struct {
	Size int // how many broadcasts may wait for a client; zero or less: DefaultSize

	// Key returns what KeepLatest goes by; nil means the event's type. It may get any
	// frame, and is called as a policy is: under a queue's lock, on any goroutine.
	Key func(frame []byte) string

	counters
}

// Refuse drops the new broadcast. It fits data whose beginning is worth more than its end.
func (l *Limit) Refuse(waiting [][]byte, next []byte) ([][]byte, error) {
	// TODO: If next is a broadcast too many, do not queue it: count it, and
	// leave a gap at the end.
	return append(waiting, next), nil
}

// DropOldest drops the broadcast that has waited longest. It fits data that goes stale.
func (l *Limit) DropOldest(waiting [][]byte, next []byte) ([][]byte, error) {
	// TODO: If next is a broadcast too many, drop the oldest one: count it,
	// and leave a gap in its place.
	return append(waiting, next), nil
}

// KeepLatest lets a broadcast replace those that wait with the same key, whether there is
// room or not. The new one waits at the end, as its ID demands. It fits data of which only
// the present state is worth anything. What is replaced leaves no gap: nothing that is
// still true is missing. A broadcast with an empty key replaces nothing, and neither does
// an event without an ID. If there is still one too many, KeepLatest does what DropOldest
// does.
func (l *Limit) KeepLatest(waiting [][]byte, next []byte) ([][]byte, error) {
	// TODO: If next is a broadcast with a key (see key), take out those that
	// wait with the same, and count them.
	// Then do as DropOldest does.
	return append(waiting, next), nil
}

// Disconnect ends the session. Its client comes back, and gets what it missed from the
// log, or a reset. It fits data of which nothing may be missing.
func (l *Limit) Disconnect(waiting [][]byte, next []byte) ([][]byte, error) {
	// TODO: If next is a broadcast too many, count that, and return
	// sessions.ErrClosed, which ends the session
	// (package example.com/sseworkbook/solutions/04-sessions).
	return append(waiting, next), nil
}

// Complete returns a Follow for a client that may miss no broadcast. The Follow calls
// progress and handle with each event, in order, and returns the error of handle as it
// is. But it treats a gap as a lost connection: it returns a *[GapError] at once, and
// calls neither of the two. The next connection then begins with what is missing. What
// was for this client alone, and stood behind the gap, is lost, as with any connection.
// The Follow may be used for several streams at once if handle may.
func Complete(handle func(framing.Event) error) reconnection.Follow {
	// TODO: Read the source's events. Call progress and handle with each, but
	// return gapError for a gap.
	return func(ctx context.Context, source *parsing.Source, progress func(framing.Event)) error {
		return nil
	}
}
