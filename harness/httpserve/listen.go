package httpserve

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// Listen listens at addr, host:port. An address that cannot be had is an error
// that says what to do, with localhost at port as an example of an address.
func Listen(addr string, port int) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken: another program listens there; choose another port, such as -addr localhost:%d", addr, port+1)
	}
	if err != nil {
		return nil, AddressError(addr, port, err)
	}
	return listener, nil
}

// AddressError says that addr is no address to listen at, and what one looks like.
func AddressError(addr string, port int, err error) error {
	return fmt.Errorf("cannot listen at %q (an address is host:port, such as localhost:%d): %w", addr, port, err)
}

// URL returns the URL by which this machine reaches a server that was told to
// listen at asked and that listens at got: the host as it was asked for and the
// port that was given, or localhost where it listens on all addresses.
func URL(asked string, got net.Addr) string {
	host, _, err := net.SplitHostPort(asked)
	if err != nil {
		return "http://" + got.String()
	}
	_, port, err := net.SplitHostPort(got.String())
	if err != nil {
		return "http://" + got.String()
	}
	return "http://" + net.JoinHostPort(urlHost(host), port)
}

// urlHost returns a host as a URL has it. The zone of an IPv6 address is escaped
// there (RFC 6874); loopback is reached without one, which browsers need.
func urlHost(host string) string {
	addr, err := netip.ParseAddr(host)
	switch {
	case host == "" || err == nil && addr.IsUnspecified():
		return "localhost"
	case err == nil && addr.IsLoopback():
		return addr.WithZone("").String()
	}
	return strings.Replace(host, "%", "%25", 1)
}

// IsLocal reports whether host means this machine, and can mean no other: localhost,
// a name below it (RFC 6761), or a loopback address.
func IsLocal(host string) bool {
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || isLoopback(host)
}

// isLoopback reports whether host is a loopback address.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// OnNetwork reports whether other machines may be able to reach a listener's address.
func OnNetwork(addr net.Addr) bool {
	host, _, err := net.SplitHostPort(addr.String())
	return err == nil && !isLoopback(host)
}
