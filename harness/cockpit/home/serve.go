package home

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
	// shutdownLimit is how long requests that are being answered may still take.
	shutdownLimit = 500 * time.Millisecond

	// headerLimit is how long a client may take to send its request's header.
	headerLimit = 10 * time.Second
)

// Run serves the pages at addr ("localhost:8090") until ctx ends, and stops within
// a second then, streams included. It writes one line to log once it listens. An
// address that cannot be had, or that other machines could reach, is an error that
// says what to do.
func (s *Server) Run(ctx context.Context, addr string, log io.Writer) error {
	listener, err := listen(addr)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: headerLimit,
		BaseContext:       func(net.Listener) context.Context { return ctx }, // so that streams end with it
	}
	host, _, _ := net.SplitHostPort(addr)
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	fmt.Fprintf(log, "listening on http://%s · Ctrl-C stops\n", net.JoinHostPort(host, port))

	served := make(chan error, 1) // Serve's one result; it returns when Shutdown begins
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serving the home page at %s: %w", addr, err)
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.Background(), shutdownLimit)
	defer cancel()
	if server.Shutdown(end) != nil {
		server.Close()
	}
	<-served
	return nil
}

// CheckAddress returns an error if addr is not host:port, or not of this machine
// alone: whoever reaches the pages could read the learner's files.
func CheckAddress(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("cannot listen at %q (an address is host:port, such as localhost:8090): %w", addr, err)
	}
	if !isLocal(host) {
		return fmt.Errorf("the home page is for this machine alone, and %s is not: who reaches it could read your files; "+
			"take an address of localhost, such as -addr localhost:8090", addr)
	}
	return nil
}

// listen listens at addr, if CheckAddress has nothing against it.
func listen(addr string) (net.Listener, error) {
	if err := CheckAddress(addr); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken: another program listens there, this one perhaps; choose another port, such as -addr localhost:8091", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen at %q (an address is host:port, such as localhost:8090): %w", addr, err)
	}
	return listener, nil
}
