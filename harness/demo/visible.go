package demo

import (
	"fmt"
	"strings"

	framing "example.com/sseworkbook/solutions/01-framing"
)

// visible returns s with each control character as its symbol: ␊ for a line
// feed. What a peer sends can so neither hide nor steer the terminal.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ':
			return '␀' + r // the symbols stand in the order of the characters
		case r == 0x7f:
			return '␡'
		case 0x80 <= r && r < 0xa0: // the second set of controls has no symbols
			return '\uFFFD'
		}
		return r
	}, s)
}

// describe returns an event as a line for a person; a line of data more is a
// line more.
func describe(event framing.Event) string {
	var id string
	if event.ID != "" {
		id = fmt.Sprintf("id %s · ", visible(event.ID))
	}
	lines := strings.Split(event.Data, "\n")
	for i, line := range lines {
		lines[i] = visible(line)
	}
	return fmt.Sprintf("%s · %s%s", visible(event.Type), id, strings.Join(lines, "\n    "))
}
