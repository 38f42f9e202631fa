// Package backpressure decides what a slow client misses, and tells it so.
package backpressure

import (
	"context"
	"slices"

	framing "example.com/sseworkbook/solutions/01-framing"
	parsing "example.com/sseworkbook/solutions/03-parsing"
	sessions "example.com/sseworkbook/solutions/04-sessions"
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
//
//lesson:todo If next is a broadcast too many, do not queue it: count it, and leave a gap at the end.
//lesson:return append(waiting, next), nil
func (l *Limit) Refuse(waiting [][]byte, next []byte) ([][]byte, error) {
	if !l.tooMany(waiting, next) {
		return append(waiting, next), nil
	}
	l.dropped.Add(1)
	return withGap(waiting, len(waiting)), nil
}

// DropOldest drops the broadcast that has waited longest. It fits data that goes stale.
//
//lesson:todo If next is a broadcast too many, drop the oldest one: count it, and leave a gap in its place.
//lesson:return append(waiting, next), nil
func (l *Limit) DropOldest(waiting [][]byte, next []byte) ([][]byte, error) {
	if l.tooMany(waiting, next) {
		oldest := slices.IndexFunc(waiting, isBroadcast)
		waiting = withGap(slices.Delete(waiting, oldest, oldest+1), oldest)
		l.dropped.Add(1)
	}
	return append(waiting, next), nil
}

// KeepLatest lets a broadcast replace those that wait with the same key, whether there is
// room or not. The new one waits at the end, as its ID demands. It fits data of which only
// the present state is worth anything. What is replaced leaves no gap: nothing that is
// still true is missing. A broadcast with an empty key replaces nothing, and neither does
// an event without an ID. If there is still one too many, KeepLatest does what DropOldest
// does.
//
//lesson:todo If next is a broadcast with a key (see key), take out those that wait with the same, and count them.
//lesson:todo Then do as DropOldest does.
//lesson:return append(waiting, next), nil
func (l *Limit) KeepLatest(waiting [][]byte, next []byte) ([][]byte, error) {
	if key := l.key(next); isBroadcast(next) && key != "" {
		before := len(waiting)
		waiting = slices.DeleteFunc(waiting, func(frame []byte) bool { return isBroadcast(frame) && l.key(frame) == key })
		l.replaced.Add(int64(before - len(waiting)))
	}
	return l.DropOldest(waiting, next)
}

// Disconnect ends the session. Its client comes back, and gets what it missed from the
// log, or a reset. It fits data of which nothing may be missing.
//
//lesson:todo If next is a broadcast too many, count that, and return sessions.ErrClosed, which ends the session
//lesson:todo (package example.com/sseworkbook/solutions/04-sessions).
//lesson:return append(waiting, next), nil
func (l *Limit) Disconnect(waiting [][]byte, next []byte) ([][]byte, error) {
	if l.tooMany(waiting, next) {
		l.disconnected.Add(1)
		return nil, sessions.ErrClosed
	}
	return append(waiting, next), nil
}

// tooMany reports whether next is a broadcast for which there is no room.
func (l *Limit) tooMany(waiting [][]byte, next []byte) bool {
	if !isBroadcast(next) {
		return false
	}
	n := 0
	for _, frame := range waiting {
		if isBroadcast(frame) {
			n++
		}
	}
	return n >= l.size()
}

// withGap returns frames, of which one more is missing before the one at index i. It
// changes the slice, but no frame.
func withGap(frames [][]byte, i int) [][]byte {
	if i > 0 {
		if missing := gap(frames[i-1]); missing > 0 {
			frames[i-1] = newGap(missing + 1)
			return frames
		}
	}
	return slices.Insert(frames, i, newGap(1))
}

// Complete returns a Follow for a client that may miss no broadcast. The Follow calls
// progress and handle with each event, in order, and returns the error of handle as it
// is. But it treats a gap as a lost connection: it returns a *[GapError] at once, and
// calls neither of the two. The next connection then begins with what is missing. What
// was for this client alone, and stood behind the gap, is lost, as with any connection.
// The Follow may be used for several streams at once if handle may.
//
//lesson:todo Read the source's events. Call progress and handle with each, but return gapError for a gap.
//lesson:begin return func(ctx context.Context, source *parsing.Source, progress func(framing.Event)) error {
//lesson:begin 	return nil
//lesson:begin }
func Complete(handle func(framing.Event) error) reconnection.Follow {
	return func(_ context.Context, source *parsing.Source, progress func(framing.Event)) error {
		for event, err := range source.Events() {
			if err != nil {
				return err
			}
			if event.Type == gapType {
				return gapError(event)
			}
			progress(event)
			if err := handle(event); err != nil {
				return err
			}
		}
		return nil
	}
}
