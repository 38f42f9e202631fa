package verify

import (
	"fmt"
	"slices"

	"example.com/sseworkbook/harness/catalog"
)

// expect notes how many jobs the proof has that is made now.
func (v *verifier) expect(jobs int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.done, v.total = 0, jobs
}

// begin notes that a job is under way.
func (v *verifier) begin(j job) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.Live {
		fmt.Fprintf(v.Log, "\r\x1b[K%s", v.state(j))
	}
}

// end notes what a job has found. Where nothing can be rewritten, each tenth job
// is told of, and the last.
func (v *verifier) end(j job, wrong []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.done++
	v.report.proven[[2]string{j.lesson, j.proof}] += j.proves
	for _, text := range wrong {
		v.report.Wrong = append(v.report.Wrong, Finding{j.lesson, j.proof, j.file, text})
	}
	last := v.done == v.total
	switch {
	case v.Live && last:
		fmt.Fprintf(v.Log, "\r\x1b[K%s: all %d\n", j.proof, v.total)
	case v.Live:
		fmt.Fprintf(v.Log, "\r\x1b[K%s", v.state(j))
	case last || v.done%10 == 0 || len(wrong) > 0:
		fmt.Fprintln(v.Log, v.state(j))
	}
}

// count counts n things more that a proof has proven of a lesson.
func (v *verifier) count(proof string, lesson catalog.Lesson, n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.report.proven[[2]string{lesson.Name, proof}] += n
}

// state says how far the proof is. The caller holds mu.
func (v *verifier) state(j job) string {
	return fmt.Sprintf("%-13s%3d of %3d  %s %s", j.proof, v.done, v.total, j.lesson, j.name)
}

// note puts down what is no fault but ought to be known, once.
func (v *verifier) note(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(v.report.Notes, text) {
		v.report.Notes = append(v.report.Notes, text)
	}
}
