package pair

import (
	"log"
	"net/http"
)

// Logging is modern middleware: it wraps the ResponseWriter to count bytes and has
// an Unwrap method, but no Flush of its own. A type assertion to http.Flusher
// fails on it; an http.ResponseController works. It writes one line per request to
// the log of the request's server.
func Logging(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bytes := 0 // guarded by nothing: as in most middleware, one handler writes
		defer func() { logger(r).Printf("%s %s: %d bytes", r.Method, r.URL.Path, bytes) }()
		h.ServeHTTP(Intercept(w, func(p []byte) (int, error) {
			n, err := w.Write(p)
			bytes += n
			return n, err
		}), r)
	})
}

// logger finds the log of the server that serves r.
func logger(r *http.Request) *log.Logger {
	server, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
	if !ok || server.ErrorLog == nil {
		return log.Default()
	}
	return server.ErrorLog
}

// HideFlusher is old-fashioned middleware: it wraps the ResponseWriter and has
// neither Flush nor Unwrap, so nothing behind it can flush or set a deadline.
func HideFlusher(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(plainWriter{w}, r)
	})
}

// plainWriter has the methods of the interface that it embeds and no other.
type plainWriter struct{ http.ResponseWriter }

// Intercept returns w with a different Write: write gets the bytes, and may pass
// them on to w. Like good middleware, the result has an Unwrap method, so that an
// http.ResponseController finds what else w can do.
func Intercept(w http.ResponseWriter, write func(p []byte) (int, error)) http.ResponseWriter {
	return intercepted{w, write}
}

type intercepted struct {
	http.ResponseWriter
	write func(p []byte) (int, error)
}

func (w intercepted) Write(p []byte) (int, error) { return w.write(p) }

func (w intercepted) Unwrap() http.ResponseWriter { return w.ResponseWriter }
