package interop_test

import (
	"bufio"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// curl runs curl -N on the stream at url.
func curl(t *testing.T, url string) *bufio.Scanner {
	return run(t, find(t, "curl"), "--silent", "--show-error", "-N", url)
}

// frame returns the next lines, up to a blank one.
func frame(t *testing.T, lines *bufio.Scanner) string {
	var text strings.Builder
	for lines.Scan() && lines.Text() != "" {
		text.WriteString(lines.Text() + "\n")
	}
	require.NoError(t, lines.Err())
	return text.String()
}

// curlPost has curl post a response, and returns the status and the body.
func curlPost(t *testing.T, url, body string) string {
	output, err := exec.CommandContext(t.Context(), find(t, "curl"), "--silent", "--show-error",
		"--write-out", "%{http_code} ", "--header", "Content-Type: application/json", "--data", body, url).Output()
	require.NoError(t, err)
	return string(output)
}

func TestCurlShowsTheBytesAtOnce(t *testing.T) {
	got := frame(t, curl(t, serve(t, basicServer())+"/events")) // the next event is an hour away
	require.Regexp(t, `^event: tick\nid: 1\nretry: 2000\ndata: \{"n":1,.*\}\n$`, got)
}

func TestCurlShowsHowLinesAreKeptApart(t *testing.T) {
	lines := curl(t, serve(t, http.HandlerFunc(story)))
	require.Equal(t, ": hello\nevent: tick\nid: no. 7\nretry: 10\ndata: a: b\ndata: \ndata: event: forged\ndata: data: x\n"+
		"data:  : y\ndata: \u2028\U0001F600 end \n", frame(t, lines))
}

// A person with two curls is a client as good as any.
func TestCurlAnswersTheTwoWayServer(t *testing.T) {
	url := serve(t, twoWayServer())
	lines := curl(t, url+"/events")
	first := frame(t, lines)
	require.Regexp(t, `^event: endpoint\ndata: responses\?session=\w+\n$`, first)
	endpoint := url + "/" + strings.TrimSpace(first[strings.Index(first, "responses"):])

	require.Regexp(t, `^event: start\nid: \w+-0\ndata: \n$`, frame(t, lines))

	outcome := trigger(t, url, `{"method":"approve"}`)
	require.Equal(t, "event: request\ndata: {\"jsonrpc\":\"2.0\",\"id\":\"1\",\"method\":\"approve\"}\n", frame(t, lines))
	const yes = `{"jsonrpc":"2.0","id":"1","result":"yes"}`
	require.Equal(t, "202 ", curlPost(t, endpoint, yes))
	require.JSONEq(t, `[{"result":"yes"}]`, <-outcome)
	require.Contains(t, curlPost(t, endpoint, yes), `"status":409`)
}
