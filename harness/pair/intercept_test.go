package pair_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/pair"
)

// Another Write, and everything else as before: a flush goes through to the server.
func TestAnInterceptedWriterFlushes(t *testing.T) {
	p := pair.TCP(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		loud := pair.Intercept(w, func(b []byte) (int, error) { return w.Write([]byte(strings.ToUpper(string(b)))) })
		_, err := loud.Write([]byte("hello"))
		require.NoError(t, err)
		require.NoError(t, http.NewResponseController(loud).Flush())
	}))
	require.Equal(t, "HELLO", p.Get("/").Body)
}
