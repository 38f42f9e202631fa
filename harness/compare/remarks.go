package compare

import (
	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/mistakes"
)

// Remarks says, a sentence each, what the differences of these files mean: which of
// them are mistakes on record, word for word, and of a lesson that is done that the
// others are a matter of style.
func Remarks(root string, lesson catalog.Lesson, files []File, done bool) ([]string, error) {
	records, err := mistakes.Of(root, lesson)
	if err != nil {
		return nil, err
	}
	var remarks []string
	differ := false
	for _, file := range files {
		differ = differ || file.Diff() != ""
		for _, r := range records {
			if r.In(string(file.Yours.Text), string(file.Solution.Text)) {
				remarks = append(remarks, file.Yours.Path+" contains a known mistake: "+r.Title+". The result: "+r.Symptom+".")
			}
		}
	}
	switch {
	case !done || !differ:
	case len(remarks) > 0:
		remarks = append(remarks, "All steps pass with the other differences. Most are probably a matter of style, but the steps do not catch everything.")
	default:
		remarks = append(remarks, "All steps pass with these differences. Most are probably a matter of style, but the steps do not catch everything.")
	}
	return remarks, nil
}
