package update

import (
	"cmp"
	"maps"
	"os"
	"slices"
	"time"

	"example.com/sseworkbook/harness/textfile"
)

// A plan is what an update does in the learner's folder, found out before anything is touched.
type plan struct {
	*sides
	remove []string // files that are as the workbook had them, and that it has no more
	aside  []backup // what is the learner's where the workbook's files belong
	save   []backup // files of the workbook's as staged, where the learner has them nowhere else
	write  []string // the newer workbook's files that come into place
}

// A backup is what is kept of the learner's under another name.
type backup struct{ path, name string }

// plan finds out how the disk becomes what it is to be. Backups get now into their names.
func (s *sides) plan(now time.Time) *plan {
	p := &plan{sides: s}
	after := s.becomes(s.disk)
	all := maps.Clone(after)
	maps.Copy(all, s.disk)
	for _, path := range sortedKeys(all) {
		had, want := s.disk[path], after[path]
		switch {
		case had == want:
			continue
		case had.exists() && !s.ours(path, had):
			place := cmp.Or(s.fileAbove(path), path)
			if !slices.ContainsFunc(p.aside, func(b backup) bool { return b.path == place }) {
				p.aside = append(p.aside, backup{place, p.freeName(place, now)})
			}
		case !want.exists():
			p.remove = append(p.remove, path)
		}
		if want.exists() {
			p.write = append(p.write, path)
		}
	}
	for _, path := range sortedKeys(s.index) {
		e := s.index[path]
		if e != s.head[path] && !s.staysStaged(path) && !s.ours(path, e) && e.sum != s.disk[path].sum {
			p.save = append(p.save, backup{path, p.freeName(path, now)})
		}
	}
	return p
}

// freeName returns a name for a backup that nothing has, nor another backup.
func (p *plan) freeName(path string, now time.Time) string {
	for n := 1; ; n++ {
		name := textfile.BackupName(path, now, n)
		planned := slices.ContainsFunc(p.aside, func(b backup) bool { return b.name == name })
		if _, err := os.Lstat(p.on(name)); err != nil && !planned {
			return name
		}
	}
}

// sortedKeys returns the keys of m in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
