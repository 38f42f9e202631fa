package pair

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/inspect"
)

// A folder's name may have spaces, and the place is followed by an offset, or not.
func TestALineIsFoundInAnyFolder(t *testing.T) {
	for _, place := range []string{
		"/home/me/workbook/lessons/04-sessions/sessions.go:71 +0x44",
		"/home/me/mein büro/sse +0x workbook/lessons/04-sessions/sessions.go:71 +0x44",
		"C:/Users/A Person/go.go:7 x/sessions.go:71",
		"/home/me/a b/sessions.go:71 +0x44 fp=0x1 sp=0x2 pc=0x3",
	} {
		dump := "goroutine 7 [running]:\nexample.com/sseworkbook/lessons/04-sessions.(*Registry).Send(0xc00001)\n\t" + place + "\n"
		require.Equal(t, "sessions.go:71", ownLine(inspect.Parse(dump)[0].Frames), place)
	}
	require.Equal(t, "a line of the standard library", ownLine(inspect.Parse("goroutine 7 [running]:\nnet/http.(*conn).serve()\n\t/go/src/net/http/server.go:1 +0x1\n")[0].Frames))
}
