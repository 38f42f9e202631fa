package chaos

import (
	"bytes"
	"io"
	"net/http/httputil"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// header is the beginning of a response whose header is not what counts.
const header = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

// The tracker's place is that which one finds by decoding all that has passed.
func TestATrackerKnowsItsPlaceAfterEachByte(t *testing.T) {
	var stream []byte
	for i, e := range newEvents(3, 20) {
		stream, _ = e.AppendText(stream)
		if i%4 == 0 {
			stream = framing.AppendComment(stream, "")
		}
	}
	var wire bytes.Buffer
	chunks := httputil.NewChunkedWriter(&wire)
	for from, size := 0, 1; from < len(stream); from, size = from+size, size%97+1 {
		_, err := chunks.Write(stream[from:min(len(stream), from+size)])
		require.NoError(t, err)
	}
	require.NoError(t, chunks.Close())

	tracker := newTracker()
	tracker.passed([]byte(header))
	require.Equal(t, Place{Passed: len(header)}, tracker.Place)
	for i, c := range wire.Bytes() {
		tracker.passed([]byte{c})
		passed := wire.Bytes()[:i+1]
		body, _ := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(passed))) // as much as there is
		require.Equal(t, Place{
			Passed:      len(header) + i + 1,
			InFrame:     inFrame(string(body)),
			InCharacter: !utf8.Valid(body),
		}, tracker.Place, "after %q", body[max(0, len(body)-40):])
	}
	require.Equal(t, string(wire.Bytes()[wire.Len()-tailSize:]), string(tracker.tail))
}

// inFrame reports whether an event has begun after the last blank line.
func inFrame(stream string) bool {
	open := stream[strings.LastIndex("\n\n"+stream, "\n\n"):]
	for line := range strings.Lines(open) {
		if line != "\n" && !strings.HasPrefix(line, ":") {
			return true
		}
	}
	return false
}

// A response that is not chunked, or a size that is none, is not taken for a stream.
func TestATrackerReadsNothingThatIsNoStream(t *testing.T) {
	tracker := newTracker()
	tracker.passed([]byte("HTTP/1.1 503 Service Unavailable\r\n\r\n{\"status\":503}\ndata: é"))
	require.False(t, tracker.InFrame || tracker.InCharacter)
	tracker.passed([]byte("\n10\r\ndata: no chunk"))
	require.False(t, tracker.InFrame)
}
