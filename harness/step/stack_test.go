package step

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStacksAreReadAsTheyArePrinted(t *testing.T) {
	for name, dump := range map[string]string{
		"by the runtime": `goroutine 7 [chan receive, 2 minutes, synctest bubble 1]:
example.com/sseworkbook/lessons/04-sessions.(*Registry).Send(0xc00001, {0xc2, 0x3})
	/home/me/lessons/04-sessions/sessions.go:71 +0x44
`,
		"with durable waits": `goroutine 7 [chan receive (durable), synctest bubble 1]:
example.com/sseworkbook/lessons/04-sessions.(*Registry).Send(...)
	/home/me/lessons/04-sessions/sessions.go:71
`,
		"after a fatal error": `goroutine 7 gp=0xc0001 m=0 mp=0x55 [chan receive]:
example.com/sseworkbook/lessons/04-sessions.(*Registry).Send(0xc00001)
	/home/me/lessons/04-sessions/sessions.go:71 +0x44 fp=0x1 sp=0x2 pc=0x3
`,
		"by goleak": `found unexpected goroutines:
[Goroutine 7 in state chan receive, with example.com/x.f on top of the stack:
example.com/sseworkbook/lessons/04-sessions.(*Registry).Send(0xc00001)
	/home/me/lessons/04-sessions/sessions.go:71 +0x44
created by x.g in goroutine 6
	/home/me/other.go:1 +0x1
]`,
	} {
		t.Run(name, func(t *testing.T) {
			all := parseStacks(dump)
			require.Len(t, all, 1)
			require.NotEmpty(t, all[0].frames)
			require.Equal(t, "sessions.go:71 ((*Registry).Send, chan receive)", all[0].frames[0].String())
		})
	}
}

func TestNamesOfFunctions(t *testing.T) {
	for long, short := range map[string]string{
		"example.com/x/lessons/01-framing.Event.AppendText({0x1, 0x2}, ...)": "Event.AppendText",
		"example.com/x/lessons/03-parsing.(*Decoder).Events.func1(0x1)":      "(*Decoder).Events.func1",
		"example.com/x/lessons/04-sessions.Map[...].Get(...)":                "Map.Get",
		"created by example.com/x/y.Run in goroutine 8":                      "Run",
		"main.main()": "main",
	} {
		require.Equal(t, short, shortName(long))
	}
}
