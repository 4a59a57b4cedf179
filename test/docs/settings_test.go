package docs_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/cmd/tocsin/app"
)

// row is one line of the table of settings.
var row = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| `(TOCSIN_[A-Z_]+)` \\| (yes|) ?\\| (.*?) ?\\|$")

type setting struct{ name, env, secret, help string }

func TestTheTableOfSettingsIsTheProgramsOwn(t *testing.T) {
	t.Parallel()
	var want, got []setting
	for _, s := range app.Settings() {
		secret := ""
		if s.Secret {
			secret = "yes"
		}
		want = append(want, setting{s.Name, s.Env(), secret, s.Help})
	}
	for _, found := range row.FindAllStringSubmatch(read(t, "docs/operating.md"), -1) {
		got = append(got, setting{found[1], found[2], found[3], found[4]})
	}
	require.Equal(t, want, got)
}
