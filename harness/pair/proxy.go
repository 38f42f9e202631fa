package pair

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
)

// proxyBuffer is how much the buffering proxy collects, nginx's default.
const proxyBuffer = 4 << 10

// newProxy starts a buffering reverse proxy in front of origin, on the same
// kind of connections and with the same protocol on both sides.
func newProxy(origin *server, o options) *server {
	target, err := url.Parse(origin.test.URL)
	if err != nil {
		panic("pair: httptest gave an invalid URL: " + err.Error())
	}
	o.configure = nil // those are the origin's
	return newServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.SetXForwarded()
		},
		Transport:      origin.client.Transport,
		ModifyResponse: bufferResponse,
		ErrorLog:       origin.test.Config.ErrorLog,
	}, o, origin.trace)
}

// bufferResponse slips a buffer under the body. It has to be here: once the
// body is read, ReverseProxy itself flushes an event stream at once.
func bufferResponse(resp *http.Response) error {
	buffering := !strings.EqualFold(resp.Header.Get("X-Accel-Buffering"), "no") // nginx takes No for it, too
	resp.Header.Del("X-Accel-Buffering")                                        // meant for the proxy alone
	if buffering {
		resp.Body = &bufferedBody{upstream: resp.Body}
	}
	return nil
}

// bufferedBody gives its reader nothing before it has a whole buffer, or the
// end.
type bufferedBody struct {
	upstream io.ReadCloser
	have     bytes.Buffer
	err      error // of upstream, to be passed on when have is empty
}

func (b *bufferedBody) Read(p []byte) (int, error) {
	if b.have.Len() == 0 && b.err == nil {
		_, b.err = io.CopyN(&b.have, b.upstream, proxyBuffer)
	}
	if b.have.Len() == 0 {
		return 0, b.err
	}
	return b.have.Read(p)
}

func (b *bufferedBody) Close() error { return b.upstream.Close() }
