package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"example.com/sseworkbook/harness/httpserve"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
	heartbeats "example.com/sseworkbook/solutions/09-heartbeats"
)

// errEnded says that whoever has started this process has ended, or given it up.
var errEnded = errors.New("stopped")

// Handler returns the finished server of lesson 07, for any number of clients, with
// heartbeats, and a route that says how large its process is.
func Handler() http.Handler {
	mux := http.NewServeMux()
	server := cleanup.NewServer()
	server.Sessions.MaxSessions = -1
	mux.Handle("/", server)
	mux.Handle("GET /events", heartbeats.Handler(server, heartbeat))
	mux.HandleFunc("GET "+memoryPath, serveMemory)
	return mux
}

// Serve serves [Handler] at an address of loopback until stdin is at its end: however
// the process at the other side of stdin ends, this one does, too. It writes its URL to
// stdout, in a line.
func Serve(addr string, stdin io.Reader, stdout io.Writer) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("serving for the load: %w", err)
	}
	fmt.Fprintf(stdout, "http://%s\n", listener.Addr())
	return httpserve.Run(UntilEnd(context.Background(), stdin), listener, httpserve.LocalGuard().Handler(Handler()), nil)
}

// UntilEnd returns a context that ends with ctx, and when r is at its end: of a
// pipe, however the process at its other side ends. It reads r for as long as this
// process lives.
func UntilEnd(ctx context.Context, r io.Reader) context.Context {
	ctx, end := context.WithCancelCause(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, r) // that it breaks is an end, too
		end(errEnded)
	}()
	return ctx
}
