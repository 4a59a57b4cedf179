package docs_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/cmd/tocsin/app"
	"github.com/tocsinhq/tocsin/cmd/tocsin/watchdog"
)

// row is one line of the table of settings.
var row = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| `(TOCSIN_[A-Z_]+)` \\| (yes|) ?\\| (.*?) ?\\|$")

type setting struct{ name, env, secret, help string }

func TestTheTableOfSettingsIsTheProgramsOwn(t *testing.T) {
	t.Parallel()
	var want []setting
	for _, s := range app.Settings() {
		secret := ""
		if s.Secret {
			secret = "yes"
		}
		want = append(want, setting{s.Name, s.Env(), secret, s.Help})
	}
	require.Equal(t, want, shown(t, "docs/operating.md"))
}

func TestTheTableOfTheWatchdogsSettingsIsTheProgramsOwn(t *testing.T) {
	t.Parallel()
	var want []setting
	for _, s := range watchdog.Settings() {
		secret := ""
		if s.Secret {
			secret = "yes"
		}
		want = append(want, setting{s.Name, s.Env(), secret, s.Help})
	}
	require.Equal(t, want, shown(t, "docs/watchdog.md"))
}

// shown returns the table of settings in a document.
func shown(t *testing.T, document string) []setting {
	t.Helper()
	var out []setting
	for _, found := range row.FindAllStringSubmatch(read(t, document), -1) {
		out = append(out, setting{found[1], found[2], found[3], found[4]})
	}
	return out
}
