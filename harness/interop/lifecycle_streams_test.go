package interop_test

import (
	"slices"
	"strings"
)

// told is the case of a retry field in a stream, and of the wait that it leads to.
func told(server, client, body, wait string) lifecycleCase {
	return lifecycleCase{server: server, client: client, clause: retry,
		script: []string{stream(body)}, requests: twice, losses: []string{"ended, " + wait}}
}

// refusing is the case of a 503 with a Retry-After.
func refusing(server, client, after, wait string) lifecycleCase {
	return lifecycleCase{server: server, client: client, clause: "RFC 9110, 10.2.3, Retry-After",
		differs: givesUp, script: []string{status(503, "Retry-After: "+after)}, requests: twice, losses: []string{"503, " + wait}}
}

var waits = []lifecycleCase{
	told("sends `retry: 5000`", "waits for 5 s", "retry: 5000\n\n", "5s"),
	told("sends `retry: 0`", "connects again at once", "retry: 0\n\n", "0s"),
	told("sends `retry: 005000`", "waits for 5 s", "retry: 005000\n\n", "5s"),
	told("sends `retry: 5s`", "ignores it, waits for 3 s", "retry: 5s\n\n", "3s"),
	told("sends `retry: -5`", "ignores it, waits for 3 s", "retry: -5\n\n", "3s"),
	told("sends `retry:` and nothing else", "ignores it, waits for 3 s", "retry:\n\n", "3s"),
	told("sends `retry: 5000`, and then `retry: 7000`", "waits for 7 s: the last one counts", "retry: 5000\n\nretry: 7000\n\n", "7s"),
	told("sends `retry: 5000`, and then `retry: x`", "waits for 5 s: the last good one counts", "retry: 5000\nretry: x\n\n", "5s"),
	told("sends `retry: 5000` in an event that it does not end", "waits for 5 s: a retry counts at once", "retry: 5000\n", "5s"),
	{server: "sends `retry: 9223372036855`, which is 292 years", client: "ignores it, waits for 3 s", clause: retry,
		differs: "no time.Duration holds it",
		script:  []string{stream("retry: 9223372036855\n\n")}, requests: twice, losses: []string{ended}},
	{server: "sends `retry: 5000` in the first stream only", client: "waits for 5 s after the second, too", clause: again,
		script:   []string{stream("retry: 5000\n\n"), stream("")},
		requests: slices.Repeat(once, 3), losses: []string{"ended, 5s", "ended, 5s"}},
	refusing("answers 503 with `Retry-After: 120`", "waits for 2 min", "120", "2m0s"),
	refusing("answers 503 with `Retry-After: 1`", "waits for 3 s, which is longer", "1", "3s"),
	refusing("answers 503 with a Retry-After in the past", "waits for 3 s", "Sun, 06 Nov 1994 08:49:37 GMT", "3s"),
	refusing("answers 503 with `Retry-After: soon`", "ignores it, waits for 3 s", "soon", "3s"),
	{server: "answers 429 with `Retry-After: 120`", client: "waits for 2 min", clause: "RFC 6585, 4, 429 Too Many Requests",
		differs: givesUp,
		script:  []string{status(429, "Retry-After: 120")}, requests: twice, losses: []string{"429, 2m0s"}},
	{server: "answers 404 with `Retry-After: 120`", client: "ends with an error", clause: fails,
		script: []string{status(404, "Retry-After: 120")}, requests: once, end: "404"},
	{server: "accepts and closes three times", client: "waits for 3 s and half a window: 4.5 s, 6 s, 9 s", clause: again + ", wait some more",
		random: 0.5, script: []string{"", "", ""}, requests: slices.Repeat(once, 4),
		losses: []string{"no response, 4.5s", "no response, 6s", "no response, 9s"}},
	{server: "opens two streams without an event", client: "waits for 3 s and half a window: 4.5 s, 6 s", clause: again + ", wait some more",
		random: 0.5, script: []string{stream(": hello\n\n"), stream("")}, requests: slices.Repeat(once, 3),
		losses: []string{"ended, 4.5s", "ended, 6s"}},
	{server: "opens two streams with an event each", client: "waits for 3 s and half a window: 4.5 s twice", clause: again + ", wait some more",
		random: 0.5, script: []string{stream(eventA), stream(eventA)}, requests: slices.Repeat(once, 3),
		events: []string{isA, isA}, losses: []string{"ended, 4.5s", "ended, 4.5s"}},
}

// marked is the case of a stream after which the client has an ID, or none. next is the
// request that follows it.
func marked(server, client, clause, body, next string, events ...string) lifecycleCase {
	return lifecycleCase{server: server, client: client, clause: clause,
		script: []string{stream(body)}, requests: []string{get, next}, events: events, losses: []string{ended}}
}

var ids = []lifecycleCase{
	marked("sends two events with IDs", "asks with the second ID", idHeader,
		"id: 7\ndata: a\n\nid: 8\ndata: b\n\n", get+" id=8", "message/7/a", "message/8/b"),
	marked("sends an event without an ID after one with an ID", "asks with that ID", idField,
		"id: 7\ndata: a\n\ndata: b\n\n", get+" id=7", "message/7/a", "message/7/b"),
	marked("sends an ID and no data", "asks with it, although there was no event", "9.2.6, dispatch the event", "id: 7\n\n", get+" id=7"),
	marked("sends an empty ID after another", "asks without a Last-Event-ID", idHeader,
		"id: 7\ndata: a\n\nid\ndata: b\n\n", get, "message/7/a", isB),
	{server: "sends an empty ID in the second stream", client: "asks with the first ID, and then without one", clause: idHeader,
		script: []string{stream("id: 7\n\n"), stream("id:\n\n")}, requests: []string{get, get + " id=7", get}, losses: []string{ended, ended}},
	marked("sends an ID with a NUL after another", "ignores it, asks with the other", idField,
		"id: 7\ndata: a\n\nid: 8\x00\ndata: b\n\n", get+" id=7", "message/7/a", "message/7/b"),
	marked("sends an ID in an event that it does not end", "asks with the ID before", endOfFile,
		"id: 7\ndata: a\n\nid: 8\ndata: b\n", get+" id=7", "message/7/a"),
	marked("sends the ID `ä/€`", "sends it back as UTF-8", idHeader, "id: ä/€\ndata: a\n\n", get+" id=ä/€", "message/ä/€/a"),
	marked("sends an ID that is not UTF-8", "sends U+FFFD back", bom, "id: \xff\ndata: a\n\n", get+" id=\uFFFD", "message/\uFFFD/a"),
	marked("sends an ID with a space on each side", "sends it back without them", "RFC 9110, 5.5, Field Values",
		"id:  7 \ndata: a\n\n", get+" id=7", "message/ 7 /a"),
	{server: "sends an ID with a U+0001", client: "asks without a Last-Event-ID", clause: "RFC 9110, 5.5, Field Values",
		differs: "Chromium sends it, and Go's servers answer 400",
		script:  []string{stream("id: 7\x01\ndata: a\n\n")}, requests: twice, events: []string{"message/7\x01/a"}, losses: []string{ended}},
	{server: "sends an event without an ID in the second stream", client: "keeps the ID of the first", clause: idField,
		differs: "like Chromium, unlike the standard",
		script:  []string{stream("id: 7\ndata: a\n\n"), stream("data: b\n\n")}, requests: []string{get, get + " id=7", get + " id=7"},
		events: []string{"message/7/a", "message/7/b"}, losses: []string{ended, ended}},
	{server: "sends an ID, and then answers 503", client: "still asks with it", clause: idHeader, differs: givesUp,
		script: []string{stream("id: 7\n\n"), status(503)}, requests: []string{get, get + " id=7", get + " id=7"},
		losses: []string{ended, "503, 3s"}},
	{server: "is asked by a client that was given an ID", client: "asks with it the first time", clause: "9.2.4, Last-Event-ID",
		differs:     "a page cannot give one",
		lastEventID: "7", script: []string{stream(eventA)}, requests: []string{get + " id=7", get + " id=7"},
		events: []string{"message/7/a"}, losses: []string{ended}},
}

// piecewise is the case of a stream with a chunk for each byte.
func piecewise(name, end string) lifecycleCase {
	wire := "data: a" + end + "data" + end + end + "data: b" + end + end
	return lifecycleCase{server: "ends lines with " + name + ", a chunk for each byte", client: "reads two events", clause: lineEnds,
		script:   []string{chunked(lastChunk, strings.Split(wire, "")...)},
		requests: twice, events: []string{"message//a\n", isB}, losses: []string{ended}}
}

// cutShort is the case of an event of which each stream has one byte more than the one
// before. more is how many bytes the last stream has behind the one that ends the event's
// blank line: after a CR, its LF.
func cutShort(name, end string, more int) lifecycleCase {
	c := lifecycleCase{server: "ends lines with " + name + ", and each stream a byte later", client: "drops an event without its blank line",
		clause: endOfFile}
	wire := "id: 7\ndata: a" + end + end
	for n := range len(wire) + 1 {
		c.script = append(c.script, stream(wire[:n]))
		c.losses = append(c.losses, ended)
	}
	c.events = slices.Repeat([]string{"message/7/a"}, 1+more)
	c.requests = append(slices.Repeat(once, len(c.script)-more), slices.Repeat([]string{get + " id=7"}, 1+more)...)
	return c
}

var lines = []lifecycleCase{
	piecewise("LF", "\n"), piecewise("CR", "\r"), piecewise("CRLF", "\r\n"),
	cutShort("LF", "\n", 0), cutShort("CR", "\r", 0), cutShort("CRLF", "\r\n", 1),
	{server: "begins each stream with a BOM", client: "reads both streams", clause: bom,
		script: []string{stream("\uFEFFdata: a\n\n"), stream("\uFEFFdata: b\n\n")}, requests: slices.Repeat(once, 3),
		events: []string{isA, isB}, losses: []string{ended, ended}},
	{server: "sends a BOM in the middle", client: "takes it as part of a name, or of the data", clause: bom,
		script:   []string{stream("data: a\n\n\uFEFFdata: x\n\ndata: \uFEFFb\n\n")},
		requests: twice, events: []string{isA, "message//\uFEFFb"}, losses: []string{ended}},
	{server: "sends half an event, and all of it in the next stream", client: "reads it once", clause: endOfFile,
		script:   []string{stream("id: 7\ndata: a\n\ndata: b\n"), stream("id: 8\ndata: b\n\n")},
		requests: []string{get, get + " id=7", get + " id=8"}, events: []string{"message/7/a", "message/8/b"}, losses: []string{ended, ended}},
	{server: "sends only comments", client: "reads no event, connects again", clause: "9.2.6, a line that starts with a colon",
		script: []string{stream(": hello\n\n: data\n\n")}, requests: twice, losses: []string{ended}},
}
