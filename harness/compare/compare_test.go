package compare

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/sseworkbook/harness/catalog"
)

// All files of both sides count, the one in which the learner writes first. What the
// solution says to the harness, and line ends, make no difference.
func TestTheFilesOfBothSides(t *testing.T) {
	root := t.TempDir()
	lesson := catalog.Lesson{Number: 1, Name: "01-one", Topic: "one", Dir: filepath.Join(root, "lessons", "01-one"), SolutionDir: filepath.Join(root, "solutions", "01-one")}
	for path, text := range map[string]string{
		lesson.File():                             "package one\r\n\r\n// F is.\r\nfunc F() {}\r\n",
		lesson.SolutionFile():                     "package one\n\n// F is.\n//\n//lesson:todo be\nfunc F() {}\n",
		filepath.Join(lesson.Dir, "a.go"):         "package one\n",
		filepath.Join(lesson.SolutionDir, "z.go"): "package one\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	files, err := Files(root, lesson)
	require.NoError(t, err)
	require.Len(t, files, 3)
	require.Empty(t, files[0].Diff())
	require.Equal(t, "lessons/01-one/one.go", files[0].Yours.Path)

	text, err := Unified(root, lesson, false, false)
	require.NoError(t, err)
	require.Equal(t, `--- yours: lessons/01-one/a.go
+++ solution: no such file
@@ -1,1 +0,0 @@
-package one
--- yours: no such file
+++ solution: solutions/01-one/z.go
@@ -0,0 +1,1 @@
+package one
`, text)
}
