package programs

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"example.com/sseworkbook/harness/httpserve"
)

const (
	// pagePath is where a server has the page that shows its stream.
	pagePath = "/web/sse-test.html"

	// usualPort is where the programs meet when no address is given.
	usualPort = 8080
)

// An Address is where a server listens, and who may use it there.
type Address struct {
	Listen string // "localhost:8080"
	httpserve.Allow
}

// serve serves h at an address until ctx ends, and then stops within a second:
// every request's context ends, so that streams end as well. Before that, drain may
// end them itself, and say why; it may be nil. It writes one line to out once it
// listens, and another if other machines may be able to reach it. An address that
// cannot be had returns an error that says what to do. A page of another site is
// kept away from h: see [httpserve.Guard].
func serve(ctx context.Context, addr Address, h http.Handler, drain func(context.Context) error, out io.Writer) error {
	if err := addr.Check(); err != nil {
		return err
	}
	listener, err := httpserve.Listen(addr.Listen, usualPort)
	if err != nil {
		return err
	}
	guard, err := httpserve.NewGuard(addr.Listen, listener.Addr(), addr.Allow)
	if err != nil {
		listener.Close()
		return err
	}
	url := httpserve.URL(addr.Listen, listener.Addr())
	fmt.Fprintf(out, "listening on %s · page: %s%s · Ctrl-C stops\n", url, url, pagePath)
	if httpserve.OnNetwork(listener.Addr()) {
		fmt.Fprintf(out, "every machine on the network can reach this server; for this machine only, use -addr localhost:%d\n", usualPort)
	}
	return httpserve.Run(ctx, listener, guard.Handler(h), drain)
}
