package verify

import (
	"context"
	"path"
	"strings"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/checksums"
	"example.com/sseworkbook/harness/mistakes"
	"example.com/sseworkbook/harness/verify/structure"
)

// structureJobs prove that the lesson has its shape, as package structure checks it.
func (v *verifier) structureJobs(lesson catalog.Lesson) ([]job, error) {
	dir := v.path(lesson.Dir)
	jobs := []job{
		{name: "tests", file: dir, prove: func(context.Context) ([]string, error) { return v.proveTests(lesson) }},
		{name: "files", file: dir, prove: func(context.Context) ([]string, error) { return v.proveFiles(lesson) }},
		{name: "text", file: v.path(lesson.Readme()), prove: func(context.Context) ([]string, error) { return structure.Readme(lesson), nil }},
		{name: "records", file: mistakes.Dir + "/" + lesson.Name, prove: func(context.Context) ([]string, error) {
			return structure.Records(v.root, lesson), nil
		}},
	}
	if lesson.Name == v.report.Lessons[0] { // once is enough
		jobs = append(jobs, job{name: "workbook", file: "solutions", prove: func(context.Context) ([]string, error) {
			return structure.Workbook(v.root), nil
		}})
	}
	for i := range jobs {
		jobs[i].proves = 1
	}
	return jobs, nil
}

// proveTests proves that the tests have their shape. Where they are not the
// workbook's, that is only noted.
func (v *verifier) proveTests(lesson catalog.Lesson) ([]string, error) {
	modified, err := checksums.Modified(v.root)
	if err != nil {
		return nil, err
	}
	for _, file := range modified {
		if path.Dir(file) == "lessons/"+lesson.Name && strings.HasSuffix(file, "_test.go") {
			v.note("%s is not the workbook's own: the proofs are about your version of it", file)
		}
	}
	return structure.Tests(lesson), nil
}

// proveFiles proves that the lesson's folder has its files and no other. What a
// learner has beside them is only noted.
func (v *verifier) proveFiles(lesson catalog.Lesson) (wrong []string, err error) {
	strays, missing, err := structure.Files(lesson)
	if err != nil {
		return nil, err
	}
	for _, file := range strays {
		if v.Strict {
			wrong = append(wrong, "a lesson is its text, its stub, what it gives and its tests, but "+v.path(file)+" is none of these")
		} else {
			v.note("%s is not part of the lesson, so nothing is proven about it", v.path(file))
		}
	}
	for _, file := range missing {
		if v.Strict {
			wrong = append(wrong, "there is no "+v.path(file))
		}
	}
	return wrong, nil
}
