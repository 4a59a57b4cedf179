package cli_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/rehearsal"
)

// rehearse needs no server: none is there.
func rehearse(t *testing.T, args ...string) result {
	t.Helper()
	clearEnvironment(t)
	return tocsin(t, append([]string{"rehearse", "--catalog", exampleCatalog}, args...)...)
}

func TestRehearse(t *testing.T) {
	text := rehearse(t, "--service", "payments", "--from", "2026-10-25T02:50", "--nobody-acks", "--for", "12m").ok()
	require.Contains(t, text, "rehearsal of payments (urgent, SEV3) from 2026-10-25 02:50:00 CEST to 2026-10-25 02:02:00 CET\n")
	require.Regexp(t, `(?m)^2026-10-25 02:55:00 CEST +alert-1 +2 +alice +push phone +handed over +on call in payments/secondary until 2026-10-26 09:00 CET; phone at once$`, text)
	require.Regexp(t, `(?m)^2026-10-25 02:00:00 CET +- +- +- +- +- +Level 3 \(alert-1\) pages alice, bob, carol.$`, text)
	require.Contains(t, text, "bob at 2026-10-25 02:00:00 CET; nobody acknowledged\n")

	text = rehearse(t, "--service", "payments", "--from", "2026-10-20T01:00", "--down", "push=3m,email", "--ack-after", "4m", "--zone", "UTC", "--for", "10m").ok()
	require.Regexp(t, `(?m)^2026-10-20 01:03:00 UTC +alert-1 +1 +carol +push phone +handed over `, text)
	require.Contains(t, text, "carol holds it, acknowledged at 2026-10-20 01:04:00 UTC\n")
}

func TestRehearseAsJSON(t *testing.T) {
	var got rehearsal.Transcript
	answer := rehearse(t, "--label", "service=search,alertname=IndexFails", "--from", "2026-10-20T01:00:00Z", "--for", "10m", "--json").ok()
	require.NoError(t, json.Unmarshal([]byte(answer), &got))
	require.Equal(t, "search", got.Service)
	require.Equal(t, []rehearsal.Reached{{Person: "erin", At: got.From.Add(1 * 60e9)}}, got.Reached)
	require.Equal(t, "erin", got.Holder)
}

func TestRehearseAsACheck(t *testing.T) {
	night := []string{"--service", "payments", "--from", "2026-10-25T01:00", "--nobody-acks", "--for", "1h"}
	rehearse(t, append(night, "--must-reach", "alice,heidi", "--within", "45m")...).ok()
	failed := rehearse(t, append(night, "--must-reach", "alice,heidi,grace", "--within", "30m")...)
	require.Equal(t, 1, failed.code)
	require.Equal(t, "tocsin: heidi is not reached within 30 min, but after 40 min; grace is not reached at all\n", failed.err)
	require.Contains(t, failed.out, "rehearsal of payments", "the transcript tells why")
}

func TestRehearseRefuses(t *testing.T) {
	for want, test := range map[string]struct {
		code int
		args []string
	}{
		"say whose alert fires: --service, or labels": {2, nil},
		"--from: no clock in Europe/Berlin shows":     {2, []string{"--service", "payments", "--from", "2026-03-29T02:30"}},
		`"never" is not how long a channel is down`:   {2, []string{"--service", "payments", "--down", "push=never"}},
		`there is no channel "pigeon"`:                {1, []string{"--service", "payments", "--down", "pigeon"}},
		`there is no service "shop" in the catalog`:   {1, []string{"--service", "shop"}},
		"none of the others can be":                   {2, []string{"--service", "payments", "--nobody-acks", "--ack-by", "bob"}},
		"expected within 2 h is not seen":             {2, []string{"--service", "payments", "--for", "1h", "--within", "2h"}},
		"expected within -5 min":                      {2, []string{"--service", "payments", "--within", "-5m"}},
		`there is no person "mallory"`:                {2, []string{"--service", "payments", "--must-reach", "mallory"}},
		"one of the years 1970 to 2199, not in 2200":  {1, []string{"--service", "payments", "--from", "2200-01-02T00:00"}},
		"there is no zone":                            {2, []string{"--service", "payments", "--zone", "Atlantis"}},
	} {
		got := rehearse(t, test.args...)
		require.Contains(t, got.err, want)
		require.Equal(t, test.code, got.code, want)
	}
	clearEnvironment(t)
	require.Contains(t, tocsin(t, "rehearse", "--service", "payments").err, `required flag(s) "catalog" not set`)
	require.Equal(t, 1, tocsin(t, "rehearse", "--service", "payments", "--catalog", t.TempDir()).code)
}
