package stub

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/toolchain"
)

// What a stub returns compiles, and whoever uses it neither panics nor hangs: it runs through a real test here, as a
// lesson's test would call it.
func TestWhatAStubReturnsDoesNoHarm(t *testing.T) {
	stub, err := Derive("topic.go", []byte(everyResult))
	require.NoError(t, err)

	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/topic\n\ngo 1.26\n", "topic.go": string(stub), "topic_test.go": everyUse,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	output, err := toolchain.Command(t.Context(), dir, "test", "-timeout=10s", ".").CombinedOutput()
	require.NoError(t, err, "%s\nof the stub\n%s", output, stub)
}

const everyResult = `package topic

import "net/http"

type Number int

//lesson:todo x
func Basics() (bool, int, int64, string, error) { panic("") }

//lesson:todo x
func Named() (a, b int, _ string, ok bool) { panic("") }

//lesson:todo x
//lesson:return b, nil
func (Number) AppendText(b []byte) ([]byte, error) { panic("") }

//lesson:todo x
//lesson:return new(Number), map[string]int{}
func Said() (*Number, map[string]int) { panic("") }

//lesson:todo x
//lesson:begin http.Error(w, "not written yet", http.StatusNotImplemented)
func (n Number) ServeHTTP(w http.ResponseWriter, r *http.Request) { panic("") }

//lesson:todo x
func Quiet(int) { panic("") }
`

const everyUse = `package topic

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func Test(t *testing.T) {
	Basics()
	Named()
	Quiet(1)
	if b, _ := Number(1).AppendText([]byte("as it came")); string(b) != "as it came" {
		t.Errorf("b became %q", b)
	}
	number, counts := Said()
	*number, counts["a"] = 1, 2
	w := httptest.NewRecorder()
	Number(1).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != http.StatusNotImplemented {
		t.Errorf("status %d", w.Code)
	}
}
`
