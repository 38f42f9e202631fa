package flushing

import (
	"errors"
	"net/http"
)

// ErrClientLeft is what the errors of a [Stream] wrap when the client can no
// longer be reached: it left, or it stopped reading.
var ErrClientLeft = errors.New("the client left")

// hasWriteTimeout reports whether the server that r came to has a WriteTimeout,
// which would end the response however healthy it is.
func hasWriteTimeout(r *http.Request) bool {
	server, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
	return ok && server.WriteTimeout > 0
}
