package programs

import (
	"fmt"
	"strings"

	"example.com/sseworkbook/harness/visible"
	framing "example.com/sseworkbook/solutions/01-framing"
)

// Describe returns an event as a line for a person; a line of data more is a
// line more. The data is whole, since it is what the person asked for.
func Describe(event framing.Event) string {
	var id string
	if event.ID != "" {
		id = fmt.Sprintf("id %s · ", visible.Short(event.ID))
	}
	lines := strings.Split(event.Data, "\n")
	for i, line := range lines {
		lines[i] = visible.Text(line)
	}
	return fmt.Sprintf("%s · %s%s", visible.Short(event.Type), id, strings.Join(lines, "\n    "))
}
