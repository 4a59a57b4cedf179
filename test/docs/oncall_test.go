package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

var (
	// declared is a piece of a catalog, and the shifts that come of it.
	declared = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$(?:\n```text\n(.*?)^```$)?")
	columns  = regexp.MustCompile(`  +`)
)

// Every piece of YAML is valid beside the example catalog, and the shifts under
// it are those that it means.
func TestEveryScheduleShownMeansTheShiftsUnderIt(t *testing.T) {
	t.Parallel()
	blocks := declared.FindAllStringSubmatch(read(t, "docs/on-call.md"), -1)
	require.Greater(t, len(blocks), 4)
	for _, block := range blocks {
		c, err := catalog.Parse(append(exampleFiles(t), catalog.File{Name: "docs/on-call.md", Data: []byte(block[1])})...)
		require.NoError(t, err, block[1])
		if block[2] == "" {
			continue
		}
		var want, got []string
		for line := range strings.Lines(block[2]) {
			want = append(want, columns.ReplaceAllString(strings.TrimSpace(line), "|"))
		}
		for _, shift := range shiftsFrom(t, c.Schedules[len(c.Schedules)-1], want) {
			got = append(got, strings.Join([]string{clock(shift.From), clock(shift.Until), shift.Rotation, shift.Person, shift.Reason}, "|"))
		}
		require.Equal(t, want, got, block[1])
	}
}

const clockForm = "2006-01-02 15:04 MST"

func clock(t time.Time) string { return t.Format(clockForm) }

// shiftsFrom returns as many shifts as there are lines, from the first one on,
// without those that began before it.
func shiftsFrom(t *testing.T, s oncall.Schedule, lines []string) []oncall.Shift {
	t.Helper()
	zone, err := time.LoadLocation(s.Zone)
	require.NoError(t, err)
	from, _, _ := strings.Cut(lines[0], "|")
	start, err := time.ParseInLocation(clockForm, from, zone)
	require.NoError(t, err)
	shifts := slices.DeleteFunc(s.Shifts(start.AddDate(0, -1, 0), start.AddDate(0, 1, 0)), func(shift oncall.Shift) bool {
		return shift.From.Before(start)
	})
	return shifts[:len(lines)]
}

func exampleFiles(t *testing.T) []catalog.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, "deployments/catalog/*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, names)
	var out []catalog.File
	for _, name := range names {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		out = append(out, catalog.File{Name: name, Data: data})
	}
	return out
}
