package inspect

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
		"from a folder with spaces in its name": `goroutine 7 [chan receive]:
example.com/sseworkbook/lessons/04-sessions.(*Registry).Send(0xc00001)
	/home/me/my work book/lessons/04-sessions/sessions.go:71 +0x44
`,
		"on Windows": `goroutine 7 [chan receive]:
example.com/sseworkbook/lessons/04-sessions.(*Registry).Send(0xc00001)
	C:/Documents and Settings/lessons/04-sessions/sessions.go:71 +0x44
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
			all := Parse(dump)
			require.Len(t, all, 1)
			require.EqualValues(t, 7, all[0].ID)
			require.Equal(t, "chan receive", all[0].State)
			require.NotEmpty(t, all[0].Frames)
			require.Equal(t, "sessions.go:71", all[0].Frames[0].Location())
			require.Equal(t, "(*Registry).Send", all[0].Frames[0].Name())
			require.Equal(t, "example.com/sseworkbook/lessons/04-sessions", all[0].Frames[0].Package())
			require.Contains(t, all[0].Frames[0].File, "/lessons/04-sessions/sessions.go")
		})
	}
}

func TestAGoroutineThatStartsTheGarbageCollectorRuns(t *testing.T) {
	collects := Goroutine{State: "semacquire", Frames: []Frame{{Function: "example.com/answer.grow"}}}
	require.True(t, collects.Running())
	waits := Goroutine{State: "semacquire", Frames: []Frame{{Function: "internal/poll.runtime_Semacquire"}}}
	require.False(t, waits.Running())
}

func TestADataRaceIsReadAsItIsPrinted(t *testing.T) {
	all := Parse(`==================
WARNING: DATA RACE
Write at 0x00c000014178 by goroutine 8:
  example.com/x/lessons/05-sample.race.func1()
      /home/me/my files/05-sample/sample.go:77 +0x2c

Previous read at 0x00c000014178 by main goroutine:
  example.com/x/lessons/05-sample.race()
      /home/me/my files/05-sample/sample.go:78 +0xb0

Goroutine 8 (running) created at:
  sync.(*WaitGroup).Go()
      /go/src/sync/waitgroup.go:238 +0x80
==================
`)
	require.Len(t, all, 3)
	require.Equal(t, []string{"write", "read", "created"}, []string{all[0].State, all[1].State, all[2].State})
	require.Equal(t, "sample.go:77", all[0].Frames[0].Location())
	require.Equal(t, "sample.go:78", all[1].Frames[0].Location())
}

func TestNamesOfFunctions(t *testing.T) {
	for long, short := range map[string]string{
		"example.com/x/lessons/01-framing.Event.AppendText({0x1, 0x2}, ...)": "Event.AppendText",
		"example.com/x/lessons/03-parsing.(*Decoder).Events.func1(0x1)":      "(*Decoder).Events.func1",
		"example.com/x/lessons/04-sessions.Map[...].Get(...)":                "Map.Get",
		"created by example.com/x/y.Run in goroutine 8":                      "Run",
		"main.main()":       "main",
		"panic({0x1, 0x2})": "panic",
	} {
		require.Equal(t, short, frame(long).Name())
	}
}
