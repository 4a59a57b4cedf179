package docs_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// metric is a metric of Tocsin's own.
var metric = regexp.MustCompile(`tocsin_[a-z]+_[a-z_]+`)

func metrics(text string) []string {
	list := metric.FindAllString(text, -1)
	for n, name := range list {
		list[n] = regexp.MustCompile(`_(bucket|count)$`).ReplaceAllString(name, "")
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func TestTheAlertRulesAreThoseThatTheDocumentExplains(t *testing.T) {
	t.Parallel()
	require.Equal(t, metrics(read(t, "docs/operating.md")), metrics(read(t, "deployments/prometheus/tocsin.rules.yaml")))
}

// The names are put together in the code from a room's prefix and the rest.
func TestEveryMetricOfAnAlertRuleIsMadeSomewhere(t *testing.T) {
	t.Parallel()
	sources := read(t, "api/intake/metrics.go") + read(t, "api/metrics.go") + read(t, "api/coverage.go") + read(t, "api/beat/metrics.go")
	for _, name := range metrics(read(t, "deployments/prometheus/tocsin.rules.yaml")) {
		rest := regexp.MustCompile(`^tocsin_[a-z]+_`).ReplaceAllString(name, "")
		require.Regexp(t, `"(`+name+`|`+rest+`)"`, sources)
	}
}
