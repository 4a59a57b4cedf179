package rehearsal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/rehearsal"
)

func TestMoment(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for text, want := range map[string]string{
		"2026-10-25T01:00":          "2026-10-24T23:00:00Z",
		"2026-10-25 01:00":          "2026-10-24T23:00:00Z",
		"2026-10-25T02:30":          "2026-10-25T00:30:00Z", // shown twice: the first time
		"2026-10-25T03:00":          "2026-10-25T02:00:00Z",
		"2026-10-25T02:30:00+01:00": "2026-10-25T01:30:00Z",
		"2026-03-29T01:59:59":       "2026-03-29T00:59:59Z",
		"2026-03-29T03:00":          "2026-03-29T01:00:00Z",
		"2026-07-01T12:00:00Z":      "2026-07-01T12:00:00Z",
	} {
		got, err := rehearsal.Moment(text, berlin)
		require.NoError(t, err, text)
		require.Equal(t, want, got.UTC().Format(time.RFC3339), text)
	}
	_, err = rehearsal.Moment("2026-03-29T02:30", berlin)
	require.ErrorContains(t, err, "it is skipped")
	for _, text := range []string{"", "tomorrow", "25.10.2026", "2026-13-01T00:00", "2026-10-25"} {
		_, err = rehearsal.Moment(text, berlin)
		require.ErrorContains(t, err, "is not a time", text)
	}
}
