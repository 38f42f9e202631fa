package framing

import "fmt"

// A FieldError says which field of an event cannot be sent, and why.
type FieldError struct {
	Field  string // the field's name on the wire: "event", "id" or "retry"
	Reason string // what is wrong with its value, such as "contains a line break"; one line, no control characters
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("event field %q: %s", e.Field, e.Reason)
}
