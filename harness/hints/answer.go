package hints

import (
	"go/ast"
	"os"
	"regexp"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
)

// answersFor returns the hints that show of the solution what a step asks for: each
// function that the learner is to write for it, and after it what of the answer this
// one uses. There may be none.
func answersFor(lesson catalog.Lesson, step catalog.Step) ([]Hint, error) {
	solution, first, err := solutionAndStub(lesson)
	if err != nil {
		return nil, err
	}
	tests, err := testSource(lesson)
	if err != nil {
		return nil, err
	}
	q := question{hint: wordsOf(step.Hint), solution: solution, first: first, yours: learnersSource(lesson)}
	if test, ok := tests.find(step.Name); ok {
		q.direct = test.mentions
	}
	_, q.used = tests.reach(step.Name, func(declaration) bool { return true })
	return q.hints(q.functions()), nil
}

// testSource returns what the lesson's tests declare.
func testSource(lesson catalog.Lesson) (tests source, err error) {
	files, err := lesson.TestFiles()
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		declared, err := parseSource(file, text)
		if err != nil {
			return nil, err
		}
		tests = append(tests, declared...)
	}
	return tests, nil
}

// A question is what is known of a step when its functions are looked for. No table
// says which these are.
type question struct {
	hint     map[string]bool // the names in the step's hint, as mentions has them
	direct   map[string]bool // the names in its test
	used     map[string]bool // and in all of the tests that its test uses
	solution source
	first    source // the stub
	yours    source
}

// functions returns the functions that a learner most likely is to write for the
// step, the likeliest first: by what the step's hint says, and by what its test
// uses that is not written yet. Where neither says anything, they are all that the
// test uses.
func (q question) functions() []declaration {
	var used, likely []declaration
	scores := map[string]int{}
	best := 0
	for _, f := range q.solution {
		start, given := q.first.find(f.key)
		if !f.isFunc || !given || sameCode(start, f) {
			continue // there is nothing to write, or it is no part of the stub
		}
		if q.uses(q.used, f) {
			used = append(used, f)
		}
		scores[f.key] = q.hinted(f) + q.missing(f, start)
		best = max(best, scores[f.key])
		likely = append(likely, f)
	}
	if best == 0 {
		return used
	}
	likely = slices.DeleteFunc(likely, func(f declaration) bool { return 2*scores[f.key] <= best })
	slices.SortStableFunc(likely, func(a, b declaration) int { return scores[b.key] - scores[a.key] })
	return likely
}

// hinted returns how much of the hint speaks of f: its name counts for three, and
// each name in its answer for one.
func (q question) hinted(f declaration) (score int) {
	if q.hint[f.name] || q.hint["."+f.name] {
		score += 3
	}
	_, mentions := q.solution.reach(f.key, q.isAnswer)
	for word := range q.hint {
		name := strings.TrimPrefix(word, ".")
		if mentions["."+name] || mentions[name] && hump.MatchString(name) {
			score++
		}
	}
	return score
}

// missing returns how likely it is that the step is red since f, which starts as
// start, is not written: two where the test itself uses it, and one where a helper of
// the test does.
func (q question) missing(f, start declaration) int {
	now, there := q.yours.find(f.key)
	switch written := there && !sameCode(now, start); {
	case written:
		return 0
	case q.uses(q.direct, f):
		return 2
	case q.uses(q.used, f):
		return 1
	}
	return 0
}

// isAnswer reports whether d is a part of the answer that the stub knows nothing of.
func (q question) isAnswer(d declaration) bool {
	_, given := q.first.find(d.key)
	return !given
}

// isInner reports whether d is to be written and no test can call it.
func (q question) isInner(d declaration) bool {
	start, given := q.first.find(d.key)
	return given && d.isFunc && !ast.IsExported(d.name) && !sameCode(start, d)
}

// uses reports whether a test in which these names stand may call f. A handler is
// called by whatever brings up a server.
func (q question) uses(names map[string]bool, f declaration) bool {
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

// hints returns a hint for each of the functions, and one for what of the answer it
// uses that no other hint shows.
func (q question) hints(functions []declaration) []Hint {
	seen := map[string]bool{}
	for _, f := range functions {
		seen[f.key] = true
	}
	var hints []Hint
	for _, f := range functions {
		hints = append(hints, Hint{Title: "the solution's " + f.key, Text: f.code, Code: true})
		used, _ := q.solution.reach(f.key, func(d declaration) bool { return q.isAnswer(d) || q.isInner(d) })
		var inner []string
		for _, d := range q.solution {
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
