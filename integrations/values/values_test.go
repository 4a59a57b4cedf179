package values_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/values"
)

func list(t *testing.T) values.List {
	t.Helper()
	low := 1.0
	l, err := values.New([]values.Config{
		{Name: "id", Type: "integer", Min: &low}, {Name: "on", Type: "boolean"}, {Name: "state", Type: "text", OneOf: []string{"open", "it's"}},
	})
	require.NoError(t, err)
	return l
}

func TestTake(t *testing.T) {
	t.Parallel()
	got, err := list(t).Take(`{"state": "it's", "id": 17, "on": true}`, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"17", "true", "it's"}, got)
	got, err = list(t)[:1].Take(`{"state": "it's", "id": "17", "on": true}`, list(t))
	require.NoError(t, err)
	require.Equal(t, []string{"17"}, got, "what the other takes is left out")
	got, err = values.List(nil).Take("", nil)
	require.NoError(t, err)
	require.Empty(t, got)
	require.True(t, list(t).Covers(list(t)[1:]))
	require.False(t, list(t)[1:].Covers(list(t)))
}

func FuzzTake(f *testing.F) {
	for _, seed := range []string{`{"id": 17}`, `{"id": 1e400}`, `{"id": 0.1}`, `[]`, `{"state": "open", "state": "x"}`, `{`, "null"} {
		f.Add(seed)
	}
	l, err := values.New([]values.Config{{Name: "id", Type: "integer"}, {Name: "state", Type: "name"}})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := l.Take(text, nil)
		if err != nil {
			require.Equal(t, incident.Invalid, incident.KindOf(err))
			return
		}
		require.Regexp(t, `^[+-]?[0-9]+$`, got[0])
		require.Regexp(t, `^[A-Za-z0-9._-]+$`, got[1])
	})
}
