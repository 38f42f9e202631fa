package bench

import (
	"bytes"
	"io"
	"testing"

	donovanhide "github.com/donovanhide/eventsource"
	launchdarkly "github.com/launchdarkly/eventsource"
	gosse "github.com/tmaxmax/go-sse"

	parsing "example.com/sseworkbook/solutions/03-parsing"
)

// A parser reads a stream to its end, by the API of one library.
type parser struct {
	name  string
	parse func(io.Reader) (tally, error)
}

var parsers = []parser{
	{"ours", parseOurs},
	{"go-sse", parseGoSSE},
	{"launchdarkly", parseLaunchDarkly},
	{"donovanhide", parseDonovanhide},
}

const (
	noR3labsParser = "it exports a reader of whole events, but parses their fields in its client"
	noMCPParser    = "its parser is not exported"
)

// BenchmarkParse reads 10,000 events from memory. A pass has a decoder of its
// own, as a connection has.
func BenchmarkParse(b *testing.B) {
	for _, s := range shapes {
		b.Run(s.name, func(b *testing.B) {
			events := s.events(10_000)
			wire, want := wireOf(events), tallyOf(events)
			for _, p := range parsers {
				b.Run(p.name, func(b *testing.B) {
					measure(b, want.events, len(wire), func() { p.mustFind(b, want, bytes.NewReader(wire)) })
				})
			}
			cannot(b, "r3labs", noR3labsParser)
			cannot(b, "mcp", noMCPParser)
			lines := bytes.Count(wire, []byte("\n"))
			b.Run("limit-indexbyte", func(b *testing.B) {
				measure(b, want.events, len(wire), func() { limitIndexByte(b, lines, bytes.NewReader(wire)) })
			})
		})
	}
}

// mustFind parses r, in which want stands.
func (p parser) mustFind(b *testing.B, want tally, r io.Reader) {
	got, err := p.parse(r)
	if got != want || err != nil {
		b.Fatalf("%s found %+v, then %v; want %+v", p.name, got, err, want)
	}
}

func parseOurs(r io.Reader) (t tally, err error) {
	d := parsing.NewDecoder(r)
	for {
		event, err := d.Decode()
		if err == io.EOF {
			return t, nil
		}
		if err != nil {
			return t, err
		}
		t.events++
		t.bytes += len(event.Data)
	}
}

func parseGoSSE(r io.Reader) (t tally, err error) {
	limit := &gosse.ReadConfig{MaxEventSize: parsing.DefaultMaxEventSize}
	for event, err := range gosse.Read(r, limit) {
		if err != nil {
			return t, err
		}
		t.events++
		t.bytes += len(event.Data)
	}
	return t, nil
}

func parseLaunchDarkly(r io.Reader) (t tally, err error) {
	d := launchdarkly.NewDecoder(r)
	for { // to the error, with which the decoder's goroutine ends
		event, err := d.Decode()
		if err == io.EOF {
			return t, nil
		}
		if err != nil {
			return t, err
		}
		t.events++
		t.bytes += len(event.Data())
	}
}

func parseDonovanhide(r io.Reader) (t tally, err error) {
	d := donovanhide.NewDecoder(r)
	for {
		event, err := d.Decode()
		if err == io.EOF {
			return t, nil
		}
		if err != nil {
			return t, err
		}
		t.events++
		t.bytes += len(event.Data())
	}
}

// limitIndexByte only looks for the ends of the lines, in a buffer of the size
// that bufio's has.
func limitIndexByte(b *testing.B, want int, r io.Reader) {
	var buf [4096]byte
	lines := 0
	for {
		n, err := r.Read(buf[:])
		for part := buf[:n]; ; lines++ {
			end := bytes.IndexByte(part, '\n')
			if end < 0 {
				break
			}
			part = part[end+1:]
		}
		if err != nil {
			break
		}
	}
	if lines != want {
		b.Fatalf("found %d lines, want %d", lines, want)
	}
}
