package alerts_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
)

func TestKey(t *testing.T) {
	tests := []struct {
		labels map[string]string
		want   string
	}{
		{nil, `no labels`},
		{map[string]string{"a": ""}, `no labels`},
		{map[string]string{"alertname": "DiskFull"}, `alertname="DiskFull"`},
		{map[string]string{"b": "2", "a": "1", "c": ""}, `a="1",b="2"`},
		{map[string]string{"a": `1",b="2`}, `a="1\",b=\"2"`},
		{map[string]string{`a="1",b`: "2"}, `"a=\"1\",b"="2"`},
		{map[string]string{"größe": "ü"}, `"größe"="ü"`},
		{map[string]string{"a": "line\nbreak\x00"}, `a="line\nbreak\x00"`},
	}
	for _, test := range tests {
		require.Equal(t, test.want, alerts.Key(test.labels))
	}
}

func TestKeyOfLongLabelsEndsInAHash(t *testing.T) {
	long := strings.Repeat("ü", 300)
	one := alerts.Key(map[string]string{"a": long})
	two := alerts.Key(map[string]string{"a": long + "!"})
	require.NotEqual(t, one, two)
	require.Equal(t, one, alerts.Key(map[string]string{"a": long}))
	require.LessOrEqual(t, len(one), alerts.MaxKey)
	require.True(t, utf8.ValidString(one))
	require.True(t, strings.HasPrefix(one, `a="üü`))

	fits := alerts.Key(map[string]string{"a": strings.Repeat("x", alerts.MaxKey-len(`a=""`))})
	require.Len(t, fits, alerts.MaxKey)
	require.True(t, strings.HasSuffix(fits, `x"`))
}

func FuzzKey(f *testing.F) {
	f.Add("a", "1", "b", "2")
	f.Add("a", `1",b="2`, "b", "")
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		whole := map[string]string{name1: value1, name2: value2}
		key := alerts.Key(whole)
		require.NotEmpty(t, key)
		require.LessOrEqual(t, len(key), alerts.MaxKey)
		if value2 != "" && name1 != name2 {
			require.NotEqual(t, key, alerts.Key(map[string]string{name1: value1}))
		}
	})
}
