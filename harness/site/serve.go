package site

import (
	"context"
	"fmt"
	"io"
	"net"

	"example.com/sseworkbook/harness/httpserve"
)

// usualPort is where the pages are when no address is given.
const usualPort = 8090

// Run serves the pages at addr ("localhost:8090") until ctx ends, and stops within
// a second then, streams included. It writes one line to log once it listens. An
// address that cannot be had, or that other machines could reach, is an error that
// says what to do.
func (s *Server) Run(ctx context.Context, addr string, log io.Writer) error {
	listener, url, err := Listen(addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(log, "listening on %s · Ctrl-C stops\n", url)
	return s.Serve(ctx, listener)
}

// Serve serves the pages on what Listen returns, until ctx ends.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	return httpserve.Run(ctx, listener, s.Handler(), nil)
}

// CheckAddress returns an error if addr is not host:port, or not of this machine
// alone: whoever reaches the pages could read the learner's files.
func CheckAddress(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return httpserve.AddressError(addr, usualPort, err)
	}
	if !httpserve.IsLocal(host) {
		return errNotLocal(addr)
	}
	return nil
}

// errNotLocal says that addr is not of this machine alone.
func errNotLocal(addr string) error {
	return fmt.Errorf("the home page is for this machine only, but %s is not: anyone who reaches it could read your files; "+
		"use an address of localhost, such as -addr localhost:%d", addr, usualPort)
}

// Listen listens at addr, if CheckAddress has nothing against it, and the name in it
// means what it says. The url is where the pages then are.
func Listen(addr string) (listener net.Listener, url string, err error) {
	if err := CheckAddress(addr); err != nil {
		return nil, "", err
	}
	if listener, err = httpserve.Listen(addr, usualPort); err != nil {
		return nil, "", err
	}
	if httpserve.OnNetwork(listener.Addr()) {
		listener.Close()
		return nil, "", errNotLocal(addr)
	}
	return listener, httpserve.URL(addr, listener.Addr()), nil
}
