package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/incident"
)

func TestDecode(t *testing.T) {
	for body, want := range map[string]string{
		`{"text":"t"}`:          "",
		` {"text":"t"} ` + "\n": "",
		``:                      "EOF",
		`  `:                    "EOF",
		`{"text":1}`:            "text: is of the wrong type",
		`{"tone":"loud"}`:       "tone: is not a field of this request",
		`{"text":"t"}{}`:        "something follows the JSON: send one JSON object",
		`{"text":`:              "the body is not JSON: send one JSON object",
		`[]`:                    "is of the wrong type",
	} {
		var note incident.Note
		err := api.Decode([]byte(body), &note)
		if want == "" {
			require.NoError(t, err, body)
			require.Equal(t, "t", note.Text)
			continue
		}
		require.EqualError(t, err, want, body)
	}
	var since incident.Mitigate
	require.ErrorContains(t, api.Decode([]byte(`{"what":"w","since":"2026-02-30T00:00:00Z"}`), &since), "calendar")
}

// Whatever comes, a body is decoded as encoding/json would, or refused with a
// short message that does not repeat it.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"text":"t","highlight":true}`, `{"text":7}`, `{"x":{}}`, `null`, `{"text":"t"} x`, "\xff", `{"what":"w","impact":{"scope":"external"}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var classify incident.Classify
		err := api.Decode(body, &classify)
		if err == nil {
			var again incident.Classify
			require.NoError(t, json.NewDecoder(bytes.NewReader(body)).Decode(&again))
			require.Equal(t, again, classify)
			return
		}
		if errors.Is(err, io.EOF) {
			require.Empty(t, strings.TrimSpace(string(body)))
			return
		}
		require.NotEmpty(t, err.Error())
		require.Less(t, len(err.Error()), 300)
	})
}
