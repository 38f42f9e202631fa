package mutate

import (
	"go/format"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEachKindOfChange(t *testing.T) {
	for name, test := range map[string]struct{ code, want string }{
		"a condition": {`
			if n < m {
				return
			}`, `
			never in f
			- if n < m {
			+ if false && (n < m) {

			always in f
			- if n < m {
			+ if true || (n < m) {

			boundary in f
			- if n < m {
			+ if n <= m {

			drop in f
			- return`},
		"operands": {`ok = a && !b || c`, `
			drop in f
			- ok = a && !b || c

			operand in f
			- ok = a && !b || c
			+ ok = (false && (a && !b)) || c

			operand in f
			- ok = a && !b || c
			+ ok = a && !b || (false && (c))

			operand in f
			- ok = a && !b || c
			+ ok = (true || (a)) && !b || c

			operand in f
			- ok = a && !b || c
			+ ok = a && (true || (!b)) || c`},
		"no condition": {`return n == m, !ok, false`, `
			negation in f
			- return n == m, !ok, false
			+ return n != m, !ok, false

			negation in f
			- return n == m, !ok, false
			+ return n == m, ok, false

			negation in f
			- return n == m, !ok, false
			+ return n == m, !ok, true`},
		"a loop": {`
			for i := 0; i < n; i++ {
				continue
			}`, `
			number in f
			- for i := 0; i < n; i++ {
			+ for i := 1; i < n; i++ {

			never in f
			- for i := 0; i < n; i++ {
			+ for i := 0; false && (i < n); i++ {

			boundary in f
			- for i := 0; i < n; i++ {
			+ for i := 0; i <= n; i++ {

			arithmetic in f
			- for i := 0; i < n; i++ {
			+ for i := 0; i < n; i-- {

			drop in f
			- continue

			loop in f
			- continue
			+ break`},
		"clauses": {`
			switch { case a: }
			switch n { case m: }
			select { case <-c: }`, `
			never in f
			- switch { case a: }
			+ switch { case false && (a): }

			always in f
			- switch { case a: }
			+ switch { case true || (a): }

			drop in f
			- switch n { case m: }
			+ switch n {  }

			drop in f
			- select { case <-c: }
			+ select {  }`},
		"statements": {`
			go end()
			defer func() {
				g() // twice
			}()
			g() // once
			close(c)
			x := 3`, `
			drop in f
			- go end()
			+ _ = end

			drop in f
			- defer func() {

			drop in f
			- g() // once
			+ _ = g // once

			drop in f
			- close(c)

			drop in f
			- g() // twice
			+ _ = g // twice

			number in f
			- x := 3
			+ x := 4`},
		"locks": {`
			s.mu.RLock()
			s.mu.RUnlock()
			mu.Lock()
			defer mu.Unlock()
			other.Lock()`, `
			lock in f
			- s.mu.RLock()

			lock in f
			- mu.Lock()

			drop in f
			- other.Lock()`},
		"causes": {`
			return context.Cause(r.Context()), fmt.Errorf("a: %w", err), ErrA, io.ErrB`, `
			cause in f
			- return context.Cause(r.Context()), fmt.Errorf("a: %w", err), ErrA, io.ErrB
			+ return r.Context().Err(), fmt.Errorf("a: %w", err), ErrA, io.ErrB

			cause in f
			- return context.Cause(r.Context()), fmt.Errorf("a: %w", err), ErrA, io.ErrB
			+ return context.Cause(r.Context()), fmt.Errorf("a: %v", err), ErrA, io.ErrB

			cause in f
			- return context.Cause(r.Context()), fmt.Errorf("a: %w", err), ErrA, io.ErrB
			+ return context.Cause(r.Context()), fmt.Errorf("a: %w", err), io.ErrB, io.ErrB

			cause in f
			- return context.Cause(r.Context()), fmt.Errorf("a: %w", err), ErrA, io.ErrB
			+ return context.Cause(r.Context()), fmt.Errorf("a: %w", err), ErrA, ErrA`},
		"two alike": {`
			a.b()
			a.b()`, `
			drop in f
			- a.b()

			drop in f #2
			- a.b()`},
	} {
		t.Run(name, func(t *testing.T) {
			changes, err := find("f.go", "package p\n\nfunc f() {\n"+test.code+"\n}\n")
			require.NoError(t, err)
			var got []string
			for _, c := range changes {
				if !slices.Contains(inOrder, c.Kind) {
					got = append(got, c.String())
				}
			}
			want := strings.ReplaceAll(strings.TrimSpace(test.want), "\t", "")
			require.Equal(t, want, strings.Join(got, "\n\n"))
		})
	}
}

// inOrder are the kinds of change that are about what comes after what. Nearly every
// function has some of them.
var inOrder = []string{"outside", "order", "return"}

func TestEachKindOfChangeOfTheOrder(t *testing.T) {
	for name, test := range map[string]struct{ code, want string }{
		"a region": {`
			mu.Lock()
			a()
			if b { c() }
			mu.Unlock()`, `
			outside in f
			- mu.Lock()
			+ a(); mu.Lock()

			outside in f
			- if b { c() }
			+ mu.Unlock()

			order in f
			- a()
			+ if b { c() }`},
		"a deferred release": {`
			mu.Lock()
			defer mu.Unlock()
			a()
			return`, `
			outside in f
			- mu.Lock()
			+ a(); mu.Lock()

			return in f
			- a()
			+ if true { return }; a()`},
		"what belongs together": {`
			x := a()
			b(x)
			y := b
			c()`, `
			order in f
			- b(x)
			+ y := b

			order in f
			- y := b
			+ c()

			return in f
			- b(x)
			+ if true { return }; b(x)

			return in f
			- y := b
			+ if true { return }; y := b

			return in f
			- c()
			+ if true { return }; c()`},
		"results": {`
			g := func() (n int, _ *T, err error) {
				a()
				b()
				return
			}`, `
			order in f
			- a()
			+ b()

			return in f
			- b()
			+ if true { return *new(int), *new(*T), *new(error) }; b()`},
	} {
		t.Run(name, func(t *testing.T) {
			file := "package p\n\nfunc f() {\n" + test.code + "\n}\n"
			changes, err := find("f.go", file)
			require.NoError(t, err)
			var got []string
			for _, c := range changes {
				if slices.Contains(inOrder, c.Kind) {
					got = append(got, c.String())
					_, err := format.Source([]byte(c.apply(file)))
					require.NoError(t, err, c.apply(file))
				}
			}
			want := strings.ReplaceAll(strings.TrimSpace(test.want), "\t", "")
			require.Equal(t, want, strings.Join(got, "\n\n"))
		})
	}
}

func TestAChangeSaysWhereItIs(t *testing.T) {
	file := "package p\n\nconst (\n\ta = 1\n\tb = 2\n)\n\ntype s [3]int\n\nfunc (x *s) f() { x[4]++ }\n"
	changes, err := find("f.go", file)
	require.NoError(t, err)
	where := map[string]int{}
	for _, c := range changes {
		where[c.In] = c.Line
	}
	require.Equal(t, map[string]int{"a": 4, "b": 5, "s": 8, "s.f": 10}, where)
}

// Where a step fails, its message names lines: those of the solution.
func TestLinesKeepTheirNumbers(t *testing.T) {
	file := "package p\n\nfunc f() {\n\tmu.Lock()\n\tdefer func() {\n\t\tg()\n\t}()\n\tmu.Unlock()\n}\n"
	changes, err := find("f.go", file)
	require.NoError(t, err)
	require.NotEmpty(t, changes)
	for _, c := range changes {
		require.Equal(t, strings.Count(file, "\n"), strings.Count(c.apply(file), "\n"), c)
	}
}
