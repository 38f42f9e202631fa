package tour

import (
	"fmt"
	"strings"
)

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

// x returns the column of a party's lane, a line that runs down the page.
func (p Party) x() int { return firstLane + laneWidth*int(p) }

// laneHeads returns the line above the lanes.
func laneHeads() string {
	line := []rune(strings.Repeat(" ", creditAt))
	for p, name := range names {
		copy(line[Party(p).x()-len(name)/2:], []rune(name))
	}
	copy(line[textAt:], []rune("message"))
	return string(line) + "lesson"
}

// draw returns the lanes with the message as an arrow across them.
func (m Message) draw() string {
	line := m.lanes()
	left, right := m.From.x(), m.To.x()
	tail, head := '├', '→'
	if left > right {
		left, right = right, left
		tail, head = '┤', '←'
	}
	for x := left + 1; x < right; x++ {
		line[x] = '─'
	}
	line[m.From.x()] = tail
	line[m.To.x()] = laneSymbol
	if m.From < m.To {
		line[right-1] = head
	} else {
		line[left+1] = head
	}
	if m.End {
		line[right] = endSymbol // the client is always the one on the right
	}
	return string(line)
}

// lanes returns the lanes of all who are there.
func (m Message) lanes() []rune {
	line := []rune(strings.Repeat(" ", textAt))
	for _, p := range m.present {
		line[p.x()] = laneSymbol
	}
	return line
}

// message writes a message, and who built it.
func (p *printer) message(m Message, credit string, st style) {
	text := fmt.Sprintf("%-*s", creditAt-textAt, fit(m.Text, textWidth))
	p.line(m.draw() + text + p.set(st, credit))
	if m.Reason != "" {
		p.line(string(m.lanes()) + p.set(faint, fit(m.Reason, pageWidth-textAt)))
	}
}
