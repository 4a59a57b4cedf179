package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

// small is a valid catalog with one of everything; each broken case changes
// one line of it.
const small = `settings:
  catch_all: other
  storm: {new_keys_per_minute: 5}
  alert_severities:
    critical: {urgency: urgent, severity: SEV1}
  done_resolutions: [Done]
teams:
  - id: payments
    name: Payments
    members: [ann, ben]
    leads: [ann]
people:
  - id: ann
    name: Ann
    zone: Europe/Berlin
    admin: true
    contacts:
      - {id: mail, kind: email, address: ann@example.org}
      - {id: phone, kind: push, address: ann}
      - {id: hook, kind: webhook, address: "http://127.0.0.1:1/hook"}
    rules:
      urgent: [{contact: phone}, {contact: mail, after: 2m}]
      ordinary: [{contact: mail}]
  - id: ben
    name: Ben
    contacts:
      - {id: console, kind: console}
machines:
  - id: alertmanager
audiences:
  - {id: list, address: list@example.org}
services:
  - id: payments
    name: Payments
    team: payments
    match: ['service="payments"']
    group_by: [alertname]
    escalation: payments
    hold: 30s
    dashboards: [{title: Graphs, url: "https://example.org/d"}]
    runbooks: [{name: rollback, match: ['a="b"'], params: {below: "0.05"}}]
    ticket: {project: PAY}
  - id: other
    name: Other
    team: payments
    escalation: payments
schedules:
  - id: payments
    zone: Europe/Berlin
    rotations:
      - name: primary
        every: weekly
        weekday: monday
        hand_off: 09:00
        start: 2026-01-05
        participants: [ann, ben]
hours:
  - {id: office, zone: Europe/Berlin, during: [{days: [monday], from: 09:00, until: 17:00}]}
webhooks:
  - {id: chat, address: "http://127.0.0.1:1/chat"}
escalation_policies:
  - id: payments
    levels:
      - targets: [{schedule: payments/primary}, {team: payments}]
        timeout: 5m
      - targets: [{person: ben}]
        timeout: 1s
last_resort: [ann, ben]
severities:
  - level: SEV1
    urgency: urgent
    criteria: [Nobody can pay.]
    response:
      page: [{schedule: payments}]
      commander: {required: true, source: schedule, schedule: payments, timeout: 5m}
      updates: {audiences: [list], first: 10m, every: 30m, remind: 5m}
      closing: {confirmations: [Fine.], follow_up_due: {high: 7d}}
      authority: {lower: [commander], cancel: [admin], waive: [team-lead], approve: [holder]}
    response_external:
      updates: {audiences: [list], every: 15m}
  - {level: SEV2, urgency: urgent, criteria: [x], response: {}}
  - {level: SEV3, urgency: urgent, criteria: [x], response: {commander: {source: first_responder}}}
  - {level: SEV4, urgency: ordinary, criteria: [x], response: {}}
  - {level: SEV5, urgency: none, criteria: [x], response: {}}
`

func parseSmall(tb testing.TB) *catalog.Catalog {
	tb.Helper()
	c, err := catalog.Parse(catalog.File{Name: "c.yaml", Data: []byte(small)})
	require.NoError(tb, err)
	return c
}

func TestParseReadsEveryKindOfValue(t *testing.T) {
	c := parseSmall(t)
	require.Equal(t, 5, c.Settings.Storm.Limit())
	require.Equal(t, catalog.Person{
		ID: "ann", Name: "Ann", Zone: "Europe/Berlin", Admin: true,
		Contacts: []catalog.ContactMethod{
			{ID: "mail", Kind: "email", Address: "ann@example.org"},
			{ID: "phone", Kind: "push", Address: "ann"},
			{ID: "hook", Kind: "webhook", Address: "http://127.0.0.1:1/hook"},
		},
		Rules: catalog.Rules{
			Urgent:   []catalog.Rule{{Contact: "phone"}, {Contact: "mail", After: 2 * time.Minute}},
			Ordinary: []catalog.Rule{{Contact: "mail"}},
		},
	}, c.People[0])
	require.Equal(t, 30*time.Second, c.Services[0].Hold)
	require.Equal(t, "2026-01-05", c.Schedules[0].Rotations[0].Start)
	require.Equal(t, oncall.Target{Person: "ben"}, c.Escalations[0].Levels[1].Targets[0])
	sev1 := c.Severities[0]
	require.Equal(t, 7*24*time.Hour, sev1.Response.Closing.Due[catalog.High])
	require.Equal(t, 24*time.Hour, sev1.Response.Closing.Within())
	require.Equal(t, 15*time.Minute, sev1.For(catalog.External).Updates.Every)
	require.Equal(t, 30*time.Minute, sev1.For(catalog.Internal).Updates.Every)
}

// lineOf returns the number of the first line that holds text.
func lineOf(t *testing.T, yaml, text string) int {
	t.Helper()
	at := strings.Index(yaml, text)
	require.GreaterOrEqual(t, at, 0, text)
	at += len(text) - len(strings.TrimLeft(text, "\n"))
	return 1 + strings.Count(yaml[:at], "\n")
}

func TestParseNamesEachProblem(t *testing.T) {
	tests := slices.Concat(
		brokenForm(), brokenIDs(), brokenSettings(), brokenPeople(),
		brokenServices(), brokenSchedules(), brokenLayers(), brokenTargets(), brokenLastResort(), brokenSeverities(),
	)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Contains(t, small, test.old)
			spoilt := strings.Replace(small, test.old, test.new, 1)
			mark := test.mark
			if mark == "" {
				mark = strings.TrimSpace(test.new)
			}
			want := fmt.Sprintf("c.yaml:%d: %s", lineOf(t, spoilt, mark), test.want)
			_, err := catalog.Parse(catalog.File{Name: "c.yaml", Data: []byte(spoilt)})
			var problems catalog.Problems
			require.ErrorAs(t, err, &problems)
			require.Equal(t, want, problems.Error())
		})
	}
}

func TestParseTellsAllProblemsInTheirOrder(t *testing.T) {
	broken := strings.NewReplacer("name: Ann\n", "name: 7\n", "hold: 30s", "hold: soon", "catch_all: other", "catch_all: x").Replace(small)
	_, err := catalog.Parse(catalog.File{Name: "c.yaml", Data: []byte(broken)})
	require.EqualError(t, err, `c.yaml:2: settings.catch_all: there is no service "x"
c.yaml:14: people[ann].name: must be text: write it in quotes
c.yaml:39: services[payments].hold: must be a duration such as 30s, 5m, 24h or 7d`)
}

func TestTheNoiseReportStaysInside(t *testing.T) {
	settings := strings.NewReplacer("  catch_all: other\n", "  catch_all: other\n  noise_report: {audience: list}\n")
	c, err := catalog.Parse(catalog.File{Name: "c.yaml", Data: []byte(settings.Replace(small))})
	require.NoError(t, err)
	require.Equal(t, "list", c.Settings.NoiseReport.Audience)

	outside := strings.Replace(settings.Replace(small), "address: list@example.org", "address: list@example.org, external: true", 1)
	_, err = catalog.Parse(catalog.File{Name: "c.yaml", Data: []byte(outside)})
	require.EqualError(t, err, "c.yaml:3: settings.noise_report.audience: must not be external: the report names what is broken inside")
}

// split cuts the small catalog into two files before a section.
func split(t *testing.T, section string) (string, string) {
	t.Helper()
	before, after, found := strings.Cut(small, "\n"+section)
	require.True(t, found)
	return before + "\n", section + after
}

func TestParseMergesFiles(t *testing.T) {
	first, second := split(t, "services:")
	second += "people:\n  - {id: cat, name: Cat}\nteams:\n  - {id: two, name: Two, members: [cat, dan]}\n---\nlast_resort: [cat]\n"
	_, err := catalog.Parse(
		catalog.File{Name: "b.yaml", Data: []byte(second)},
		catalog.File{Name: "empty.yaml", Data: []byte("# nothing yet\n")},
		catalog.File{Name: "a.yaml", Data: []byte(first + "settings: {catch_all: other}\n")},
	)
	require.EqualError(t, err, fmt.Sprintf(`b.yaml:%d: teams[two].members[1]: there is no person "dan"
b.yaml:%d: last_resort[0]: cat has no contact method
a.yaml:%d: settings: is set twice`, strings.Count(second, "\n")-2, strings.Count(second, "\n"), strings.Count(first, "\n")+1))
}

func TestParseWantsSettingsOnce(t *testing.T) {
	_, err := catalog.Parse(
		catalog.File{Name: "a.yaml", Data: []byte(small)},
		catalog.File{Name: "b.yaml", Data: []byte("settings: {catch_all: other}\n")},
	)
	require.EqualError(t, err, "b.yaml:1: settings: may appear once, and is at a.yaml:1 already")
}

func TestParseShowsTheFileThatIsNotYAML(t *testing.T) {
	_, err := catalog.Parse(
		catalog.File{Name: "a.yaml", Data: []byte(small)},
		catalog.File{Name: "b.yaml", Data: []byte("teams:\n  - id: x\n   name: y\n")},
		catalog.File{Name: "c.yaml", Data: []byte("- a\n")},
	)
	require.EqualError(t, err, "b.yaml:1: is not YAML: did not find expected '-' indicator\n"+
		`c.yaml:1: must be a mapping such as "services: [...]"`)
}

func TestParseOfNothingSaysWhatIsNeeded(t *testing.T) {
	for _, files := range [][]catalog.File{nil, {{Name: "c.yaml"}}} {
		_, err := catalog.Parse(files...)
		var problems catalog.Problems
		require.ErrorAs(t, err, &problems)
		require.Len(t, problems, 7)
		require.Equal(t, "settings.catch_all", problems[0].Field)
	}
}

func TestParseRefusesAliasesThatExplode(t *testing.T) {
	bomb := "people:\n  - &a {id: a, name: a, contacts: [" + strings.Repeat("{id: x},", 500) + "]}\n" +
		strings.Repeat("  - *a\n", 500)
	_, err := catalog.Parse(catalog.File{Name: "c.yaml", Data: []byte(bomb)})
	require.ErrorContains(t, err, "the file holds more than 200000 values")
}

func TestParseReadsAliases(t *testing.T) {
	shared := strings.NewReplacer("SEV2, urgency: urgent, criteria: [x]", "SEV2, urgency: urgent, criteria: &c [x]",
		"SEV4, urgency: ordinary, criteria: [x]", "SEV4, urgency: ordinary, criteria: *c").Replace(small)
	c, err := catalog.Parse(catalog.File{Name: "c.yaml", Data: []byte(shared)})
	require.NoError(t, err)
	require.Equal(t, parseSmall(t).Severities, c.Severities)
}

func TestLoad(t *testing.T) {
	first, second := split(t, "schedules:")
	dir := fstest.MapFS{
		"a.yaml": {Data: []byte(first)}, "b.yaml": {Data: []byte(second)}, "notes.txt": {Data: []byte("x")},
	}
	all, err := catalog.Load(dir)
	require.NoError(t, err)
	named, err := catalog.Load(dir, "b.yaml", "a.yaml")
	require.NoError(t, err)
	require.Empty(t, catalog.Diff(all, named))
	require.Empty(t, catalog.Diff(all, parseSmall(t)))

	_, err = catalog.Load(fstest.MapFS{})
	require.EqualError(t, err, "load catalog: there is no *.yaml file here")
	_, err = catalog.Load(dir, "c.yaml")
	require.EqualError(t, err, "load catalog: open c.yaml: file does not exist")
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("people: [&a {id: a}, *a, *a]\nsettings: {? [x] : y}\n"))
	f.Add([]byte("teams:\n  - id: x\n   name: y\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := catalog.Parse(catalog.File{Name: "c.yaml", Data: data})
		if err != nil {
			var problems catalog.Problems
			require.ErrorAs(t, err, &problems)
			for _, p := range problems {
				require.Equal(t, "c.yaml", p.File)
				require.Positive(t, p.Line)
			}
			return
		}
		encoded, err := c.Encode()
		require.NoError(t, err)
		back, err := catalog.Decode(encoded)
		require.NoError(t, err)
		require.Empty(t, catalog.Diff(c, back))
	})
}
