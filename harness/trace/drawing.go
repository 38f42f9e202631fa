package trace

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.com/sseworkbook/harness/pair/record"
	"example.com/sseworkbook/harness/visible"
)

// labelWidth is how many characters of what was sent stand beside an arrow.
const labelWidth = 100

// A drawing turns what a pair has recorded into a diagram.
type drawing struct {
	pair      Pair
	exchanges map[int]*exchange
	requests  map[string]int // how many there are, by who has sent them
	numbered  map[string]int // how many have a number by now
	left      int
	full      bool
}

// An exchange is one request, and what has come back.
type exchange struct {
	prefix string // "#2 " for the second one of a sender that has several
	stream bool
	answer int // which message has the response's head; -1 before it has come
	body   []byte
	open   *frame // the frame of a stream that is not complete yet
}

// A frame is one event of a stream, or a part of it.
type frame struct {
	message int // which message it is
	began   time.Duration
	reads   int
	text    []byte
}

// drawPair returns the diagram of what one pair has recorded.
func drawPair(lines []record.Line) Pair {
	d := &drawing{exchanges: map[int]*exchange{}, requests: map[string]int{}, numbered: map[string]int{}}
	d.pair.Lanes = []string{"client", "server"}
	d.pair.Messages = []Message{}
	for _, line := range lines {
		if line.From == "proxy" || line.To == "proxy" {
			d.pair.Lanes = []string{"client", "proxy", "server"}
		}
		if line.Kind == record.Request {
			d.requests[line.From]++
		}
	}
	for _, line := range lines {
		d.pair.Part = line.Part
		d.add(line)
	}
	switch {
	case d.left > 0:
		d.pair.Left = fmt.Sprintf("What came later was left out: %d more.", d.left)
	case d.full:
		d.pair.Left = "What came later was left out."
	}
	return d.pair
}

// add draws one line of the record.
func (d *drawing) add(line record.Line) {
	x := d.exchanges[line.Exchange]
	if x == nil {
		x = &exchange{answer: -1}
		d.exchanges[line.Exchange] = x
	}
	switch line.Kind {
	case record.Request:
		d.numbered[line.From]++
		if d.requests[line.From] > 1 {
			x.prefix = fmt.Sprintf("#%d ", d.numbered[line.From])
		}
		_, body, _ := strings.Cut(string(line.Bytes), "\r\n\r\n")
		label := strings.TrimSpace(line.Text + " " + shorten(visible.Text(body)))
		d.draw(line, x, Message{Label: label, Bytes: string(line.Bytes), Note: cutOff(line)})
	case record.Head:
		d.head(line, x)
	case record.Body:
		d.body(line, x)
	case record.End:
		d.end(line, x)
	case record.Failed:
		d.pair.Failed = true
	case record.Panic, record.Held:
		d.draw(line, x, Message{Label: line.Text, Kind: Trouble})
	case record.Full:
		d.full = true
	case record.Left:
		d.left += line.Size
	}
}

// draw adds a message, as long as there is room, and returns its index, or -1.
func (d *drawing) draw(line record.Line, x *exchange, m Message) int {
	if len(d.pair.Messages) == messagesAtMost {
		d.left++
		return -1
	}
	m.At = milliseconds(line.At)
	m.From, m.To = line.From, line.To
	m.Label = x.prefix + m.Label
	d.pair.Messages = append(d.pair.Messages, m)
	return len(d.pair.Messages) - 1
}

// head draws status and header fields.
func (d *drawing) head(line record.Line, x *exchange) {
	m := Message{Label: line.Text, Bytes: string(line.Bytes), Note: cutOff(line)}
	if line.Text >= "4" {
		m.Kind = Refusal
	}
	x.stream = line.Stream
	x.answer = d.draw(line, x, m)
}

// body draws what was read of a body: of a stream frame by frame, of anything
// else together with its head.
func (d *drawing) body(line record.Line, x *exchange) {
	if x.stream {
		d.frames(line, x)
		return
	}
	if x.answer < 0 {
		return
	}
	m := &d.pair.Messages[x.answer]
	if len(x.body) == 0 {
		m.Label += " " + shorten(visible.Text(string(line.Bytes)))
	}
	if len(x.body) < bytesAtMost {
		x.body = append(x.body, line.Bytes...)
		m.Bytes += string(line.Bytes)
	}
	if note := cutOff(line); note != "" {
		m.Note = note
	}
}

// end draws the end of a response, where that says something.
func (d *drawing) end(line record.Line, x *exchange) {
	well := line.Text == record.EndedWell
	answered := x.answer >= 0
	if !x.stream && answered && (well || line.From == "client") {
		return // the answer was whole, or its reader had seen enough
	}
	m := Message{Label: "(" + line.Text + ")", Kind: End}
	if !well && line.From != "client" {
		m.Kind = Trouble
	}
	d.draw(line, x, m)
}

// frames draws what was read of a stream: each frame is a message. One that comes
// in several reads is one message, at the time of its first bytes.
func (d *drawing) frames(line record.Line, x *exchange) {
	for rest := line.Bytes; len(rest) > 0; {
		if x.open == nil {
			x.open = &frame{began: line.At, message: d.draw(line, x, Message{})}
		}
		size, whole := frameIn(x.open.text, rest)
		x.open.text = append(x.open.text, rest[:size]...)
		x.open.reads++
		d.label(line, x, whole)
		rest = rest[size:]
		if whole {
			x.open = nil
		}
	}
	if note := cutOff(line); note != "" && len(d.pair.Messages) > 0 {
		d.pair.Messages[len(d.pair.Messages)-1].Note = note
		x.open = nil // what follows is no more to be told apart
	}
}

// label says what the open frame is by now.
func (d *drawing) label(line record.Line, x *exchange, whole bool) {
	if x.open.message < 0 {
		return
	}
	m := &d.pair.Messages[x.open.message]
	text := visible.Text(strings.TrimRight(string(x.open.text), "\r\n"))
	m.Label = x.prefix + shorten(cmp.Or(text, "(a blank line)"))
	if len(x.open.text) <= bytesAtMost {
		m.Bytes = string(x.open.text)
	}
	switch later := line.At - x.open.began; {
	case !whole:
		m.Note = "no blank line ends it, so a browser shows nothing"
	case x.open.reads > 1:
		m.Note = fmt.Sprintf("arrived in %d pieces, the last one %v after the first", x.open.reads, later.Round(time.Microsecond))
	default:
		m.Note = ""
	}
}

// bytesAtMost is how many bytes one message has.
const bytesAtMost = 4 << 10

// frameIn returns how much of next belongs to the frame of which begun is there,
// and whether it is complete with that: its blank line has come.
func frameIn(begun, next []byte) (size int, whole bool) {
	end := record.FrameEnd(slices.Concat(begun, next))
	if end == 0 {
		return len(next), false
	}
	return end - len(begun), true
}

// cutOff says that a line has not all bytes.
func cutOff(line record.Line) string {
	if line.Size <= len(line.Bytes) {
		return ""
	}
	return fmt.Sprintf("the first %d of %d bytes", len(line.Bytes), line.Size)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// shorten leaves of a text what stands beside an arrow.
func shorten(text string) string {
	if runes := []rune(text); len(runes) > labelWidth {
		return string(runes[:labelWidth-1]) + "…"
	}
	return text
}
