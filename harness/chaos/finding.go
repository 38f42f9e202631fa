package chaos

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"example.com/sseworkbook/harness/visible"
)

// words says in lines what is wrong at a client, and what had happened to its connection.
func (a account) words(f Finding) string {
	var b strings.Builder
	fmt.Fprintf(&b, "client %d: %s\n", a.number, f)
	got, want := fromDifference(f.Got, f.Want)
	if got != "" {
		fmt.Fprintf(&b, "    got   %s\n", visible.Short(got))
	}
	if want != "" {
		fmt.Fprintf(&b, "    want  %s\n", visible.Short(want))
	}
	last := f.Connection
	if last == 0 && len(a.entries) > 0 {
		fmt.Fprint(&b, "    nothing came after that\n")
		last = a.entries[len(a.entries)-1].Connection
	}
	for _, connection := range []int{last - 1, last} {
		if connection > 0 {
			fmt.Fprintf(&b, "    connection %d %s\n", connection, a.ended(connection))
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// sameAtMost is how many bytes of what is the same are shown before a difference.
const sameAtMost = 40

// fromDifference leaves out most of what is the same at the beginning of two texts.
func fromDifference(a, b string) (string, string) {
	same := 0
	for same < min(len(a), len(b)) && a[same] == b[same] {
		same++
	}
	from := same - sameAtMost
	for from > 0 && !utf8.RuneStart(a[from]) {
		from--
	}
	if from <= 0 || b == "" {
		return a, b
	}
	return "…" + a[from:], "…" + b[from:]
}

// ended says what the last fault of a connection was.
func (a account) ended(connection int) string {
	text := "had no fault"
	for _, e := range a.entries {
		if e.What == Faulted && e.Connection == connection {
			text = "was " + e.fault()
		}
	}
	return text
}

// fault says what happened to a connection, and where: "cut after 120 bytes, in a frame".
func (e Entry) fault() string {
	text := fmt.Sprintf("%s after %s", e.Fault.Kind, counted(e.Place.Passed, "byte"))
	switch {
	case e.Place.InCharacter:
		return text + ", in a character"
	case e.Place.InFrame:
		return text + ", in a frame"
	}
	return text
}

// String says what is wrong.
func (f Finding) String() string {
	events, them := fmt.Sprintf("event %d", f.From), "it"
	if f.To > f.From {
		events, them = fmt.Sprintf("events %d to %d", f.From, f.To), "them"
	}
	switch f.Wrong {
	case Missing:
		return events + " never came, and no reset announced that"
	case Doubled:
		return events + " came again"
	case OutOfOrder:
		return events + " came too late"
	case Altered:
		return events + " is not what was published"
	case Foreign:
		return "something came that was not published"
	default: // Needless
		if f.From > f.To {
			return fmt.Sprintf("a reset went back to event %d", f.To)
		}
		return fmt.Sprintf("a reset announced %s as missing, but the log still had %s", events, them)
	}
}
