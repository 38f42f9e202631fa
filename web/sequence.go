package web

// Sequence returns the script and the style of the sequence diagram, for a page
// that holds them itself and has nowhere to load them from. The script is a
// module that exports the class Sequence; the style is of the diagram alone.
func Sequence() (script, style string) {
	return file("sequence.js"), file("sequence.css")
}

// SequencePage returns the style of a page around sequence diagrams.
func SequencePage() (style string) { return file("sequence-page.css") }

// file returns one of the embedded files.
func file(name string) string {
	text, err := files.ReadFile(name)
	if err != nil {
		panic(err) // a test names each of them
	}
	return string(text)
}
