package stub

import "regexp"

// directivesText are the lines in which a solution says what its stub looks like, with
// the bare "//" that parts them from the comment above.
var directivesText = regexp.MustCompile(`(?m)(^[ \t]*//\n)?^[ \t]*//lesson:.*\n|[ \t]*//lesson:drop$`)

// WithoutDirectives returns the text of a solution as a person would have written
// it: without what it says to the harness alone. Its lines end with a line feed.
func WithoutDirectives(text []byte) []byte { return directivesText.ReplaceAll(text, nil) }
