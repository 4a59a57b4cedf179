package spec_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/runbook/spec"
)

// The schema is read by a library that was not written for it, and agrees with
// Resolve about what fits.
func TestTheSchemaMeansWhatResolveMeans(t *testing.T) {
	s := restart(t)
	text, err := json.Marshal(s.Schema())
	require.NoError(t, err)
	require.Contains(t, string(text), `"approve_within":{"default":"15m"`)
	require.Contains(t, string(text), `"copies":{"default":3,`)
	schema := openapi3.NewSchema()
	require.NoError(t, json.Unmarshal(bytes.Replace(text, []byte(`"$schema":"https://json-schema.org/draft/2020-12/schema",`), nil, 1), schema))
	require.Equal(t, []string{"below"}, schema.Required)

	base := map[string]any{"target": "payments", "below": 0.5}
	for _, test := range []struct {
		name  string
		value any
		text  string
		fits  bool
	}{
		{"below", 0.5, "0.5", true},
		{"below", 2.0, "2", false},
		{"copies", 2.0, "2", true},
		{"copies", 2.5, "2.5", false},
		{"copies", 0.0, "0", false},
		{"force", true, "true", true},
		{"approve_within", "1h30m", "1h30m", true},
		{"approve_within", "soon", "soon", false},
		{"target", "web-1", "web-1", true},
		{"target", "web 1", "web 1", false},
		{"zone", "us", "us", true},
		{"zone", "mars", "mars", false},
		{"why", "it hangs; really", "it hangs; really", true},
	} {
		given := map[string]any{test.name: test.value}
		for name, value := range base {
			if name != test.name {
				given[name] = value
			}
		}
		texts := map[string]string{"target": "payments", "below": "0.5"}
		texts[test.name] = test.text
		_, resolved := s.Resolve(texts, nil, spec.Facts{})
		require.Equal(t, test.fits, resolved == nil, "%s=%s: %v", test.name, test.text, resolved)
		require.Equal(t, test.fits, schema.VisitJSON(given) == nil, "%s=%v", test.name, test.value)
	}
	require.Error(t, schema.VisitJSON(map[string]any{"target": "a", "below": 0.5, "color": "red"}))
	require.Error(t, schema.VisitJSON(map[string]any{"target": "a"}), "what nothing fills in is required")
}

func FuzzResolve(f *testing.F) {
	f.Add("payments", "web-1", "0.5")
	f.Add("$(id)", "a\x00b", "NaN")
	f.Fuzz(func(t *testing.T, target, pod, below string) {
		s := restart(&testing.T{})
		values, err := s.Resolve(map[string]string{"target": target, "below": below}, nil, spec.Facts{Labels: map[string]string{"pod": pod}})
		if err != nil {
			return
		}
		var got params
		require.NoError(t, spec.Fill(values, &got), "what was resolved can be filled in")
		require.NotContains(t, s.TargetOf(values), "{")
	})
}
