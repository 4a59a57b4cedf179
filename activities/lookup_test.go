package activities_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

const team = `
settings: {catch_all: payments}
teams: [{id: payments, name: Payments, members: [alice, bob, carol]}]
people:
  - {id: alice, name: Alice, contacts: [{id: phone, kind: push, address: alice, verified: true}]}
  - id: bob
    name: Bob
    zone: Europe/Berlin
    contacts: [{id: phone, kind: push, address: bob}]
    rules: {ordinary: [{contact: phone}, {contact: phone, after: 5m}], quiet: [{from: "22:00", until: "07:00"}]}
  - {id: carol, name: Carol}
webhooks: [{id: wall, name: Wall display, address: "https://wall.example.org/hook"}]
hours: [{id: business, zone: Europe/Berlin, during: [{days: [monday, tuesday, wednesday, thursday, friday], from: "09:00", until: "17:00"}]}]
services: [{id: payments, name: Payments, team: payments, escalation: payments}]
escalation_policies: [{id: payments, levels: [{targets: [{team: payments}], timeout: 5m}]}]
last_resort: [alice, bob]
severities:
  - {level: SEV1, urgency: urgent, criteria: [All fails.], response: {}}
  - {level: SEV2, urgency: urgent, criteria: [Much fails.], response: {}}
  - {level: SEV3, urgency: urgent, criteria: [Some fails.], response: {}}
  - {level: SEV4, urgency: ordinary, criteria: [It can wait.], response: {}}
  - {level: SEV5, urgency: ordinary, criteria: [A flaw.], response: {}}
`

type fixed struct{ c *catalog.Catalog }

func (f fixed) Current(context.Context) (*catalog.Catalog, error) { return f.c, nil }

// counted counts the turns of one round, or does not answer.
type counted struct {
	had int
	err error
}

func (c *counted) Turn(context.Context, activities.Turn) (int, error) {
	c.had++
	return c.had - 1, c.err
}

// lookUp asks for one level on a Thursday at a time of day in Berlin.
func lookUp(t *testing.T, p *activities.Pager, level activities.Level, clock string) activities.Roster {
	t.Helper()
	c, err := catalog.Parse(catalog.File{Name: "catalog.yaml", Data: []byte(team)})
	require.NoError(t, err)
	c.Version, p.Catalogs = 7, fixed{c}
	at, err := time.Parse(time.RFC3339, "2026-01-08T"+clock+":00+01:00")
	require.NoError(t, err)
	rosters, err := p.WhoIsOnCall(t.Context(), activities.LookUp{Levels: []activities.Level{level}, Urgency: catalog.Urgent, At: at})
	require.NoError(t, err)
	require.Len(t, rosters, 1)
	return rosters[0]
}

func names(r activities.Roster) []string {
	var out []string
	for _, person := range r.People {
		out = append(out, person.Person)
	}
	return out
}

var everybody = []oncall.Target{{Team: "payments"}}

func TestARosterSaysWhoIsMissingAndWhy(t *testing.T) {
	r := lookUp(t, &activities.Pager{}, activities.Level{Targets: everybody}, "03:00")
	require.Equal(t, []string{"alice", "bob"}, names(r))
	require.Equal(t, []string{"carol (member of team Payments) has no contact method"}, r.Missing)
	require.Equal(t, 7, r.Catalog)
	r = lookUp(t, &activities.Pager{}, activities.Level{Targets: []oncall.Target{{Schedule: "gone"}}}, "03:00")
	require.Equal(t, []string{"schedule gone means nobody now"}, r.Missing)
}

func TestALevelHoldsByItsHours(t *testing.T) {
	during := activities.Level{Targets: everybody, During: "business"}
	outside := activities.Level{Targets: everybody, Outside: "business"}
	require.Equal(t, "it is outside of the hours business", lookUp(t, &activities.Pager{}, during, "03:00").Skipped)
	require.Empty(t, lookUp(t, &activities.Pager{}, during, "09:00").Skipped)
	require.Equal(t, "it is within the hours business", lookUp(t, &activities.Pager{}, outside, "16:59").Skipped)
	require.Empty(t, lookUp(t, &activities.Pager{}, outside, "17:00").Skipped)
	unknown := activities.Level{Targets: everybody, During: "gone"}
	require.Empty(t, lookUp(t, &activities.Pager{}, unknown, "03:00").Skipped, "hours that are gone keep nobody from being paged")
	require.NotEmpty(t, lookUp(t, &activities.Pager{}, during, "03:00").People, "known all the same, for when nobody answers a later look-up")
}

func TestOrdinaryPagesWaitForTheEndOfQuietHours(t *testing.T) {
	ask := func(urgency catalog.Urgency, every bool) activities.Recipient {
		p := &activities.Pager{}
		level := activities.Level{Targets: []oncall.Target{{Person: "bob"}}, EveryMethod: every}
		lookUp(t, p, level, "03:00") // which sets the catalog
		at := time.Date(2026, 1, 8, 2, 0, 0, 0, time.UTC)
		rosters, err := p.WhoIsOnCall(t.Context(), activities.LookUp{Levels: []activities.Level{level}, Urgency: urgency, At: at})
		require.NoError(t, err)
		return rosters[0].People[0]
	}
	ordinary := ask(catalog.Ordinary, false)
	require.Equal(t, 4*time.Hour, ordinary.Contacts[0].After)
	require.Equal(t, "named in the policy, in quiet hours until 2026-01-08 07:00 CET", ordinary.Reason)
	require.Zero(t, ask(catalog.Urgent, false).Contacts[0].After, "what is urgent never waits")
	require.Zero(t, ask(catalog.Ordinary, true).Contacts[0].After, "and neither does the last resort")
	require.True(t, ordinary.Contacts[0].Unverified)
}

func TestEachRuleWaitsForTheEndOfQuietHours(t *testing.T) {
	for clock, want := range map[string][]time.Duration{
		"21:30": {0, 5 * time.Minute},
		"21:58": {0, 9*time.Hour + 2*time.Minute},
		"23:00": {8 * time.Hour, 8*time.Hour + 5*time.Minute},
		"06:58": {2 * time.Minute, 7 * time.Minute},
	} {
		p := &activities.Pager{}
		level := activities.Level{Targets: []oncall.Target{{Person: "bob"}}}
		lookUp(t, p, level, clock) // which sets the catalog
		at, err := time.Parse(time.RFC3339, "2026-01-08T"+clock+":00+01:00")
		require.NoError(t, err)
		rosters, err := p.WhoIsOnCall(t.Context(), activities.LookUp{Levels: []activities.Level{level}, Urgency: catalog.Ordinary, At: at})
		require.NoError(t, err)
		var got []time.Duration
		for _, c := range rosters[0].People[0].Contacts {
			got = append(got, c.After)
		}
		require.Equal(t, want, got, clock)
	}
}

func TestALevelThatIsLeftOutTakesNoTurn(t *testing.T) {
	turns := &counted{}
	level := activities.Level{Targets: everybody, During: "business", Turn: activities.Turn{Of: "payments/0", Key: "INC-1"}}
	require.Len(t, names(lookUp(t, &activities.Pager{Turns: turns}, level, "03:00")), 2, "known all the same")
	require.Zero(t, turns.had)
	lookUp(t, &activities.Pager{Turns: turns}, level, "09:00")
	require.Equal(t, 1, turns.had)
}

func TestOneOfALevelIsPagedInTurn(t *testing.T) {
	turns := &counted{}
	p := &activities.Pager{Turns: turns}
	level := activities.Level{Targets: everybody, Turn: activities.Turn{Of: "payments/0", Key: "INC-1"}}
	var got []string
	for range 3 {
		r := lookUp(t, p, level, "03:00")
		got = append(got, names(r)...)
		require.Equal(t, "member of team Payments, in turn (one of 2)", r.People[0].Reason)
	}
	require.Equal(t, []string{"alice", "bob", "alice"}, got, "whom nothing reaches has no turn")
	turns.err = errAway
	require.Len(t, names(lookUp(t, p, level, "03:00")), 1, "while nobody can count, still one")
}

func TestAWebhookHasNoTurn(t *testing.T) {
	p := &activities.Pager{Turns: &counted{}}
	level := activities.Level{
		Targets: append([]oncall.Target{{Webhook: "wall"}}, everybody...), Turn: activities.Turn{Of: "payments/0", Key: "INC-1"},
	}
	for _, person := range []string{"alice", "bob", "alice"} {
		r := lookUp(t, p, level, "03:00")
		require.Equal(t, []string{"webhook:wall", person}, names(r), "it is told each time, and answers nothing")
		require.Equal(t, "member of team Payments, in turn (one of 2)", r.People[1].Reason)
	}
	level.Targets = []oncall.Target{{Webhook: "wall"}, {Person: "bob"}}
	require.Equal(t, []string{"webhook:wall", "bob"}, names(lookUp(t, p, level, "03:00")))
}

func TestAWebhookIsTold(t *testing.T) {
	r := lookUp(t, &activities.Pager{}, activities.Level{Targets: []oncall.Target{{Webhook: "wall"}, {Person: "bob"}}}, "03:00")
	require.Equal(t, []string{"webhook:wall", "bob"}, names(r))
	require.Equal(t, []activities.Contact{{ID: "webhook", Kind: "webhook"}}, r.People[0].Contacts)

	p := newOutside().pager()
	sent := &phone{began: time.Now()}
	p.Channels, p.Ledger = map[string]activities.Channel{"webhook": sent}, quietLedger{}
	c, err := catalog.Parse(catalog.File{Name: "catalog.yaml", Data: []byte(team)})
	require.NoError(t, err)
	p.Catalogs = fixed{c}
	_, err = p.Page(t.Context(), activities.PageOrder{Key: "k", Incident: "INC-1", Person: "webhook:wall", Contact: "webhook", Why: "Payments fail"})
	require.NoError(t, err)
	require.Len(t, sent.got, 1)
}

func TestARosterReadsTheBareListOfBefore(t *testing.T) {
	var r activities.Roster
	require.NoError(t, json.Unmarshal([]byte(`[{"person":"alice","reason":"on call","contacts":[{"id":"phone","kind":"push"}]}]`), &r))
	require.Equal(t, []string{"alice"}, names(r))
	require.NoError(t, json.Unmarshal([]byte(`{"people":[{"person":"bob"}],"skipped":"why"}`), &r))
	require.Equal(t, []string{"bob"}, names(r))
}

func TestWhomALevelNamesIsToldWhy(t *testing.T) {
	alice := oncall.Target{Person: "alice"}
	for name, tc := range map[string]struct {
		level activities.Level
		why   string
	}{
		"by the policy":     {activities.Level{Targets: []oncall.Target{alice}}, "named in the policy"},
		"for a reason":      {activities.Level{Targets: []oncall.Target{alice}, Named: "holds INC-7"}, "holds INC-7"},
		"not whom it finds": {activities.Level{Targets: everybody, Named: "holds INC-7"}, "member of team Payments"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tc.why, lookUp(t, &activities.Pager{}, tc.level, "12:00").People[0].Reason)
		})
	}
}
