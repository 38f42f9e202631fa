package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sync/errgroup"

	"example.com/sseworkbook/harness/catalog"
)

// pollInterval is how often files are looked at where no events tell of them.
const pollInterval = 200 * time.Millisecond

// followEvents has crew run each lesson of which a Go file is saved from now on and
// until ctx ends.
func (w *Watcher) followEvents(ctx context.Context, crew *errgroup.Group) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watching the lessons: %w (try -poll)", err)
	}
	for _, lesson := range w.lessons {
		if err := watcher.Add(lesson.Dir); err != nil {
			watcher.Close()
			return fmt.Errorf("watching %s: %w (try -poll)", lesson.Dir, err)
		}
	}
	crew.Go(func() error {
		defer watcher.Close()
		for {
			select {
			case <-ctx.Done():
				return nil
			case event := <-watcher.Events:
				if event.Op != fsnotify.Chmod && isGoFile(event.Name) {
					w.saved(func(l catalog.Lesson) bool { return l.Dir == filepath.Dir(event.Name) })
				}
			case err := <-watcher.Errors:
				if !errors.Is(err, fsnotify.ErrEventOverflow) {
					return fmt.Errorf("watching the lessons: %w (try -poll)", err)
				}
				w.saved(func(catalog.Lesson) bool { return true }) // any of them may have been
			}
		}
	})
	return nil
}

// saved runs the lessons for which is holds again.
func (w *Watcher) saved(is func(catalog.Lesson) bool) {
	for _, lesson := range w.lessons {
		if is(lesson) {
			w.Rerun(lesson)
		}
	}
}

// isGoFile reports whether an editor's save of path matters: no backup, no swap
// file, no text.
func isGoFile(path string) bool {
	name := filepath.Base(path)
	return strings.HasSuffix(name, ".go") && !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "#")
}

// followByLooking is followEvents by looking at the files every pollInterval, for
// where no events arrive: in WSL, in some containers, on network drives.
func (w *Watcher) followByLooking(ctx context.Context, crew *errgroup.Group) error {
	before, err := w.look()
	if err != nil {
		return err
	}
	crew.Go(func() error {
		ticks := time.NewTicker(pollInterval)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-ticks.C:
			}
			now, err := w.look()
			if err != nil {
				return err
			}
			w.saved(func(l catalog.Lesson) bool { return !maps.Equal(before[l.Name], now[l.Name]) })
			before = now
		}
	})
	return nil
}

// A stamp is what changes of a file when it is saved.
type stamp struct {
	time time.Time
	size int64
}

// look returns the stamps of each lesson's Go files, by the names of both. A folder
// or a file that is just being replaced is not there.
func (w *Watcher) look() (map[string]map[string]stamp, error) {
	all := map[string]map[string]stamp{}
	for _, lesson := range w.lessons {
		entries, err := os.ReadDir(lesson.Dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("looking at the lessons: %w", err)
		}
		all[lesson.Name] = map[string]stamp{}
		for _, entry := range entries {
			info, err := entry.Info()
			if err == nil && isGoFile(entry.Name()) {
				all[lesson.Name][entry.Name()] = stamp{info.ModTime(), info.Size()}
			}
		}
	}
	return all, nil
}
