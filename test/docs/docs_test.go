// Package docs_test holds what the documents say against what is there: the
// paths they name, the settings they list, the commands they show and the
// metrics that the alert rules look at.
package docs_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// root is the repository, from here.
const root = "../.."

// read returns a file of the repository as text.
func read(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	require.NoError(t, err)
	return string(data)
}

// documents lists the Markdown that people read, from the root.
func documents(t testing.TB) []string {
	t.Helper()
	list := []string{"README.md", "CHANGELOG.md"}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(name) == ".md" {
			name, err = filepath.Rel(root, name)
			list = append(list, filepath.ToSlash(name))
		}
		return err
	})
	require.NoError(t, err)
	return list
}

var (
	link = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	// code is a span of code that looks like a path into one of the rooms.
	code = regexp.MustCompile("`([a-z][a-z0-9_.-]*/[A-Za-z0-9_./-]*)`")
	// fence is a block of code, whose back quotes pair no spans.
	fence = regexp.MustCompile("(?ms)^```.*?^```$")
)

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	for _, name := range documents(t) {
		for _, found := range link.FindAllStringSubmatch(fence.ReplaceAllString(read(t, name), ""), -1) {
			target, _, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, "://") || target == "" {
				continue
			}
			require.True(t, exists(path.Join(path.Dir(name), target)), "%s links to %s, which is not there", name, found[1])
		}
	}
}

func TestEveryPathNamedIsThere(t *testing.T) {
	t.Parallel()
	for _, name := range documents(t) {
		for _, found := range code.FindAllStringSubmatch(fence.ReplaceAllString(read(t, name), ""), -1) {
			room, _, _ := strings.Cut(found[1], "/")
			if !slices.Contains(rooms(t), room) || examples[found[1]] {
				continue
			}
			require.True(t, exists(found[1]), "%s names %s, which is not there", name, found[1])
		}
	}
}

// examples are paths that a document invents to explain something.
var examples = map[string]bool{"runbooks/rollback_pair.go": true}

// rooms lists the folders at the top of the repository.
func rooms(t testing.TB) []string {
	t.Helper()
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	var out []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "bin" {
			out = append(out, e.Name())
		}
	}
	return out
}

// exists reports whether a path of the repository, or what a pattern in it
// means, is there.
func exists(name string) bool {
	found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(name)))
	return err == nil && len(found) > 0
}

func TestEveryRoomIsOnTheMap(t *testing.T) {
	t.Parallel()
	readme := read(t, "README.md")
	for _, room := range rooms(t) {
		if strings.HasPrefix(room, ".") {
			continue
		}
		require.Contains(t, readme, "]("+room, "the README does not say what %s holds", room)
	}
}

func TestTheReadmeNamesWhatContinuousIntegrationCalls(t *testing.T) {
	t.Parallel()
	require.Regexp(t, `(?m)^make test$`, read(t, ".ci/run"))
	require.Contains(t, read(t, "README.md"), "`make test`")
}

func TestEveryTargetNamedIsInTheMakefile(t *testing.T) {
	t.Parallel()
	makefile := read(t, "Makefile")
	target := regexp.MustCompile("`(?:[A-Z_]+=\\S+ )*make ([a-z-]+)`")
	for _, name := range documents(t) {
		for _, found := range target.FindAllStringSubmatch(read(t, name), -1) {
			require.Regexp(t, `(?m)^`+found[1]+`:`, makefile, "%s names a target", name)
		}
	}
}
