package runbook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
)

func declared() runbook.Runbook {
	return runbook.Runbook{Name: "flips", Params: []runbook.Param{
		{Name: "target", About: "what to flip", Required: true},
		{Name: "limit", Type: runbook.Number, Default: "0.5"},
		{Name: "pause", Type: runbook.Duration, Default: "2m"},
		{Name: "why"},
	}}
}

func TestCompleteFillsInDefaults(t *testing.T) {
	params, err := declared().Complete(map[string]string{"target": "payments", "pause": ""})
	require.NoError(t, err)
	in := runbook.Input{Params: params}
	require.Equal(t, "payments", in.Text("target"))
	require.InDelta(t, 0.5, in.Number("limit"), 0)
	require.Equal(t, 2*time.Minute, in.Duration("pause"))
	require.Empty(t, in.Text("why"))
}

func TestCompleteNamesWhatIsWrong(t *testing.T) {
	tests := map[string]struct {
		params map[string]string
		want   string
	}{
		"missing":             {nil, "target is required (what to flip)"},
		"empty":               {map[string]string{"target": ""}, "target is required (what to flip)"},
		"unknown":             {map[string]string{"target": "a", "tarot": "b"}, `"tarot" is not a parameter of flips`},
		"not a number":        {map[string]string{"target": "a", "limit": "low"}, "limit must be a number, such as 0.05"},
		"no finite number":    {map[string]string{"target": "a", "limit": "NaN"}, "limit must be a number, such as 0.05"},
		"not a duration":      {map[string]string{"target": "a", "pause": "5"}, "pause must be a positive duration, such as 2m"},
		"a negative duration": {map[string]string{"target": "a", "pause": "-2m"}, "pause must be a positive duration, such as 2m"},
		"control characters":  {map[string]string{"target": "a\nb"}, "target holds characters that are not printable"},
		"not UTF-8":           {map[string]string{"target": "a\xff"}, "target holds characters that are not printable"},
		"too long":            {map[string]string{"target": strings.Repeat("a", 1025)}, "target is longer than 1024 bytes"},
		"several": {
			map[string]string{"limit": "low", "tarot": "b"},
			`target is required (what to flip); limit must be a number, such as 0.05; "tarot" is not a parameter of flips`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := declared().Complete(test.params)
			require.EqualError(t, err, "the parameters do not fit: "+test.want)
			require.Equal(t, incident.Invalid, incident.KindOf(err))
		})
	}
}

func TestUndeclaredParametersPanic(t *testing.T) {
	in := runbook.Input{Params: map[string]string{"word": "x"}}
	require.Panics(t, func() { in.Text("other") })
	require.Panics(t, func() { in.Number("word") })
	require.Panics(t, func() { in.Duration("word") })
}

func FuzzComplete(f *testing.F) {
	f.Add("payments", "0.05", "2m")
	f.Add("", "1e309", "9999999999h")
	f.Add("a\x00b", "0x1p-2", "-1s")
	f.Fuzz(func(t *testing.T, target, limit, pause string) {
		params, err := declared().Complete(map[string]string{"target": target, "limit": limit, "pause": pause})
		if err != nil {
			require.Equal(t, incident.Invalid, incident.KindOf(err))
			return
		}
		in := runbook.Input{Params: params}
		require.NotEmpty(t, in.Text("target"))
		require.NotPanics(t, func() { in.Number("limit") })
		require.Positive(t, in.Duration("pause"))
	})
}
