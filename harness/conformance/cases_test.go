package conformance_test

import (
	"math"
	"time"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// A testCase is a stream and what the standard makes of it. What is not named
// is nothing: no event, no last event ID, no reconnection time.
type testCase struct {
	name   string
	wire   string
	events []framing.Event // without a Type: "message"
	lastID string
	retry  time.Duration
}

// A clause is a part of the standard, with the cases for it.
type clause struct {
	name  string
	cases []testCase
}

func data(texts ...string) (events []framing.Event) {
	for _, text := range texts {
		events = append(events, framing.Event{Data: text})
	}
	return events
}

const maxRetry = math.MaxInt64 / time.Millisecond * time.Millisecond

var clauses = []clause{
	{"9.2.5 stream: nothing, or a byte order mark, is a stream", []testCase{
		{name: "empty", wire: ""},
		{name: "BOM only", wire: "\uFEFF"},
		{name: "blank lines only", wire: "\n\r\r\n\n"},
		{name: "blank lines first", wire: "\n\r\n\rdata: x\n\n", events: data("x")},
	}},
	{"9.2.6 UTF-8 decode: one byte order mark is dropped, at the start", []testCase{
		{name: "before a field", wire: "\uFEFFdata: x\n\n", events: data("x")},
		{name: "before a comment", wire: "\uFEFF: c\ndata: x\n\n", events: data("x")},
		{name: "before an empty line, LF", wire: "\uFEFF\ndata: x\n\n", events: data("x")},
		{name: "before an empty line, CR", wire: "\uFEFF\rdata: x\n\n", events: data("x")},
		{name: "before an empty line, CRLF", wire: "\uFEFF\r\ndata: x\n\n", events: data("x")},
		{name: "the second is part of a name", wire: "\uFEFF\uFEFFdata: x\n\ndata: y\n\n", events: data("y")},
		{name: "not at the start of another line", wire: "\n\uFEFFdata: x\n\n"},
		{name: "not in a value", wire: "data: \uFEFFx\n\n", events: data("\uFEFFx")},
		{name: "not before a comment's colon later", wire: "data: x\n\uFEFF: data\n\n", events: data("x")},
		{name: "cut short, it is no BOM", wire: "\xEF\xBBdata: x\n\ndata: y\n\n", events: data("y")},
		{name: "that of UTF-16 is none", wire: "\xFF\xFEdata: x\n\ndata: y\n\n", events: data("y")},
	}},
	{"9.2.6 UTF-8 decode: what is not UTF-8 becomes U+FFFD (Encoding standard, UTF-8 decoder)", []testCase{
		{name: "a byte that is never used", wire: "data: a\xFFb\n\n", events: data("a\uFFFDb")},
		{name: "each by itself", wire: "data: \xFE\xFF\n\n", events: data("\uFFFD\uFFFD")},
		{name: "stray continuation bytes", wire: "data: \x80\xBF\n\n", events: data("\uFFFD\uFFFD")},
		{name: "two bytes of three", wire: "data: \xE2\x82x\n\n", events: data("\uFFFDx")},
		{name: "two bytes of three, at the end", wire: "data: \xE2\x82\n\n", events: data("\uFFFD")},
		{name: "two bytes of three, before another character", wire: "data: \xE2\x82\xE2\x82\xAC\n\n", events: data("\uFFFD€")},
		{name: "three bytes of four", wire: "data: \xF0\x9F\x98\n\n", events: data("\uFFFD")},
		{name: "three bytes of four, on two lines", wire: "data: \xF0\x9F\x98\ndata: \x80\n\n", events: data("\uFFFD\n\uFFFD")},
		{name: "too long a form of slash", wire: "data: \xC0\xAF\n\n", events: data("\uFFFD\uFFFD")},
		{name: "too long a form in three bytes", wire: "data: \xE0\x80\xAF\n\n", events: data("\uFFFD\uFFFD\uFFFD")},
		{name: "half of a surrogate pair", wire: "data: \xED\xA0\x80\n\n", events: data("\uFFFD\uFFFD\uFFFD")},
		{name: "above U+10FFFF", wire: "data: \xF4\x90\x80\x80\n\n", events: data("\uFFFD\uFFFD\uFFFD\uFFFD")},
		{name: "U+FFFD itself", wire: "data: \uFFFD\xFF\n\n", events: data("\uFFFD\uFFFD")},
		{name: "in a type", wire: "event: \xFF\ndata: x\n\n", events: []framing.Event{{Type: "\uFFFD", Data: "x"}}},
		{name: "in an id", wire: "id: \xE2\x82\ndata: x\n\n", events: []framing.Event{{ID: "\uFFFD", Data: "x"}}, lastID: "\uFFFD"},
		{name: "in a name, which then is another", wire: "data\xFF: x\n\n"},
	}},
	{"9.2.6 a line ends at CRLF, at LF or at CR", []testCase{
		{name: "LF", wire: "data: a\ndata: b\n\n", events: data("a\nb")},
		{name: "CR", wire: "data: a\rdata: b\r\r", events: data("a\nb")},
		{name: "CRLF", wire: "data: a\r\ndata: b\r\n\r\n", events: data("a\nb")},
		{name: "CR, then CRLF", wire: "data: a\r\r\ndata: b\n\n", events: data("a", "b")},
		{name: "CRLF, then CR", wire: "data: a\r\n\rdata: b\n\n", events: data("a", "b")},
		{name: "CRLF, then LF", wire: "data: a\r\n\ndata: b\n\n", events: data("a", "b")},
		{name: "LF, then CR", wire: "data: a\n\rdata: b\n\n", events: data("a", "b")},
		{name: "LF, then CRLF", wire: "data: a\n\r\ndata: b\n\n", events: data("a", "b")},
		{name: "all three", wire: "data: a\ndata: b\rdata: c\r\n\n", events: data("a\nb\nc")},
		{name: "no others", wire: "data: a\v\f\u0085\u2028\u2029b\n\n", events: data("a\v\f\u0085\u2028\u2029b")},
	}},
	{"9.2.6 a line that starts with a colon is ignored", []testCase{
		{name: "text", wire: ": data: x\n\n"},
		{name: "nothing but the colon", wire: ":\n\n"},
		{name: "two colons", wire: "::data: x\n\n"},
		{name: "within an event", wire: "data: a\n: c\ndata: b\n\n", events: data("a\nb")},
		{name: "a space before the colon makes it a field", wire: " : c\ndata: x\n\n", events: data("x")},
	}},
	{"9.2.6 name up to the first colon, value after it, one space less", []testCase{
		{name: "with a space", wire: "data: x\n\n", events: data("x")},
		{name: "without", wire: "data:x\n\n", events: data("x")},
		{name: "two spaces", wire: "data:  x\n\n", events: data(" x")},
		{name: "space at the end", wire: "data: x \n\n", events: data("x ")},
		{name: "a tab is no space", wire: "data:\tx\n\n", events: data("\tx")},
		{name: "nor is U+00A0", wire: "data:\u00A0x\n\n", events: data("\u00A0x")},
		{name: "one space only", wire: "data: \n\n", events: data("")},
		{name: "more colons", wire: "data: a:b: c\n\n", events: data("a:b: c")},
		{name: "a colon first", wire: "data::x\n\n", events: data(":x")},
	}},
	{"9.2.6 a line without a colon is a name with an empty value", []testCase{
		{name: "data", wire: "data\n\n", events: data("")},
		{name: "data twice", wire: "data\ndata\n\n", events: data("\n")},
		{name: "event", wire: "event: a\nevent\ndata: x\n\n", events: data("x")},
		{name: "id", wire: "id: 1\n\nid\ndata: x\n\n", events: data("x")},
		{name: "retry", wire: "retry: 10\nretry\n\n", retry: 10 * time.Millisecond},
		{name: "a space behind the name is part of it", wire: "data \n\n"},
	}},
	{"9.2.6 names are compared literally, and others ignored", []testCase{
		{name: "upper case", wire: "DATA: x\nData: y\n\n"},
		{name: "upper case event, id and retry", wire: "Event: a\nID: 1\nRetry: 10\ndata: x\n\n", events: data("x")},
		{name: "a space first", wire: " data: x\n\n"},
		{name: "a longer name", wire: "database: x\n\n"},
		{name: "a shorter name", wire: "dat: x\n\n"},
		{name: "NUL in a name", wire: "data\x00: x\nid\x00: 1\n\n"},
		{name: "unknown, within an event", wire: "data: a\nfrom: me\ndata: b\n\n", events: data("a\nb")},
		{name: "a letter that only looks like it", wire: "dаta: x\n\n"},
	}},
	{"9.2.6 field event", []testCase{
		{name: "a type", wire: "event: tick\ndata: x\n\n", events: []framing.Event{{Type: "tick", Data: "x"}}},
		{name: "after the data", wire: "data: x\nevent: tick\n\n", events: []framing.Event{{Type: "tick", Data: "x"}}},
		{name: "the last one counts", wire: "event: a\nevent: b\ndata: x\n\n", events: []framing.Event{{Type: "b", Data: "x"}}},
		{name: "message, in words", wire: "event: message\ndata: x\n\n", events: data("x")},
		{name: "with spaces and NUL", wire: "event:  a\x00 \ndata: x\n\n", events: []framing.Event{{Type: " a\x00 ", Data: "x"}}},
	}},
	{"9.2.6 field data", []testCase{
		{name: "an empty line first", wire: "data\ndata: x\n\n", events: data("\nx")},
		{name: "an empty line last", wire: "data: x\ndata\n\n", events: data("x\n")},
		{name: "NUL stays", wire: "data: a\x00b\n\n", events: data("a\x00b")},
		{name: "fields in between", wire: "data: a\nid: 1\nevent: e\nretry: 1\ndata: b\n\n",
			events: []framing.Event{{ID: "1", Type: "e", Data: "a\nb"}}, lastID: "1", retry: time.Millisecond},
	}},
	{"9.2.6 field id", []testCase{
		{name: "stays for later events", wire: "id: 1\ndata: a\n\ndata: b\n\n",
			events: []framing.Event{{ID: "1", Data: "a"}, {ID: "1", Data: "b"}}, lastID: "1"},
		{name: "empty resets it", wire: "id: 1\ndata: a\n\nid:\ndata: b\n\n",
			events: []framing.Event{{ID: "1", Data: "a"}, {Data: "b"}}},
		{name: "the last one counts", wire: "id: 1\nid: 2\ndata: x\n\n", events: []framing.Event{{ID: "2", Data: "x"}}, lastID: "2"},
		{name: "with NUL it is ignored", wire: "id: 1\nid: 2\x00\ndata: x\n\n", events: []framing.Event{{ID: "1", Data: "x"}}, lastID: "1"},
		{name: "nothing but NUL", wire: "id: 1\nid: \x00\ndata: x\n\n", events: []framing.Event{{ID: "1", Data: "x"}}, lastID: "1"},
		{name: "spaces count", wire: "id:  1 \ndata: x\n\n", events: []framing.Event{{ID: " 1 ", Data: "x"}}, lastID: " 1 "},
		{name: "need not be a number", wire: "id: ä/1\ndata: x\n\n", events: []framing.Event{{ID: "ä/1", Data: "x"}}, lastID: "ä/1"},
	}},
	{"9.2.6 field retry: ASCII digits only", []testCase{
		{name: "milliseconds", wire: "retry: 1500\n\n", retry: 1500 * time.Millisecond},
		{name: "at once, without a blank line", wire: "retry: 10\n", retry: 10 * time.Millisecond},
		{name: "the last one counts", wire: "retry: 10\nretry: 20\n\n", retry: 20 * time.Millisecond},
		{name: "zero", wire: "retry: 10\nretry: 0\n\n"},
		{name: "leading zeros", wire: "retry: 0010\n\n", retry: 10 * time.Millisecond},
		{name: "many leading zeros", wire: "retry: 000000000000000000000000000010\n\n", retry: 10 * time.Millisecond},
		{name: "empty", wire: "retry: 10\nretry:\n\n", retry: 10 * time.Millisecond},
		{name: "minus", wire: "retry: 10\nretry: -20\n\n", retry: 10 * time.Millisecond},
		{name: "plus", wire: "retry: 10\nretry: +20\n\n", retry: 10 * time.Millisecond},
		{name: "a space first", wire: "retry: 10\nretry:  20\n\n", retry: 10 * time.Millisecond},
		{name: "a space last", wire: "retry: 10\nretry: 20 \n\n", retry: 10 * time.Millisecond},
		{name: "a unit", wire: "retry: 10\nretry: 20ms\n\n", retry: 10 * time.Millisecond},
		{name: "a fraction", wire: "retry: 10\nretry: 2.5\n\n", retry: 10 * time.Millisecond},
		{name: "an exponent", wire: "retry: 10\nretry: 2e3\n\n", retry: 10 * time.Millisecond},
		{name: "hexadecimal", wire: "retry: 10\nretry: 0x20\n\n", retry: 10 * time.Millisecond},
		{name: "an underscore, as in Go", wire: "retry: 10\nretry: 2_0\n\n", retry: 10 * time.Millisecond},
		{name: "digits that are not ASCII", wire: "retry: 10\nretry: ٢٠\n\n", retry: 10 * time.Millisecond},
		{name: "the most that fits", wire: "retry: 9223372036854\n\n", retry: maxRetry},
		{name: "one more", wire: "retry: 10\nretry: 9223372036855\n\n", retry: 10 * time.Millisecond},
		{name: "more than 64 bits", wire: "retry: 10\nretry: 18446744073709551617\n\n", retry: 10 * time.Millisecond},
	}},
	{"9.2.6 dispatch", []testCase{
		{name: "no data, no event, and the type is forgotten", wire: "event: a\n\ndata: x\n\n", events: data("x")},
		{name: "no data, but the id counts", wire: "id: 1\n\n", lastID: "1"},
		{name: "a type lasts for one event", wire: "event: a\ndata: 1\n\ndata: 2\n\n",
			events: []framing.Event{{Type: "a", Data: "1"}, {Data: "2"}}},
		{name: "data is for one event", wire: "data: 1\n\ndata: 2\n\n", events: data("1", "2")},
		{name: "data is empty, and an event", wire: "data:\n\n", events: data("")},
		{name: "one line feed is taken off", wire: "data: x\ndata:\ndata:\n\n", events: data("x\n\n")},
		{name: "more blank lines", wire: "data: x\n\n\n\n", events: data("x")},
	}},
	{"9.2.6 end of the file: pending data is discarded", []testCase{
		{name: "after a line", wire: "data: a\n\ndata: b\n", events: data("a")},
		{name: "in a line", wire: "data: a\n\ndata: b", events: data("a")},
		{name: "in a name", wire: "data: a\n\nda", events: data("a")},
		{name: "the id with it", wire: "id: 1\ndata: a\n\nid: 2\ndata: b\n", events: []framing.Event{{ID: "1", Data: "a"}}, lastID: "1"},
		{name: "an id and nothing else", wire: "id: 1\n"},
		{name: "half a retry", wire: "retry: 10\nretry: 20", retry: 10 * time.Millisecond},
		{name: "after one line end", wire: "data: a\r", events: nil},
		{name: "after a CRLF", wire: "data: a\r\n", events: nil},
		{name: "after CR as the blank line", wire: "data: a\r\n\r", events: data("a")},
	}},
}
