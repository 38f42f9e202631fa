package pair

import "net/http"

// Option changes how a pair is set up.
type Option func(*options)

type options struct {
	memory     bool
	bufferSize int
	http2      bool // over TLS; otherwise HTTP/1.1 without
	proxied    bool
	configure  []func(*http.Server)
}

func defaults(memory bool) options { return options{memory: memory, bufferSize: 64 << 10} }

// HTTP2 makes client and server speak HTTP/2 over TLS, as browsers do.
func HTTP2() Option { return func(o *options) { o.http2 = true } }

// BufferSize sets how many bytes an in-memory connection holds in each direction
// before a write must wait for the reader. It has no effect on TCP.
func BufferSize(bytes int) Option { return func(o *options) { o.bufferSize = bytes } }

// Configure changes the http.Server before it starts, for example its timeouts.
func Configure(f func(*http.Server)) Option {
	return func(o *options) { o.configure = append(o.configure, f) }
}

// BufferingProxy puts a reverse proxy between client and server that buffers
// responses as nginx does: unless the response has X-Accel-Buffering: no, it
// passes on its buffer only when that holds 4 KiB or the response ends.
func BufferingProxy() Option { return func(o *options) { o.proxied = true } }
