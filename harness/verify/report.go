package verify

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"example.com/sseworkbook/harness/catalog"
)

// A Report is what a verification has found.
type Report struct {
	Lessons []string // the names of the lessons that were looked at
	Proofs  []string // the names of the proofs that were made
	Wrong   []Wrong
	Notes   []string // what is no fault but ought to be known

	proven map[[2]string]int // how much was proven, by lesson and proof
}

// A Wrong is something that is not as it should be.
type Wrong struct {
	Lesson, Proof string
	File          string // the file to open, below the workbook's root
	Text          string
}

// OK reports whether everything is as it should be.
func (r *Report) OK() bool { return len(r.Wrong) == 0 }

// Print writes the table of what was proven, and before it all that is wrong.
func (r *Report) Print(w io.Writer) {
	for _, note := range r.Notes {
		fmt.Fprintf(w, "note: %s\n", note)
	}
	for _, wrong := range r.Wrong {
		fmt.Fprintf(w, "\n%s · %s · open %s\n    %s\n", wrong.Lesson, wrong.Proof, wrong.File, strings.ReplaceAll(wrong.Text, "\n", "\n    "))
	}
	fmt.Fprintf(w, "\n%-16s%s\n", "", r.row(func(proof string) string { return proof }))
	for _, lesson := range r.Lessons {
		fmt.Fprintf(w, "%-16s%s\n", lesson, r.row(func(proof string) string { return r.cell(lesson, proof) }))
	}
}

// row returns a line of the table.
func (r *Report) row(cell func(proof string) string) string {
	var row strings.Builder
	for _, proof := range r.Proofs {
		fmt.Fprintf(&row, "%14s", cell(proof))
	}
	return row.String()
}

// cell says how a proof went for a lesson.
func (r *Report) cell(lesson, proof string) string {
	wrong := 0
	for _, w := range r.Wrong {
		if w.Lesson == lesson && w.Proof == proof {
			wrong++
		}
	}
	if wrong > 0 {
		return fmt.Sprintf("%d WRONG", wrong)
	}
	return fmt.Sprintf("%d ok", r.proven[[2]string{lesson, proof}])
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
		v.report.Wrong = append(v.report.Wrong, Wrong{j.lesson, j.proof, j.file, text})
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

// prove counts n things that a proof has proven of a lesson.
func (v *verifier) prove(lesson catalog.Lesson, proof string, n int) {
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
