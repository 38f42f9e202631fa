package step

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The place that a crash is given is of the goroutine that crashed, also when
// that one never was in the learner's code and others are.
func TestACrashIsPlacedWhereItHappened(t *testing.T) {
	folder := current.folder
	defer func() { current.folder = folder }()
	current.folder = "05-sample"
	const others = `
goroutine 7 [chan receive]:
example.com/x/lessons/05-sample.Wait()
	/x/lessons/05-sample/sample.go:12 +0x1
`
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

// What a lesson gives may panic as well: the learner's line is the one that called
// it.
func TestACrashInWhatIsGivenIsNamedAtTheLearnersLine(t *testing.T) {
	folder := current.folder
	defer func() { current.folder = folder }()
	current.folder = "05-sample"
	require.Equal(t, "panic: no queue, at sample.go:12 (Wait)", crashSentence(`panic: no queue

goroutine 7 [running]:
example.com/x/lessons/05-sample.(*queue).put(...)
	/x/lessons/05-sample/given.go:40 +0x1
example.com/x/lessons/05-sample.Wait()
	/x/lessons/05-sample/sample.go:12 +0x1
`))
}
