package load

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"example.com/sseworkbook/harness/httpserve"
	cleanup "example.com/sseworkbook/solutions/07-cleanup"
)

// headerLimit is how long a client may take to send its request's header.
const headerLimit = 10 * time.Second

// Handler returns the finished server of lesson 07, for any number of clients,
// and a route that says how large its process is.
func Handler() http.Handler {
	mux := http.NewServeMux()
	server := cleanup.NewServer()
	server.Sessions.MaxSessions = -1
	mux.Handle("/", server)
	mux.HandleFunc("GET "+memoryPath, serveMemory)
	return mux
}

// Serve serves [Handler] on a free port of loopback until stdin is at its end:
// however the process at the other side of stdin ends, this one does, too. It
// writes its URL to stdout, in a line.
func Serve(stdin io.Reader, stdout io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("serving for the load: %w", err)
	}
	server := &http.Server{Handler: httpserve.LocalGuard().Handler(Handler()), ReadHeaderTimeout: headerLimit}
	served := make(chan error, 1) // Serve's one result, once the server is closed
	go func() { served <- server.Serve(listener) }()
	fmt.Fprintf(stdout, "http://%s\n", listener.Addr())
	_, _ = io.Copy(io.Discard, stdin) // that it breaks is an end, too
	server.Close()
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving for the load: %w", err)
	}
	return nil
}
