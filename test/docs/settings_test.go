package docs_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/cmd/tocsin/app"
	"github.com/tocsinhq/tocsin/cmd/tocsin/settings"
	"github.com/tocsinhq/tocsin/cmd/tocsin/watchdog"
)

// row is one line of the table of settings.
var row = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| `(TOCSIN_[A-Z_]+)` \\| (yes|) ?\\| (.*?) ?\\|$")

type setting struct{ name, env, secret, help string }

func TestTheTablesOfSettingsAreThePrograms(t *testing.T) {
	t.Parallel()
	require.Equal(t, table(app.Settings()), shown(t, "docs/operating.md"))
	require.Equal(t, table(watchdog.Settings()), shown(t, "docs/watchdog.md"))
}

func table[C any](list []settings.Setting[C]) []setting {
	var out []setting
	for _, s := range list {
		secret := ""
		if s.Secret {
			secret = "yes"
		}
		out = append(out, setting{s.Name, s.Env(), secret, s.Help})
	}
	return out
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
