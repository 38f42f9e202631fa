package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// colours reports whether w takes colours: a terminal that can do more than print,
// whose owner has not said no (https://no-color.org).
func colours(w io.Writer) bool { return rewrites(w) && os.Getenv("NO_COLOR") == "" }

// rewrites reports whether w is a terminal that can do more than print: one on which
// a line can be written anew.
func rewrites(w io.Writer) bool { return isTerminal(w) && os.Getenv("TERM") != "dumb" }

// isTerminal reports whether a person is at the other end of rw, a reader or a
// writer.
func isTerminal(rw any) bool {
	file, ok := rw.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
