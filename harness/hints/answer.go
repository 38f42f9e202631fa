package hints

import (
	"go/ast"
	"regexp"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
)

// answersFor returns the hints that show of the solution what a step asks for: each
// function that the learner is to write for it, and after it what of the answer this
// one uses. There may be none.
func answersFor(lesson catalog.Lesson, step catalog.Step) ([]Hint, error) {
	solution, err := readSolution(lesson)
	if err != nil {
		return nil, err
	}
	files, err := lesson.TestFiles()
	if err != nil {
		return nil, err
	}
	tests, err := readSource(files)
	if err != nil {
		return nil, err
	}
	test, _ := tests.find(step.Name)
	_, used := tests.reach(step.Name, func(declaration) bool { return true })
	q := question{hint: wordsOf(step.Hint), direct: test.mentions, used: used}
	return solution.show(q.functions(solution)), nil
}

// A question is what is known of a step when its functions are looked for. No table
// says which these are.
type question struct {
	hint   map[string]bool // the names in the step's hint, as mentions has them
	direct map[string]bool // the names in its test
	used   map[string]bool // and in all of the tests that its test uses
}

// functions returns the functions of the solution that a learner most likely is to
// write for the step, the likeliest first: by what the step's hint says, and by what
// its test uses that is not written yet. Where neither says anything, they are all
// that the test uses.
func (q question) functions(solution source) []declaration {
	todo := slices.DeleteFunc(slices.Clone(solution), func(d declaration) bool { return !d.todo })
	scores := map[string]int{}
	best := 0
	for _, f := range todo {
		_, mentions := solution.reach(f.key, declaration.isAnswer)
		scores[f.key] = q.hinted(f, mentions) + q.missing(f)
		best = max(best, scores[f.key])
	}
	if best == 0 {
		return slices.DeleteFunc(todo, func(f declaration) bool { return !uses(q.used, f) })
	}
	likely := slices.DeleteFunc(todo, func(f declaration) bool { return 2*scores[f.key] <= best })
	slices.SortStableFunc(likely, func(a, b declaration) int { return scores[b.key] - scores[a.key] })
	return likely
}

// hinted returns how much of the hint speaks of f: its name counts for three, and
// each name that its answer mentions for one.
func (q question) hinted(f declaration, mentions map[string]bool) (score int) {
	if q.hint[f.name] || q.hint["."+f.name] {
		score += 3
	}
	for word := range q.hint {
		name := strings.TrimPrefix(word, ".")
		if mentions["."+name] || mentions[name] && hump.MatchString(name) {
			score++
		}
	}
	return score
}

// missing returns how likely it is that the step is red since f is not written: two
// where the test itself uses it, and one where a helper of the test does.
func (q question) missing(f declaration) int {
	switch {
	case f.written:
		return 0
	case uses(q.direct, f):
		return 2
	case uses(q.used, f):
		return 1
	}
	return 0
}

// uses reports whether a test in which these names stand may call f. A handler is
// called by whatever brings up a server.
func uses(names map[string]bool, f declaration) bool {
	return names["."+f.name] || f.name == "ServeHTTP" && (names["pair"] || names["httptest"])
}

// words are what may be names, each perhaps of something.
var words = regexp.MustCompile(`\.?\b[A-Za-z]\w*`)

// hump is what a name may have and an English word does not: ErrWrongSession.
var hump = regexp.MustCompile(`[a-z][A-Z]`)

// wordsOf returns the words of a text, as mentions has names.
func wordsOf(text string) map[string]bool {
	found := map[string]bool{}
	for _, word := range words.FindAllString(text, -1) {
		found[word] = true
	}
	return found
}

// show returns a hint for each of the functions, and one for what of the answer it
// uses that no other hint shows.
func (s source) show(functions []declaration) []Hint {
	seen := map[string]bool{}
	for _, f := range functions {
		seen[f.key] = true
	}
	var hints []Hint
	for _, f := range functions {
		hints = append(hints, Hint{Title: "the solution's " + f.key, Text: f.code, Code: true})
		used, _ := s.reach(f.key, func(d declaration) bool { return d.isAnswer() || d.todo && !ast.IsExported(d.name) })
		var inner []string
		for _, d := range s {
			if used[d.key] && !seen[d.key] {
				seen[d.key] = true
				inner = append(inner, d.text)
			}
		}
		if len(inner) > 0 {
			hints = append(hints, Hint{Title: "what the solution's " + f.key + " uses", Text: strings.Join(inner, "\n\n"), Code: true})
		}
	}
	return hints
}
