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

// BufferSize sets how many bytes an in-memory connection holds each way before a
// write has to wait for the reader. It has no effect on TCP.
func BufferSize(bytes int) Option { return func(o *options) { o.bufferSize = bytes } }

// Configure changes the http.Server before it starts: timeouts, for instance.
func Configure(f func(*http.Server)) Option {
	return func(o *options) { o.configure = append(o.configure, f) }
}

// BufferingProxy puts a reverse proxy between client and server that buffers
// responses as nginx does: it passes on what it has when it has 4 KiB or when
// the response ends, unless the response says X-Accel-Buffering: no.
func BufferingProxy() Option { return func(o *options) { o.proxied = true } }
