package httpserve

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

const (
	// shutdownLimit is how long a server waits for handlers that are at work.
	shutdownLimit = 500 * time.Millisecond

	// headerLimit is how long a client may take to send its request's header.
	headerLimit = 10 * time.Second
)

// Run serves h on the listener until ctx ends, and then stops within a second:
// every request's context ends, so that streams end as well. Before that, drain may
// end streams itself and say why; it may be nil. Run closes the listener.
func Run(ctx context.Context, listener net.Listener, h http.Handler, drain func(context.Context) error) error {
	requests, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerLimit,
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	served := make(chan error, 1) // Serve's one result; it returns once stop has run
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serving at %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	stop(server, drain, end)
	<-served
	return nil
}

// stop lets the handlers finish, for a moment, and then cuts what is left.
func stop(server *http.Server, drain func(context.Context) error, end func()) {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownLimit)
	defer cancel()
	if drain != nil {
		_ = drain(ctx) // a handler that does not heed it is cut below
	}
	end()
	if server.Shutdown(ctx) != nil {
		server.Close()
	}
}
