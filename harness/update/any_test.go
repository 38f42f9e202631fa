package update

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever learner and authors do, in any order, again and again: nothing of the learner's is lost, their answers are as
// they were, each file of the workbook's is the newer one, and git names as changed what the learner has changed.
func TestWhateverBothSidesDo(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			chance := rand.New(rand.NewPCG(seed, 0))
			authors := newAuthors(t)
			mine := authors.clone()
			for round := range 4 {
				for range 1 + chance.IntN(6) {
					mine.learn(chance)
				}
				answers := answersIn(mine.files())
				for range 1 + chance.IntN(3) {
					authors.author(chance, round)
				}
				authors.commit("more")
				mine.update()
				mine.isUpdated(authors, answers)
			}
		})
	}
}

// places are where both sides write.
var places = []string{framing, test1, reads, "lessons/01-framing/README.md", "harness/main.go", "go.mod", "web/page.html",
	"lessons/08-reconnection/reconnection.go", "lessons/08-reconnection/part1_test.go", "harness/old/old.go"}

// learn does one thing that a learner may do.
func (c copy) learn(chance *rand.Rand) {
	c.Helper()
	place := places[chance.IntN(len(places))]
	switch chance.IntN(8) {
	case 0, 1, 2:
		c.write(place, fmt.Sprintf("my text %d\n", chance.Int()))
	case 3:
		c.remove(place)
	case 4:
		c.git("add", "-A")
	case 5:
		c.commit("mine")
	case 6:
		c.write("lessons/01-framing/part.go", fmt.Sprintf("package framing // my part %d\n", chance.Int()))
	case 7:
		c.git("reset", "-q")
	}
}

// author does one thing that an author may do.
func (c copy) author(chance *rand.Rand, round int) {
	place := places[chance.IntN(len(places))]
	if place != "go.mod" && chance.IntN(4) == 0 {
		c.remove(place)
		return
	}
	text := fmt.Sprintf("authors' text %d %d\n", round, chance.Int())
	if place == "go.mod" {
		text = module + "// " + text
	}
	c.write(place, text)
}

// answersIn are the learner's own texts where answers belong.
func answersIn(files map[string]string) map[string]string {
	found := make(map[string]string)
	for path, text := range files {
		if isAnswer(path) && strings.HasPrefix(text, "my ") {
			found[path] = text
		}
	}
	return found
}

// isUpdated demands that the copy has all that the authors have, and the learner's answers.
func (c copy) isUpdated(authors copy, answers map[string]string) {
	c.Helper()
	now := c.files()
	for path, text := range answers {
		require.Equal(c, text, now[path], "the answer %s", path)
	}
	for path, text := range authors.files() {
		if !isAnswer(path) {
			require.Equal(c, text, now[path], "the workbook's %s", path)
		}
	}
	for line := range strings.Lines(c.status()) {
		path := strings.TrimSpace(line[3:])
		require.False(c, !isAnswer(path) && authors.read(path) != "none", "git status has %q", line)
	}
	c.git("merge-base", "--is-ancestor", "origin/main", "HEAD")
}
