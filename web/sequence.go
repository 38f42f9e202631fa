package web

// SequenceFile returns the script and the style of a page that holds a trace itself
// and has nowhere to load them from. The script is a module; it looks for the trace
// in the element trace, in JSON, and puts what it draws into the element steps.
func SequenceFile() (script, style string) {
	return file("sequence.js") + "\n" + file("sequence-trace.js"), file("sequence-page.css") + "\n" + file("sequence.css")
}

// file returns one of the embedded files.
func file(name string) string {
	text, err := files.ReadFile(name)
	if err != nil {
		panic(err) // a test names each of them
	}
	return string(text)
}
