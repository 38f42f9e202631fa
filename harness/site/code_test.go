package site

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAStepsNameIsASentence(t *testing.T) {
	for name, want := range map[string]string{
		"TestAnEventIsADataFieldAndABlankLine": "An event is a data field and a blank line",
		"TestANULInAnIDIsRefused":              "A NUL in an ID is refused",
		"TestLinesEndWithLFOrCRLFOrCR":         "Lines end with LF or CRLF or CR",
		"TestAWriterThatCannotFlushGetsA500":   "A writer that cannot flush gets a 500",
		"TestIDsAreNeverTheSame":               "IDs are never the same",
		"FuzzWhatIsReadIsWhatWasSent":          "What is read is what was sent",
		"TestTheStreamIsUTF8":                  "The stream is UTF8",
		"":                                     "",
	} {
		require.Equal(t, want, sentence(name))
	}
}

func TestWhatABlockIsWrittenInIsSeen(t *testing.T) {
	for text, want := range map[string]kind{
		"go test ./lessons/01-framing":                         kindShell,
		"curl -N http://localhost:8080/events":                 kindShell,
		"event: tick\nid: 7\n\n":                               kindStream,
		"data: one\ntwo":                                       kindStream,
		": still here":                                         kindStream,
		"fmt.Fprintf(w, \"data: %s\\n\\n\", message)":          kindGo,
		"var clients = map[int64]chan string{}\n\nfunc f() {}": kindGo,
		"may we pay 5,000,000?  yes":                           kindPlain,
		"fatal error: concurrent map writes":                   kindPlain,
		"HTTP/1.1 202 Accepted":                                kindPlain,
		"func f() {\n\ta()\n\n\tb()\n}\n\nf()":                 kindGo,
		"synctest.Test(t, func(t *testing.T) { … })":           kindGo,
		"event: request\ndata: (none)":                         kindStream,
		"two":                                                  kindPlain,
	} {
		require.Equal(t, want, kindOf([]byte(text)), text)
	}
}

// Many fonts have no sign for a line feed, so the page draws it, one column wide.
func TestASignThatFontsLackIsDrawn(t *testing.T) {
	require.Contains(t, codeBlock([]byte("  ← data: hi!␊     │"), kindPlain), `hi!<span class="symbol" data-name="LF">␊</span>     │`)
}

// Whatever it is, the text is all there, line by line, and nothing of it is HTML.
func TestHighlightedGoIsTheSameText(t *testing.T) {
	tag := regexp.MustCompile(`</?span[^>]*>`)
	unescape := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&amp;", "&")
	for _, text := range []string{
		"package p\n\n// <b>\nfunc f() string { return `a\n\tb` /* c\nd */ }",
		"func x( {\n\t\"unfinished\n\t'",
		"a /* never ends",
		"x := `never ends\n<script>",
		"\x00\xff & \u2028",
		"",
	} {
		lines := goLines([]byte(text + "\n"))
		require.Len(t, lines, strings.Count(text, "\n")+1)
		for i, line := range strings.Split(text, "\n") {
			require.Equal(t, strings.Count(lines[i], "<span"), strings.Count(lines[i], "</span>"), "a span ends in its line")
			bare := tag.ReplaceAllString(lines[i], "")
			require.NotContains(t, bare, "<")
			require.Equal(t, line, unescape.Replace(bare))
		}
	}
	require.Equal(t, `<span class="k">return</span> <span class="n">1</span> <span class="c">// one</span>`, goLines([]byte("return 1 // one"))[0])
}
