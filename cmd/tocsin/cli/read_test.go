package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
)

// What people read, with every time in UTC.
func TestReading(t *testing.T) {
	w := newWorld(t).admin()
	w.putPages()
	for name, args := range map[string]string{
		"incident_list":     "incident list --zone UTC",
		"incident_show":     "incident show INC-1 --zone UTC",
		"incident_timeline": "incident timeline INC-1 --zone UTC",
		"incident_pages":    "incident pages INC-1 --zone UTC",
		"page_list":         "page list --person alice --zone UTC",
		"why":               "why --incident 1 --person bob --zone UTC",
		"follow_ups":        "follow-ups --zone UTC --state all",
		"oncall":            "oncall --zone UTC",
		"runbook_list":      "runbook list --zone UTC",
		"runbook_show":      "runbook show drain-cell --zone UTC",
		"catalog_show":      "catalog show",
		"token_list":        "token list --zone UTC",
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, tocsin(t, strings.Fields(args)...).ok()) })
	}
	tocsin(t, "runbook", "show", "rolback").fails(1, `there is no runbook "rolback"; tocsin runbook list shows all`)
}

func TestTimesAreInThePersonsZone(t *testing.T) {
	newWorld(t)
	require.Contains(t, tocsin(t, "incident", "timeline", "1").ok(), "2026-03-01 03:01:00 CET", "alice lives in Berlin")
	require.Contains(t, tocsin(t, "incident", "timeline", "1", "--zone", "America/New_York").ok(), "2026-02-28 21:01:00 EST")
	t.Setenv("TOCSIN_ZONE", "Asia/Singapore")
	require.Contains(t, tocsin(t, "incident", "timeline", "1").ok(), "2026-03-01 10:01:00 +08")
}

func TestTimesInTextsAreInThePersonsZoneToo(t *testing.T) {
	w := newWorld(t)
	i := sample("INC-2")
	i.Phase = incident.Resolved
	i.Clocks.Stamps[incident.ResolvedAt] = night.AddDate(100, 0, 0)
	w.store.Put(i, incident.Entry{
		Sequence: 1, Kind: "question", Occurred: night, Recorded: night, Actor: incident.Self(),
		Text: "Roll back? (until 2026-03-01 02:15:00 UTC)",
	})
	require.Contains(t, tocsin(t, "incident", "timeline", "2").ok(), "Roll back? (until 2026-03-01 03:15:00 CET)")
	require.Contains(t, tocsin(t, "incident", "show", "2").ok(), "the stabilisation window, until 2126-03-01 03:")
}

func TestTimesAreInUTCForAMachine(t *testing.T) {
	w := newWorld(t)
	t.Setenv("TOCSIN_TOKEN", w.grant("machine", "deployer", "read"))
	require.Contains(t, tocsin(t, "incident", "timeline", "1").ok(), "2026-03-01 02:01:00 UTC")
}

func TestNothingMovesATerminal(t *testing.T) {
	newWorld(t)
	for _, args := range [][]string{{"incident", "show", "1"}, {"incident", "timeline", "1"}} {
		require.NotContains(t, tocsin(t, args...).ok(), "\x1b")
	}
}

func TestListsGoThroughPages(t *testing.T) {
	w := newWorld(t)
	for _, number := range []string{"INC-2", "INC-3", "INC-4"} {
		w.store.Put(sample(number))
	}
	one := tocsin(t, "incident", "list", "--limit", "2")
	require.Equal(t, 3, strings.Count(one.ok(), "\n"), one.out)
	require.Equal(t, "there is more: add --all, or --cursor 2\n", one.err)
	two := tocsin(t, "incident", "list", "--limit", "2", "--cursor", "2")
	require.Contains(t, two.ok(), "INC-1 ")
	require.Empty(t, two.err)
	all := tocsin(t, "incident", "list", "--limit", "1", "--all")
	require.Equal(t, 5, strings.Count(all.ok(), "\n"), all.out)
	require.Empty(t, all.err, "nobody watches: no progress is shown")
	pages := json.NewDecoder(strings.NewReader(tocsin(t, "incident", "list", "--limit", "3", "--all", "--json").ok()))
	for range 2 {
		var page struct{ Incidents []json.RawMessage }
		require.NoError(t, pages.Decode(&page))
		require.NotEmpty(t, page.Incidents)
	}
	require.False(t, pages.More())
}

func TestFiltersReachTheServer(t *testing.T) {
	w := newWorld(t)
	for _, args := range []string{
		"--phase triaging,mitigating", "--service checkout --open", "--severity sev2,1", "--team storefront", "--text checkout",
		"--since 2026-03-01T01:00:00Z --until 2026-03-02T00:00:00Z", "--holder me", "--since 900d",
	} {
		require.Contains(t, tocsin(t, append([]string{"incident", "list"}, strings.Fields(args)...)...).ok(), "INC-1 ", args)
	}
	none := tocsin(t, "incident", "list", "--phase", "closed")
	require.Empty(t, none.ok())
	require.Equal(t, "no incident fits\n", none.err)
	require.Contains(t, tocsin(t, "incident", "timeline", "1", "--kind", "opened").ok(), "Opened by an alert.")
	require.NotContains(t, tocsin(t, "incident", "timeline", "1", "--kind", "opened").ok(), "alice takes it.")
	require.Contains(t, tocsin(t, "oncall", "--schedule", "payments", "--at", "2026-06-01T12:00:00Z", "--zone", "UTC").ok(), "on call at 2026-06-01 12:00:00 UTC")
	require.Contains(t, tocsin(t, "follow-ups", "--owner", "me", "--overdue", "--incident", "1").ok(), "Alert on the queue")
	require.Equal(t, "no follow-up fits\n", tocsin(t, "follow-ups", "--owner", "carol").err)
	require.Equal(t, "no page of INC-1 fits\n", tocsin(t, "incident", "pages", "1").err)
	w.putPages()
	for filter, want := range map[string]int{"--person me": 1, "--person bob": 0, "--state sent": 1, "--state failed": 0, "--person me --state sent": 1} {
		require.Equal(t, want, strings.Count(tocsin(t, append([]string{"incident", "pages", "1"}, strings.Fields(filter)...)...).out, "alice"), filter)
	}
	w.admin()
	w.grant("machine", "alertmanager", "alerts")
	for filter, want := range map[string]int{"--kind machine": 1, "--kind person": 0, "--subject alertmanager": 1, "--subject bob": 0, "--valid": 1} {
		require.Equal(t, want, strings.Count(tocsin(t, append([]string{"token", "list"}, strings.Fields(filter)...)...).out, " alertmanager "), filter)
	}
}

// The JSON is the API's own.
func TestJSONEverywhere(t *testing.T) {
	w := newWorld(t).admin()
	w.putPages()
	for args, field := range map[string]string{
		"incident list": "incidents", "incident show 1": "number", "incident timeline 1": "entries", "incident pages 1": "pages", "page list": "pages", "why --incident 1": "reasons",
		"incident ack 1": "revision", "incident declare --title t --service checkout": "number", "follow-ups": "follow_ups",
		"oncall": "schedules", "runbook list": "runbooks", "runbook run rollback --incident 1 --param target=x": "revision",
		"catalog show": "version", "token list": "tokens", "token create --person bob --scope read": "token", "doctor": "findings",
		"override list": "overrides", "temporary list": "temporary_schedules", "swap list": "swaps", "contact list": "contacts", "rules show": "urgent",
		"calendar list": "calendars", "calendar create": "url", "silence list": "silences", "heartbeat list": "heartbeats",
		"oncall --days 2": "shifts", "oncall load": "people", "report noise": "rules",
		"catalog validate ../../../deployments/catalog": "problems", "catalog apply ../../../deployments/catalog --dry-run": "changes",
	} {
		t.Run(args, func(t *testing.T) {
			var body map[string]json.RawMessage
			require.NoError(t, json.Unmarshal([]byte(tocsin(t, append(strings.Fields(args), "--json")...).ok()), &body))
			require.Contains(t, body, field)
		})
	}
}
