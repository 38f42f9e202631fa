package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// pollInterval is how often files are looked at where no events tell of them.
const pollInterval = 200 * time.Millisecond

// follow returns a function that sends the path of each Go file that is saved in
// one of the folders to out, from now on and until ctx ends. With poll it looks at
// the files by itself, for where no events arrive: in WSL, in some containers, on
// network drives. A save may be told more than once. The function is to be called,
// once.
func follow(dirs []string, poll bool) (func(ctx context.Context, out chan<- string) error, error) {
	if poll {
		return followByLooking(dirs)
	}
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watching the lessons: %w (-poll does without)", err)
	}
	for _, dir := range dirs {
		if err := watcher.Add(dir); err != nil {
			watcher.Close()
			return nil, fmt.Errorf("watching %s: %w (-poll does without)", dir, err)
		}
	}
	return func(ctx context.Context, out chan<- string) error {
		defer watcher.Close()
		return followEvents(ctx, watcher, dirs, out)
	}, nil
}

// followEvents sends what watcher tells of.
func followEvents(ctx context.Context, watcher *fsnotify.Watcher, dirs []string, out chan<- string) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case event := <-watcher.Events:
			if event.Op != fsnotify.Chmod && isGoFile(event.Name) {
				send(ctx, out, event.Name)
			}
		case err := <-watcher.Errors:
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return fmt.Errorf("watching the lessons: %w (-poll does without)", err)
			}
			for _, dir := range dirs { // any of them may have been saved
				send(ctx, out, filepath.Join(dir, "any.go"))
			}
		}
	}
}

// send sends path to out, unless ctx ends.
func send(ctx context.Context, out chan<- string, path string) {
	select {
	case out <- path:
	case <-ctx.Done():
	}
}

// isGoFile reports whether an editor's save of path matters: no backup, no swap
// file, no text.
func isGoFile(path string) bool {
	name := filepath.Base(path)
	return strings.HasSuffix(name, ".go") && !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "#")
}

// A stamp is what changes of a file when it is saved.
type stamp struct {
	time time.Time
	size int64
}

// followByLooking is follow by looking at the files every pollInterval.
func followByLooking(dirs []string) (func(ctx context.Context, out chan<- string) error, error) {
	last, err := stamps(dirs)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, out chan<- string) error {
		ticks := time.NewTicker(pollInterval)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-ticks.C:
			}
			now, err := stamps(dirs)
			if err != nil {
				return err
			}
			for _, path := range changed(last, now) {
				send(ctx, out, path)
			}
			last = now
		}
	}, nil
}

// changed returns the files that are new, gone or other than before.
func changed(before, now map[string]stamp) []string {
	var paths []string
	for path := range now {
		if now[path] != before[path] {
			paths = append(paths, path)
		}
	}
	for path := range before {
		if _, there := now[path]; !there {
			paths = append(paths, path)
		}
	}
	return paths
}

// stamps returns the stamps of the Go files in dirs. A folder or a file that is
// just being replaced is not there.
func stamps(dirs []string) (map[string]stamp, error) {
	all := map[string]stamp{}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("looking at the lessons: %w", err)
		}
		for _, entry := range entries {
			info, err := entry.Info()
			if err == nil && isGoFile(entry.Name()) {
				all[filepath.Join(dir, entry.Name())] = stamp{info.ModTime(), info.Size()}
			}
		}
	}
	return all, nil
}
