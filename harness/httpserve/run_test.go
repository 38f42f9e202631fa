package httpserve_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"example.com/sseworkbook/harness/httpserve"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The URL that a server prints is one by which it can be reached, whatever the
// address is like.
func TestTheURLThatIsPrintedWorks(t *testing.T) {
	zone := ""
	interfaces, err := net.Interfaces()
	require.NoError(t, err)
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 {
			zone = i.Name
		}
	}
	for _, asked := range []string{"localhost:0", "127.0.0.1:0", ":0", "0.0.0.0:0", "[::]:0", "[::1]:0", "[::1%" + zone + "]:0"} {
		listener, err := httpserve.Listen(asked, 8080)
		if err != nil {
			t.Logf("not tried, since this machine has no such address: %v", err)
			continue
		}
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() {
			served <- httpserve.Run(ctx, listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "here") }), nil)
		}()
		url := httpserve.URL(asked, listener.Addr())
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		response, err := client.Get(url)
		require.NoError(t, err, asked)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, "here", string(body))
		response.Body.Close()
		stop()
		require.NoError(t, <-served)
	}
}

func TestTheURLOfAnAddress(t *testing.T) {
	for asked, want := range map[string]string{
		"localhost:0":       "http://localhost:4000",
		":0":                "http://localhost:4000",
		"0.0.0.0:0":         "http://localhost:4000",
		"[::]:0":            "http://localhost:4000",
		"[::1%lo]:0":        "http://[::1]:4000",
		"[fe80::1%eth0]:0":  "http://[fe80::1%25eth0]:4000",
		"studio.example:80": "http://studio.example:4000",
	} {
		require.Equal(t, want, httpserve.URL(asked, &net.TCPAddr{Port: 4000}), asked)
	}
}

func TestAnAddressThatCannotBeHadIsSaidInWords(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	_, err = httpserve.Listen(taken.Addr().String(), 8080)
	require.EqualError(t, err, taken.Addr().String()+" is taken: another program listens there; choose another port, such as -addr localhost:8081")
	_, err = httpserve.Listen("8080", 8080)
	require.ErrorContains(t, err, `cannot listen at "8080" (an address is host:port, such as localhost:8080): `)
}
