package flushing

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"sync"
)

// ErrClientLeft is what the errors of a [Stream] wrap when the client can no
// longer be reached: it left, or it stopped reading.
var ErrClientLeft = errors.New("the client left")

// hasWriteTimeout reports whether the server that received r has a WriteTimeout,
// which would end even a healthy response.
func hasWriteTimeout(r *http.Request) bool {
	server, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
	return ok && server.WriteTimeout > 0
}

// writeAll writes the frames to w in few calls, because each costs net/http a system
// call or more. It does not change the frames.
func writeAll(w io.Writer, frames [][]byte) error {
	joined := buffers.Get().(*bufio.Writer)
	defer buffers.Put(joined)
	joined.Reset(w)
	defer joined.Reset(nil) // so that the pool does not keep w
	for _, frame := range frames {
		joined.Write(frame) // Flush returns the error
	}
	return joined.Flush()
}

// buffers are shared by all streams, so that an idle stream has none.
var buffers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 16<<10) }}
