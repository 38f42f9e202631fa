package tour

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	"example.com/sseworkbook/harness/httpserve"
)

// serve serves h on a free port of loopback, until stop is called, which cuts what
// is left.
func serve(h http.Handler) (addr string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("starting a server of the tour: %w", err)
	}
	server := &http.Server{
		Handler:  httpserve.LocalGuard().Handler(h),
		ErrorLog: log.New(io.Discard, "", 0), // what goes wrong is the tour's to tell
	}
	served := make(chan error, 1) // Serve's one result
	go func() { served <- server.Serve(listener) }()
	return listener.Addr().String(), func() {
		server.Close()
		<-served
	}, nil
}
