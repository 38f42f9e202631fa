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
	stub, err := Derive("topic.go", []byte(everyResult), nil)
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

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"time"
)

type (
	Point                     struct{ X, Y int }
	Pair[K comparable, V any] struct {
		K K
		V V
	}
	Number  int
	Word    = string
	Words   []Word
	Counts  map[string]int
	Grid    [2][2]int
	Handle  func(ctx context.Context, p Point) (int, error)
	Stop    context.CancelFunc
	Timeout time.Duration
	Moment  time.Time
	Any     interface{}
)

//lesson:todo x
func Basics() (bool, int8, uint64, float64, complex128, string, rune, byte, error, any) { panic("") }

//lesson:todo x
func Named() (a, b int, _ string, ok bool) { panic("") }

//lesson:todo x
func Locals() (Point, Number, Word, Words, Counts, Grid, Timeout, Moment, Any) { panic("") }

//lesson:todo x
func Pointers() (*Point, *Pair[string, int], *Number) { panic("") }

//lesson:todo x
func Literals() (struct{ N int }, [3]int, []int, map[int]int, interface{}, Point) { panic("") }

//lesson:todo x
func Funcs() (func(), func(a, b int) (int, error), Handle, Stop, func() *Point, context.CancelFunc) {
	panic("")
}

//lesson:todo x
func Standard() (time.Duration, time.Time, json.RawMessage, context.Context, http.Header) { panic("") }

//lesson:todo x
func Unknown() (cookie http.Cookie, err error) { panic("") }

//lesson:todo x
func Sequences[T any]() (iter.Seq[T], iter.Seq2[int, Pair[string, T]]) { panic("") }

//lesson:todo x
func Channel() (<-chan Point, error) { panic("") }

//lesson:todo x
func Generic[K comparable, V any](K) (K, V, Pair[K, V], []V) { panic("") }

//lesson:todo x
func (p *Pair[K, V]) Value() V { panic("") }

//lesson:todo x
func (Number) AppendText(b []byte) ([]byte, error) { panic("") }

//lesson:todo x
func Encode(text []byte) []byte { panic("") }

//lesson:todo x
func Handler() http.Handler { panic("") }

//lesson:todo x
func HandlerFunc() (http.HandlerFunc, error) { panic("") }

//lesson:todo x
func (p *Point) ServeHTTP(w http.ResponseWriter, r *http.Request) { panic("") }

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
	_, _, _, words, counts, _, _, _, _ := Locals()
	counts["a"] = len(words)
	point, pair, number := Pointers()
	point.X, pair.K, *number = 1, "k", 2
	pair.Value()
	_, _, _, table, _, _ := Literals()
	table[1] = 1
	nothing, add, handle, stop, make, cancel := Funcs()
	nothing()
	add(1, 2)
	handle(t.Context(), Point{})
	stop()
	make().X = 1
	cancel()
	_, _, _, ctx, header := Standard()
	ctx.Done()
	header.Set("A", "b")
	Unknown()
	one, two := Sequences[string]()
	for range one {
		t.Error("something came")
	}
	for range two {
		t.Error("something came")
	}
	points, _ := Channel()
	for range points {
		t.Error("something came")
	}
	if k, v, p, vs := Generic[string, int]("x"); k != "" || v != 0 || p.V != 0 || vs != nil {
		t.Error("not zero")
	}
	if b, _ := Number(1).AppendText([]byte("as it came")); string(b) != "as it came" {
		t.Errorf("b became %q", b)
	}
	if b := Encode([]byte("text")); b != nil {
		t.Errorf("text came back: %q", b)
	}
	function, _ := HandlerFunc()
	for _, h := range []http.Handler{Handler(), function, point} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != http.StatusNotImplemented {
			t.Errorf("status %d", w.Code)
		}
	}
}
`
