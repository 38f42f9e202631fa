// Package heartbeats tells within seconds that the other side is gone: a server sends a
// comment when a stream is quiet, and a client gives up a stream that is quieter than
// that.
package heartbeats

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
	flushing "example.com/sseworkbook/solutions/02-flushing"
)

// Handler returns h, with heartbeats in its event streams: whenever a stream has been
// quiet for the interval, its client gets an empty comment, which it skips. A stream is
// quiet from one flush to the next. It begins with the first flush of a response whose
// Content-Type is text/event-stream and that is not compressed. Other responses, and
// those to HEAD requests or to a writer that cannot flush, are h's alone. A heartbeat is never put into the middle of a
// frame: it waits for the blank line, even if the half of a frame was flushed. If the
// interval is zero or less, Handler returns h itself.
//
// A client that does not take a heartbeat within ten seconds is gone: it is sent no more
// of them, and the request's context ends. Its cause wraps [flushing.ErrClientLeft] and
// the error of the write, unless net/http has ended the context first. A write deadline
// of h's own still holds after a heartbeat; a server's WriteTimeout, which counts from
// the request, does not. Once h has returned, its ResponseWriter is no longer used.
//
//lesson:todo Call h with a beating writer around w, and a context that the writer's gone ends. Stop it at the end.
//lesson:return h
func Handler(h http.Handler, interval time.Duration) http.Handler {
	if interval <= 0 {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			h.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithCancelCause(r.Context())
		defer cancel(nil)
		b := &beating{ResponseWriter: w, interval: interval, gone: cancel}
		defer b.stop()
		h.ServeHTTP(b, r.WithContext(ctx))
	})
}

// Write writes p as the handler wants it, but not during a heartbeat.
//
//lesson:todo Write p under the lock, and let b.frames see what was written.
//lesson:return b.ResponseWriter.Write(p)
func (b *beating) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, err := b.ResponseWriter.Write(p)
	b.frames.wrote(p[:n])
	return n, err
}

// FlushError flushes, and the stream is quiet from now on. The first flush of an event
// stream starts the heartbeats.
//
//lesson:begin // TODO: note when that was, under the lock. Start the timer if there is none yet.
//lesson:begin return http.NewResponseController(b.ResponseWriter).Flush()
func (b *beating) FlushError() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := http.NewResponseController(b.ResponseWriter).Flush()
	b.flushed = time.Now()
	if err == nil && b.timer == nil && isEventStream(b.Header()) {
		b.timer = time.AfterFunc(b.interval, b.beat)
	}
	return err
}

// SetWriteDeadline sets the deadline of the handler's writes. It holds again after a
// heartbeat, which has a deadline of its own.
//
//lesson:begin // TODO: remember the deadline, under the lock.
//lesson:begin return http.NewResponseController(b.ResponseWriter).SetWriteDeadline(t)
func (b *beating) SetWriteDeadline(t time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deadline = t
	return http.NewResponseController(b.ResponseWriter).SetWriteDeadline(t)
}

// beat sends a heartbeat if the stream has been quiet for the interval, and sets the
// timer for the next one.
func (b *beating) beat() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return // while beat waited for the lock
	}
	wait := b.interval
	if quiet := time.Since(b.flushed); quiet < b.interval {
		wait -= quiet
	} else if err := b.sendHeartbeat(); err != nil {
		b.gone(fmt.Errorf("%w: %w", flushing.ErrClientLeft, err))
		return
	}
	b.timer.Reset(wait)
}

// sendHeartbeat sends an empty comment, within heartbeatTimeout, unless a frame has only
// begun. The caller holds mu.
func (b *beating) sendHeartbeat() error {
	if !b.frames.complete() {
		return nil
	}
	rc := http.NewResponseController(b.ResponseWriter)
	defer rc.SetWriteDeadline(b.deadline)
	rc.SetWriteDeadline(time.Now().Add(heartbeatTimeout)) // without one, the client may hold b up
	if _, err := b.ResponseWriter.Write(framing.AppendComment(nil, "")); err != nil {
		return err
	}
	return rc.Flush()
}

// stop ends the heartbeats. When it returns, no more are sent.
func (b *beating) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	if b.timer != nil {
		b.timer.Stop()
	}
}

// A Transport is an http.RoundTripper that gives up a server from which nothing comes.
// It is safe for concurrent use; its fields are not to be changed once it is used.
type Transport struct {
	Base  http.RoundTripper // nil: http.DefaultTransport
	Limit time.Duration     // how long nothing may come; zero: DefaultLimit
}

// RoundTrip sends r by Base. If the response's header does not come within Limit, or a
// Read of an event stream waits for longer than Limit, the error is an *[IdleError], and
// the connection is closed, even if Base returns a response after that. Any byte of the stream will do: half a line, a comment, a
// blank line. A reader that takes its time is no quiet server, so only the time in Read
// counts. The bodies of other responses have no limit. When r's own context ends, the
// error is Base's.
//
//lesson:todo Send r with a context that a timer can end: the cause is an *IdleError.
//lesson:todo Stop the timer when the header is there, and see whether it was in time.
//lesson:todo The body (see limited) needs the context until it is closed.
//lesson:return cmp.Or(t.Base, http.DefaultTransport).RoundTrip(r)
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	limit := cmp.Or(t.Limit, DefaultLimit)
	ctx, cancel := context.WithCancelCause(r.Context())
	timer := time.AfterFunc(limit, func() { cancel(&IdleError{After: limit}) })
	resp, err := cmp.Or(t.Base, http.DefaultTransport).RoundTrip(r.WithContext(ctx))
	if !timer.Stop() && err == nil { // Base did not heed the context
		resp.Body.Close()
		err = ctx.Err()
	}
	if err != nil {
		err = reason(ctx, err)
		cancel(nil)
		return nil, err
	}
	body := &limited{ReadCloser: resp.Body, ctx: ctx, cancel: cancel}
	if isEventStream(resp.Header) {
		body.timer, body.limit = timer, limit
	}
	resp.Body = body
	return resp, nil
}

// Read reads, but waits no longer than the limit, if there is one.
//
//lesson:todo Let the timer run while the body's Read waits.
//lesson:return b.ReadCloser.Read(p)
func (b *limited) Read(p []byte) (int, error) {
	if b.timer != nil {
		b.timer.Reset(b.limit)
		defer b.timer.Stop()
	}
	n, err := b.ReadCloser.Read(p)
	return n, reason(b.ctx, err)
}

// reason returns err, or an *IdleError if that is why ctx ended.
func reason(ctx context.Context, err error) error {
	if idle, ok := context.Cause(ctx).(*IdleError); ok {
		return &IdleError{After: idle.After, Err: err}
	}
	return err
}
