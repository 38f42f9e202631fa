package tour

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// A lane is one party of the second act, as a line that runs down the page.
type lane int

const (
	shop lane = iota
	server
	alice
	bob
)

var laneNames = [...]string{"shop", "server", "alice", "bob"}

// The lanes, what a message is, and who built it, beside each other, fit into 80.
const (
	firstLane  = 3
	laneWidth  = 7
	textAt     = firstLane + laneWidth*int(bob) + 4
	textWidth  = 37
	creditAt   = textAt + textWidth + 2
	pageWidth  = 80
	laneSymbol = '│'
	endSymbol  = '╳'
)

// An arrow is one message from a party to another.
type arrow struct {
	from, to lane
	text     string // what the message is
	reason   string // of a refusal: in a line of its own
	lesson   string // whose code has sent it
	wire     string // its bytes; "" where nothing is sent
	present  []lane // who was there before it
	last     bool   // with it, the client's connection is over
}

// x returns the column of a lane.
func (l lane) x() int { return firstLane + laneWidth*int(l) }

// laneHeads returns the line above the lanes.
func laneHeads() string {
	line := []rune(strings.Repeat(" ", creditAt))
	for l := range bob + 1 {
		name := []rune(laneNames[l])
		copy(line[l.x()-len(name)/2:], name)
	}
	copy(line[textAt:], []rune("message"))
	return string(line) + "lesson"
}

// draw returns the lanes with the arrow across them.
func (a arrow) draw() string {
	line := a.lanes()
	left, right := a.from.x(), a.to.x()
	tail, head := '├', '→'
	if left > right {
		left, right = right, left
		tail, head = '┤', '←'
	}
	for x := left + 1; x < right; x++ {
		line[x] = '─'
	}
	line[a.from.x()] = tail
	line[a.to.x()] = laneSymbol
	if a.from < a.to {
		line[right-1] = head
	} else {
		line[left+1] = head
	}
	if a.last {
		line[right] = endSymbol // the client is always the one on the right
	}
	return string(line)
}

// lanes returns the lanes of all who are there.
func (a arrow) lanes() []rune {
	line := []rune(strings.Repeat(" ", textAt))
	for l := range bob + 1 {
		if slices.Contains(a.present, l) {
			line[l.x()] = laneSymbol
		}
	}
	return line
}

// arrow writes a message, and who built it.
func (p *printer) arrow(a arrow, credit string, st style) {
	text := fit(a.text, textWidth)
	gap := strings.Repeat(" ", creditAt-textAt-utf8.RuneCountInString(text))
	p.line(a.draw() + text + gap + p.set(st, credit))
	if a.reason != "" {
		p.line(string(a.lanes()) + p.set(faint, fit(a.reason, pageWidth-textAt)))
	}
}
