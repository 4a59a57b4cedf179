package cli_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

func TestNoiseReport(t *testing.T) {
	w := newWorld(t)
	i := sample("INC-9")
	i.Feedback = incident.Given{By: "alice", Reason: "cleans itself up", At: night}
	i.Flapped = true
	i.Flaps = []incident.Flap{{Fingerprint: "f", Changes: []time.Time{night}, Until: night.Add(time.Hour)}}
	w.store.Put(i)
	noon := time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC)
	w.store.PutPage(store.Page{Incident: "INC-9", Page: incident.Page{Key: "p", Person: "alice", State: incident.PageSent, Due: noon, Sent: noon}})
	from, until := night.Add(-time.Hour).Format(time.RFC3339), night.Add(time.Hour).Format(time.RFC3339)

	got := tocsin(t, "report", "noise", "--from", from, "--until", until).ok()
	require.Regexp(t, `(?m)^SCORE +RULE +SERVICE +INCIDENTS +PAGES +AT NIGHT +NOT ACTIONABLE +UNANSWERED +FLAPPING$`, got)
	require.Regexp(t, `(?m)^1 +CheckoutErrors +checkout +2 +1 +0 +1 \(50%\) +0 \(0%\) +1 \(50%\)$`, got)

	var report incident.NoiseReport
	require.NoError(t, json.Unmarshal([]byte(tocsin(t, "report", "noise", "--from", from, "--until", until, "--json").ok()), &report))
	require.Equal(t, 2, report.Rules[0].Incidents)

	require.Contains(t, tocsin(t, "incident", "show", "INC-9").ok(), "not actionable, says alice (cleans itself up)")
	require.Contains(t, tocsin(t, "incident", "show", "INC-9").ok(), "firing, flaps")
	require.NotContains(t, tocsin(t, "incident", "show", "INC-1").ok(), "feedback")
	require.Equal(t, 2, tocsin(t, "incident", "feedback", "1").code, "which of the two?")
}
