package parsing

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// DefaultMaxEventSize is the most that a [Decoder] holds for one event, in bytes,
// if its MaxEventSize is zero.
const DefaultMaxEventSize = 16 << 20

// ErrEventTooLarge is returned by Decode when a peer sends an event that is
// larger than MaxEventSize.
var ErrEventTooLarge = errors.New("event too large")

// Events returns an iterator over the events as they come, until the stream ends.
// An error other than [io.EOF] is the last thing that it yields.
func (d *Decoder) Events() iter.Seq2[framing.Event, error] {
	return func(yield func(framing.Event, error) bool) {
		for {
			event, err := d.Decode()
			if err == io.EOF || !yield(event, err) || err != nil {
				return
			}
		}
	}
}

// validUTF8 returns b as a string, with each invalid sequence replaced with U+FFFD
// as in a browser: one for each byte that cannot begin a character, and one for all
// bytes of a character that was cut short.
func validUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var s strings.Builder
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		for size < len(b) && !utf8.FullRune(b[:size+1]) {
			size++ // a character was cut short, and this belongs to it too
		}
		s.WriteRune(r)
		b = b[size:]
	}
	return s.String()
}

// A ResponseError reports that a server answered with something that is not an
// event stream. Its message names the reason: the status, the content encoding or
// the content type.
type ResponseError struct {
	StatusCode int
	Header     http.Header // the response's whole header: it may have a Retry-After
}

func (e *ResponseError) Error() string {
	switch {
	case e.StatusCode != http.StatusOK:
		return fmt.Sprintf("the server answered %d %s, not with an event stream", e.StatusCode, http.StatusText(e.StatusCode))
	case isEncoded(e.Header):
		return fmt.Sprintf("the server answered with the content encoding %q, which a Decoder cannot read", e.Header.Get("Content-Encoding"))
	}
	return fmt.Sprintf("the server answered with %q, not with text/event-stream", e.Header.Get("Content-Type"))
}

// isEventStream reports whether h is the header of an event stream that a
// Decoder can read. Parameters of the content type do not matter. Of several
// content types, the last one other than */* counts, as in a browser (WHATWG
// Fetch, "extract a MIME type").
func isEventStream(h http.Header) bool {
	var mediaType string
	types := quotedString.ReplaceAllString(strings.Join(h.Values("Content-Type"), ","), `""`)
	for value := range strings.SplitSeq(types, ",") {
		value, _, _ = strings.Cut(value, ";")
		if value = strings.TrimSpace(value); strings.Contains(value, "/") && value != "*/*" {
			mediaType = value
		}
	}
	return strings.EqualFold(mediaType, "text/event-stream") && !isEncoded(h)
}

// quotedString matches a parameter's value that may contain a comma.
var quotedString = regexp.MustCompile(`"(\\.|[^"\\])*"?`)

// isEncoded reports whether h announces a compressed body. If net/http itself asked
// for gzip, it decompresses the body, and h no longer names gzip.
func isEncoded(h http.Header) bool {
	encoding := h.Get("Content-Encoding")
	return encoding != "" && !strings.EqualFold(encoding, "identity")
}

// A Source is an open event stream from a server. Close may be called while
// another goroutine decodes.
type Source struct {
	*Decoder

	// URL is where the stream came from, after all redirects: an address in the
	// stream is relative to it. It is nil for a source that Connect did not make.
	URL *url.URL

	body io.Closer
}

// NewSource returns the event stream in body. Close closes body.
func NewSource(body io.ReadCloser) *Source {
	return &Source{Decoder: NewDecoder(body), body: body}
}

// Close ends the stream. A waiting Decode returns an error.
func (s *Source) Close() error { return s.body.Close() }
