package step

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/inspect"
)

// others is a goroutine in the learner's code that has crashed nothing.
const others = `
goroutine 7 [chan receive]:
example.com/x/lessons/05-sample.Wait()
	/x/lessons/05-sample/sample.go:12 +0x1
`

// inSample makes the sample the lesson of this test.
func inSample(t *testing.T) {
	folder := current.folder
	t.Cleanup(func() { current.folder = folder })
	current.folder = "05-sample"
}

// The place that a crash is given is of the goroutine that crashed, also when
// that one never was in the learner's code and others are.
func TestACrashIsPlacedWhereItHappened(t *testing.T) {
	inSample(t)
	require.Equal(t, "panic: no answer, at sample_test.go:40 (TestOne.func1)", crashSentence(`panic: no answer [recovered]

goroutine 9 [running]:
example.com/x/lessons/05-sample_test.TestOne.func1()
	/x/lessons/05-sample/sample_test.go:40 +0x1
`+others))
	require.Equal(t, "fatal error: out of memory, at sample.go:12 (Wait, chan receive)", crashSentence(`fatal error: out of memory

goroutine 9 [running]:
runtime.throw()
	/go/src/runtime/panic.go:1 +0x1
`+others))
}

// A panic has nothing to do with those who happen to be in the learner's code. Where what
// the lesson gives has called nothing of the learner's, its own line is named.
func TestAPanicIsNotPlacedAtAnother(t *testing.T) {
	inSample(t)
	require.Equal(t, "panic: too late, at given.go:40 (endReads.func1)", crashSentence(`panic: too late

goroutine 9 [running]:
net/http.(*ResponseController).SetReadDeadline()
	/go/src/net/http/responsecontroller.go:1 +0x1
example.com/x/lessons/05-sample.endReads.func1()
	/x/lessons/05-sample/given.go:40 +0x1
`+others))
	require.Equal(t, "panic: elsewhere", crashSentence(`panic: elsewhere

goroutine 9 [running]:
net/http.(*ResponseController).SetReadDeadline()
	/go/src/net/http/responsecontroller.go:1 +0x1
`+others))
}

// What hangs is named at the call of the lesson's test that does not return, rather
// than where another goroutine happens to be in the learner's code.
func TestWhatTheTestCalledIsNamedFirst(t *testing.T) {
	inSample(t)
	at, found := ownPlace(inspect.Parse(`goroutine 7 [chan receive]:
example.com/x/lessons/05-sample.Serve()
	/x/lessons/05-sample/sample.go:12 +0x1
created by example.com/x/lessons/05-sample_test.TestOne in goroutine 3
	/x/lessons/05-sample/sample_test.go:30 +0x1

goroutine 8 [sync.WaitGroup.Wait]:
example.com/x/lessons/05-sample.Close()
	/x/lessons/05-sample/sample.go:31 +0x1
example.com/x/lessons/05-sample_test.TestOne.func2()
	/x/lessons/05-sample/sample_test.go:41 +0x1
`))
	require.True(t, found)
	require.Equal(t, "sample.go:31 (Close, sync.WaitGroup.Wait)", at.String())
}

// What a lesson gives may panic as well: the learner's line is the one that called
// it.
func TestACrashInWhatIsGivenIsNamedAtTheLearnersLine(t *testing.T) {
	inSample(t)
	require.Equal(t, "panic: no queue, at sample.go:12 (Wait)", crashSentence(`panic: no queue

goroutine 7 [running]:
example.com/x/lessons/05-sample.(*queue).put(...)
	/x/lessons/05-sample/given.go:40 +0x1
example.com/x/lessons/05-sample.Wait()
	/x/lessons/05-sample/sample.go:12 +0x1
`))
}
