package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"
)

const (
	// pagePath is where a server has the page that shows its stream.
	pagePath = "/web/sse-test.html"

	// shutdownLimit is how long a server waits for handlers that are at work.
	shutdownLimit = 500 * time.Millisecond

	// headerLimit is how long a client may take to send its request's header.
	headerLimit = 10 * time.Second
)

// Serve serves h at addr ("localhost:8080") until ctx ends, and then stops
// within a second: every request's context ends, so that streams end as well. It
// writes one line to out once it listens. An address that cannot be had returns
// an error that says what to do.
func Serve(ctx context.Context, addr string, h http.Handler, out io.Writer) error {
	return serve(ctx, addr, h, nil, out)
}

// serve is Serve for a server that can also end its streams itself, and say why:
// that is what drain is for. It comes first, and may be nil.
func serve(ctx context.Context, addr string, h http.Handler, drain func(context.Context) error, out io.Writer) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return listenError(addr, err)
	}
	requests, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerLimit,
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	url := "http://" + publicAddr(addr, listener.Addr())
	fmt.Fprintf(out, "listening on %s · page: %s%s · Ctrl-C stops\n", url, url, pagePath)

	served := make(chan error, 1) // Serve's one result; it returns once stop has run
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serving at %s: %w", addr, err)
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

// listenError says in words why addr could not be had.
func listenError(addr string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is taken: another program listens there; choose another port, such as -addr localhost:8081", addr)
	}
	return fmt.Errorf("cannot listen at %q (an address is host:port, such as localhost:8080): %w", addr, err)
}

// publicAddr returns the address to type into a browser: the host as it was
// asked for, and the port that was given.
func publicAddr(asked string, got net.Addr) string {
	host, _, err := net.SplitHostPort(asked)
	if err != nil || host == "" {
		host = "localhost"
	}
	_, port, err := net.SplitHostPort(got.String())
	if err != nil {
		return got.String()
	}
	return net.JoinHostPort(host, port)
}
