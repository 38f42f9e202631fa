package sample_test

import (
	"fmt"
	"os"
	"testing"

	sample "example.com/sseworkbook/harness/step/testdata/05-sample"

	"example.com/sseworkbook/harness/step"
)

func TestMain(m *testing.M) { step.Main(m) }

func TestOne(t *testing.T) {
	defer step.Begin(t)()
	step.Equal(t, "the first answer is wrong: a browser would see it", "ok", sample.Do("1"))
}

func TestTwo(t *testing.T) {
	defer step.Begin(t)()
	step.Equal(t, "the second answer is wrong", "ok", sample.Do("2"))
}

func TestThree(t *testing.T) {
	defer step.Begin(t)()
	step.Bubble(t, func(t *testing.T) {
		step.Equal(t, "the third answer is wrong", "ok", sample.Do("3"))
	})
}

func TestFour(t *testing.T) {
	defer step.Begin(t)()
	defer step.OnHang(t, func() (string, []string) {
		return "the fourth answer never came: 0 bytes at the client", []string{`waited for "ok"`, `came       ""`}
	})()
	step.Bubble(t, func(t *testing.T) {
		step.Equal(t, "the fourth answer is wrong", "ok", sample.Do("4"))
	})
	if os.Getenv("SAMPLE_SAYS") != "" {
		fmt.Fprintln(os.Stderr, "a line of the learner's own")
	}
	var counter sample.Counter
	step.Exclusive(t, &counter, step.Calls{{"Count", counter.Count}})
	step.ExclusiveToReaders(t, &counter, step.Calls{{"Count", counter.Count}})
}

func FuzzFive(f *testing.F) {
	defer step.Begin(f)()
	f.Add("0")
	f.Add("5")
	f.Add("5")
	f.Fuzz(func(t *testing.T, s string) {
		defer step.Begin(t)()
		step.Equal(t, "the fifth answer is wrong", "ok", sample.Do(s))
	})
}
