package site

import (
	"html/template"
	"regexp"
	"strings"
	"unicode"
)

// word is one word of a test's name. Abbreviations come first, for nothing parts
// them from their neighbours: "ANULInAnID".
var word = regexp.MustCompile(`CRLF|UTF8|JSON|POST|HTTP|NUL|SSE|GET|LF|CR|IDs|ID|[A-Z][a-z]*|[0-9]+|[^A-Z0-9]+`)

// sentence returns the name of a step as a person would say it:
// "TestANULInAnIDIsRefused" is "A NUL in an ID is refused".
func sentence(name string) string {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "Test"), "Fuzz")
	words := word.FindAllString(name, -1)
	for i, w := range words {
		if i > 0 && !isAbbreviation(w) {
			words[i] = strings.ToLower(w)
		}
	}
	return strings.Join(words, " ")
}

// isAbbreviation reports whether a word keeps its capitals: it has two of them.
func isAbbreviation(w string) bool {
	return len(w) > 1 && unicode.IsUpper(rune(w[0])) && unicode.IsUpper(rune(w[1]))
}

// capital returns text as a sentence begins, unless its first word is code: "w.Write",
// "readLine".
func capital(text string) string {
	first, _, _ := strings.Cut(text, " ")
	if first == "" || strings.ContainsFunc(first, func(r rune) bool { return r < 'a' || r > 'z' }) {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// quoted is code in a sentence.
var quoted = regexp.MustCompile("`([^`]+)`")

// inline returns a sentence as HTML, with the code in it as code.
func inline(text string) template.HTML {
	return template.HTML(quoted.ReplaceAllString(template.HTMLEscapeString(text), "<code>$1</code>"))
}
