package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"example.com/sseworkbook/harness/catalog"
	"example.com/sseworkbook/harness/progress"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A flight is a watcher in a test, which says what is run and what comes of it.
type flight struct {
	*Watcher
	t       *testing.T
	begun   chan []string // the names of the lessons that are being run
	verdict chan error    // what comes of it; nil: results in which nothing is done

	green       map[string]bool // these wait for the race detector then
	raced       chan []string   // the names of the lessons that the race detector is running
	raceVerdict chan error      // what comes of it; nil: all are done
}

// fly starts a watcher for three lessons. It ends with the test.
func fly(t *testing.T, poll bool) *flight {
	root := t.TempDir()
	var lessons []catalog.Lesson
	for i, name := range []string{"01-one", "02-two", "03-three"} {
		l := catalog.Lesson{Number: i + 1, Name: name, Topic: name[3:], Dir: filepath.Join(root, "lessons", name)}
		require.NoError(t, os.MkdirAll(l.Dir, 0o755))
		require.NoError(t, os.WriteFile(l.File(), []byte("package "+l.Topic+"\n"), 0o644))
		lessons = append(lessons, l)
	}
	f := &flight{
		Watcher: New(root, lessons, poll), t: t, green: map[string]bool{},
		begun: make(chan []string), verdict: make(chan error), raced: make(chan []string), raceVerdict: make(chan error),
	}
	f.run = func(ctx context.Context, lessons []catalog.Lesson) (results []progress.Result, err error) {
		for _, lesson := range lessons {
			results = append(results, progress.Result{Lesson: lesson})
		}
		err = judge(ctx, results, f.begun, f.verdict)
		for i, lesson := range lessons {
			if err == nil && f.green[lesson.Name] {
				results[i].Race = progress.RaceDue
			}
		}
		return results, err
	}
	f.race = func(ctx context.Context, due []progress.Result) (results []progress.Result, err error) {
		for _, r := range due {
			results = append(results, progress.Result{Lesson: r.Lesson, Done: true, Race: progress.Raced})
		}
		return results, judge(ctx, results, f.raced, f.raceVerdict)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	return f
}

// judge says what is run, and waits for what comes of it.
func judge(ctx context.Context, results []progress.Result, begun chan<- []string, verdict <-chan error) error {
	var names []string
	for _, r := range results {
		names = append(names, r.Lesson.Name)
	}
	select {
	case begun <- names:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-verdict:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// save writes the file of a lesson anew.
func (f *flight) save(i int, text string) {
	require.NoError(f.t, os.WriteFile(f.lessons[i].File(), []byte(text), 0o644))
}

// until returns the first update for which is holds.
func (f *flight) until(is func(Snapshot) bool) Snapshot {
	for {
		update, changed := f.Latest()
		if is(update) {
			return update
		}
		<-changed
	}
}

func ran(u Snapshot) bool { return !u.Running && u.N > 0 }

// Both ways of looking at files are tried with each save.
func eachWay(t *testing.T, test func(*testing.T, *flight)) {
	for name, poll := range map[string]bool{"events": false, "poll": true} {
		t.Run(name, func(t *testing.T) { test(t, fly(t, poll)) })
	}
}

// First all lessons run, then the one that is saved; the others keep what the
// last run showed of them.
func TestTheLessonThatIsSavedRuns(t *testing.T) {
	eachWay(t, func(t *testing.T, f *flight) {
		require.Equal(t, []string{"01-one", "02-two", "03-three"}, <-f.begun)
		f.verdict <- nil
		require.Len(t, f.until(ran).Results, 3)

		f.save(1, "package two // saved\n")
		require.Equal(t, []string{"02-two"}, <-f.begun)
		update, _ := f.Latest()
		require.True(t, update.Running)
		require.Equal(t, "02-two", update.Lesson, "the lesson is named before its tests have run")
		f.verdict <- nil
		update = f.until(ran)
		require.Len(t, update.Results, 3)
		require.Equal(t, "02-two", update.Results["02-two"].Lesson.Name)
	})
}

// Whoever writes many lessons at once, as an update does, is not working on the last of
// them: the lesson that is shown stays.
func TestSeveralLessonsThatAreSavedTogetherLeaveTheViewWhereItWas(t *testing.T) {
	f := &flight{Watcher: New(t.TempDir(), []catalog.Lesson{{Name: "01-one"}, {Name: "02-two"}, {Name: "03-three"}}, false), t: t}
	lesson := func() string {
		s, _ := f.Latest()
		return s.Lesson
	}
	f.Rerun(f.lessons[1])
	require.Equal(t, "02-two", lesson())
	require.Len(t, f.takeDue(), 1)
	f.Rerun(f.lessons[0])
	f.Rerun(f.lessons[2])
	f.Rerun(f.lessons[0])
	require.Equal(t, "02-two", lesson())
	require.Equal(t, []catalog.Lesson{f.lessons[0], f.lessons[2]}, f.takeDue())
	f.Rerun(f.lessons[2])
	f.Rerun(f.lessons[2])
	require.Equal(t, "03-three", lesson(), "saved twice is still one lesson")
	f.Rerun(f.lessons...)
	require.Empty(t, lesson())
}

// A save stops the tests that run: what they would say is of yesterday. What they
// had not come to is not forgotten.
func TestASaveStopsTheTestsThatRun(t *testing.T) {
	eachWay(t, func(t *testing.T, f *flight) {
		require.Len(t, <-f.begun, 3)
		f.save(0, "package one // saved\n")
		require.ElementsMatch(t, []string{"01-one", "02-two", "03-three"}, <-f.begun)
		f.verdict <- nil
		require.Len(t, f.until(ran).Results, 3)
	})
}

// What is green is raced when its plain verdict is there. A save calls that off; then
// come the plain tests of what was saved, and the race detector has all that it is due
// to run.
func TestASaveCallsTheRaceDetectorOff(t *testing.T) {
	eachWay(t, func(t *testing.T, f *flight) {
		f.green["01-one"], f.green["03-three"] = true, true
		<-f.begun
		f.verdict <- nil
		require.Equal(t, []string{"01-one", "03-three"}, <-f.raced)
		update := f.until(ran)
		require.Equal(t, progress.RaceDue, update.Results["01-one"].Race, "the plain verdict is there")

		f.save(0, "package one // saved\n")
		require.Equal(t, []string{"01-one"}, <-f.begun)
		f.verdict <- nil
		require.Equal(t, []string{"01-one", "03-three"}, <-f.raced)
		f.raceVerdict <- nil
		update = f.until(func(u Snapshot) bool { return ran(u) && u.Results["03-three"].Done })
		require.True(t, update.Results["01-one"].Done)
		require.False(t, update.Results["02-two"].Done)
	})
}

// What the race detector cannot run is told, and is due with the next save.
func TestARaceThatCannotBeRunIsTold(t *testing.T) {
	f := fly(t, false)
	f.green["02-two"] = true
	<-f.begun
	f.verdict <- nil
	<-f.raced
	f.raceVerdict <- errors.New("there is no go command")
	update := f.until(func(u Snapshot) bool { return u.Err != nil })
	require.Equal(t, progress.RaceDue, update.Results["02-two"].Race)

	f.Rerun(f.lessons[0])
	<-f.begun
	f.verdict <- nil
	require.Equal(t, []string{"02-two"}, <-f.raced)
	f.raceVerdict <- nil
	f.until(func(u Snapshot) bool { return u.Results["02-two"].Done && u.Err == nil })
}

// An editor that writes a new file and puts it in the old one's place saves, too.
// Its backups, and texts, are none of our business.
func TestAFileThatIsReplacedIsSaved(t *testing.T) {
	eachWay(t, func(t *testing.T, f *flight) {
		<-f.begun
		f.verdict <- nil
		f.until(ran)
		dir := f.lessons[2].Dir
		for _, name := range []string{"three.go~", ".three.go.swp", "#three.go", "README.md", ".#three.go"} {
			require.NoError(t, os.WriteFile(filepath.Join(f.lessons[0].Dir, name), []byte("package three // a backup\n"), 0o644))
		}
		fresh := filepath.Join(dir, "new.tmp")
		require.NoError(t, os.WriteFile(fresh, []byte("package three // replaced\n"), 0o644))
		require.NoError(t, os.Rename(fresh, f.lessons[2].File()))
		require.Equal(t, []string{"03-three"}, <-f.begun)
		f.verdict <- nil
	})
}

// One can ask for a run, and what goes wrong is told and is not the end.
func TestARunThatCannotBeMadeIsTold(t *testing.T) {
	f := fly(t, false)
	<-f.begun
	f.verdict <- errors.New("there is no go command")
	require.EqualError(t, f.until(ran).Err, "there is no go command")

	f.Rerun(f.lessons[0])
	require.Equal(t, []string{"01-one"}, <-f.begun)
	f.verdict <- nil
	update := f.until(func(u Snapshot) bool { return ran(u) && u.Err == nil })
	require.Len(t, update.Results, 1)
}

// A lesson's folder that is not there cannot be watched; looking at files can
// wait for it.
func TestAFolderThatIsNotThere(t *testing.T) {
	lesson := catalog.Lesson{Name: "01-one", Topic: "one", Dir: filepath.Join(t.TempDir(), "01-one")}
	c := New(t.TempDir(), []catalog.Lesson{lesson}, false)
	c.run = func(ctx context.Context, _ []catalog.Lesson) ([]progress.Result, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	require.ErrorContains(t, c.Run(t.Context()), "try -poll")
}

// A line that is half written takes nothing away: what passed before the code stopped
// compiling still has.
func TestWhatPassedStaysWhileALessonDoesNotCompile(t *testing.T) {
	lesson := catalog.Lesson{Name: "01-one"}
	result := func(buildError string, statuses ...progress.Status) []progress.Result {
		r := progress.Result{Lesson: lesson, BuildError: buildError}
		for i, status := range statuses {
			r.Steps = append(r.Steps, progress.StepResult{Name: string(rune('A' + i)), Status: status})
		}
		return []progress.Result{r}
	}
	known := with(nil, result("undefined: x", progress.Unknown, progress.Unknown))
	require.Zero(t, known["01-one"].Passed(), "nothing is known of an earlier run")
	known = with(known, result("", progress.Passed, progress.Failed))
	for range 2 {
		known = with(known, result("undefined: x", progress.Unknown, progress.Unknown))
		require.Equal(t, result("undefined: x", progress.Passed, progress.Unknown)[0], known["01-one"])
	}
	known = with(known, result("", progress.Failed, progress.Waiting))
	require.Zero(t, known["01-one"].Passed(), "a run says how it is now")
}
