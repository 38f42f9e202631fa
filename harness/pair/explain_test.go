package pair_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/pair"
)

func TestExplain(t *testing.T) {
	require.Empty(t, pair.Explain(nil))
	require.Equal(t, "something else", pair.Explain(errors.New("something else")))
	for sentence, err := range map[string]error{
		"no one listens":              fmt.Errorf("dial: %w", syscall.ECONNREFUSED),
		"connection was cut":          fmt.Errorf("read: %w", syscall.ECONNRESET),
		"in the middle":               io.ErrUnexpectedEOF,
		"the handler returned":        io.EOF,
		"gave up the request":         context.Canceled,
		"a deadline passed":           context.DeadlineExceeded,
		"is shutting down its HTTP/2": errors.New("http2: server sent GOAWAY and closed the connection"),
		"the HTTP/2 stream was reset": errors.New("stream error: stream ID 1; INTERNAL_ERROR; received from peer"),
		"are not the HTTP":            errors.New(`net/http: HTTP/1.x transport connection broken: malformed HTTP response "x"`),
	} {
		require.Contains(t, pair.Explain(err), sentence)
	}
}

// What a client really meets is told apart.
func TestExplainRealErrors(t *testing.T) {
	p := pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }))
	_, err := p.Client.Get(p.URL)
	require.Contains(t, pair.Explain(err), "before any response")
	p.Close()
	_, err = p.Client.Get(p.URL)
	require.Contains(t, pair.Explain(err), "no one listens")

	p = pair.TCP(t, untilGone(""))
	_, err = p.Client.Get(strings.Replace(p.URL, "http:", "https:", 1))
	require.Contains(t, pair.Explain(err), "are not the HTTP")

	p = pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		flush(w)
		panic(http.ErrAbortHandler)
	}), pair.HTTP2())
	require.Contains(t, pair.Explain(p.Open("/").WaitEnd("it was aborted")), "the HTTP/2 stream was reset")
}
