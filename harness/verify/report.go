package verify

import (
	"fmt"
	"io"
	"strings"
)

// A Report is what a verification has found.
type Report struct {
	Lessons []string // the names of the lessons that were looked at
	Proofs  []string // the names of the proofs that were made
	Wrong   []Finding
	Notes   []string // what is no fault but ought to be known

	proven map[[2]string]int // how much was proven, by lesson and proof
}

// A Finding is something that is not as it should be.
type Finding struct {
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
