package rehearsal_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/rehearsal"
)

// example is a shop of its own, so that these transcripts stay as they are.
func example(tb testing.TB, more ...string) *catalog.Catalog {
	tb.Helper()
	names, err := filepath.Glob("testdata/catalog/*.yaml")
	require.NoError(tb, err)
	var files []catalog.File
	for _, name := range names {
		data, err := os.ReadFile(name)
		require.NoError(tb, err)
		files = append(files, catalog.File{Name: name, Data: data})
	}
	for n, text := range more {
		files = append(files, catalog.File{Name: fmt.Sprintf("more-%d.yaml", n), Data: []byte(text)})
	}
	c, err := catalog.Parse(files...)
	require.NoError(tb, err)
	return c
}

// payments is an alert of the service payments, as its people's clocks show
// the time.
func payments(tb testing.TB, from string) rehearsal.Plan {
	tb.Helper()
	p := rehearsal.Plan{Catalog: example(tb), Service: "payments", For: time.Hour}
	at, err := rehearsal.Moment(from, p.Zone())
	require.NoError(tb, err)
	p.From = at
	return p
}

func rehearse(tb testing.TB, p rehearsal.Plan) *rehearsal.Transcript {
	tb.Helper()
	t, err := rehearsal.Rehearse(tb.Context(), p)
	require.NoError(tb, err)
	return t
}

// seen writes lines as a person reads them; pages only when asked for a
// channel.
func seen(tb testing.TB, t *rehearsal.Transcript, words ...string) []string {
	tb.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(tb, err)
	out := []string{}
	for _, l := range t.Lines {
		text := l.Text
		if l.Kind == rehearsal.PageLine {
			text = fmt.Sprintf("%s %s %s (%s)", l.Channel, l.Person, l.Result, l.Summons)
		}
		told := len(words) == 0
		for _, w := range words {
			told = told || strings.Contains(text, w)
		}
		if told {
			out = append(out, l.At.In(zone).Format("15:04:05 MST ")+text)
		}
	}
	return out
}

func TestRehearsals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		from   string
		change func(*rehearsal.Plan)
		words  []string
		want   []string
	}{
		"the first to be reached acknowledges": {
			"2026-10-20T01:00",
			func(p *rehearsal.Plan) { p.Ack.After = time.Minute }, nil,
			[]string{
				"01:00:00 CEST INC-1 opened: Rehearsal",
				"01:00:00 CEST Level 1 (alert-1) pages carol.",
				"01:00:00 CEST email carol handed over (alert-1)",
				"01:00:00 CEST push carol handed over (alert-1)",
				"01:01:00 CEST carol acknowledged.",
				"01:02:00 CEST webhook carol superseded (alert-1)",
			},
		},
		"an acknowledgement stops the escalation, whoever gives it": {
			"2026-10-20T01:00",
			func(p *rehearsal.Plan) { p.Ack = rehearsal.Ack{By: "bob", After: 7 * time.Minute} },
			[]string{"push", "acknowledged"},
			[]string{
				"01:00:00 CEST push carol handed over (alert-1)",
				"01:05:00 CEST push alice handed over (alert-1)",
				"01:07:00 CEST bob acknowledged.",
			},
		},
		"through the night in which the clocks are set back": {
			"2026-10-25T02:50",
			func(p *rehearsal.Plan) { p.NobodyAcks = true },
			[]string{"push", "Last resort", "starts again", "opened"},
			[]string{
				"02:50:00 CEST INC-1 opened: Rehearsal",
				"02:50:00 CEST push carol handed over (alert-1)",
				"02:55:00 CEST push alice handed over (alert-1)",
				"02:00:00 CET push alice handed over (alert-1)",
				"02:00:00 CET push bob handed over (alert-1)",
				"02:00:00 CET push carol handed over (alert-1)",
				"02:01:00 CET push bob handed over (alert-1)",
				"02:05:00 CET push alice handed over (breach-1)",
				"02:10:00 CET push carol handed over (alert-1)",
				"02:15:00 CET push alice handed over (alert-1)",
				"02:20:00 CET push alice handed over (alert-1)",
				"02:20:00 CET push bob handed over (alert-1)",
				"02:20:00 CET push carol handed over (alert-1)",
				"02:21:00 CET push bob handed over (alert-1)",
				"02:30:00 CET Last resort (alert-1) pages heidi, alice.",
				"02:30:00 CET push alice handed over (alert-1)",
				"02:30:00 CET push heidi handed over (alert-1)",
				"02:35:00 CET Still nobody: alert-1 starts again from level 1.",
				"02:35:00 CET push carol handed over (alert-1)",
				"02:40:00 CET push alice handed over (alert-1)",
				"02:45:00 CET push alice handed over (alert-1)",
				"02:45:00 CET push bob handed over (alert-1)",
				"02:45:00 CET push carol handed over (alert-1)",
				"02:46:00 CET push bob handed over (alert-1)",
			},
		},
		"who takes over while it lasts is paged next": {
			"2026-10-26T08:56",
			func(p *rehearsal.Plan) { p.NobodyAcks, p.For = true, 6*time.Minute },
			[]string{"push"},
			[]string{
				"08:56:00 CET push carol handed over (alert-1)", "09:01:00 CET push bob handed over (alert-1)",
				"09:02:00 CET push bob handed over (alert-1)",
			},
		},
		"a channel that is down for a while delays its pages alone": {
			"2026-10-20T01:00",
			func(p *rehearsal.Plan) {
				p.NobodyAcks, p.For = true, 9*time.Minute
				p.Down = []rehearsal.Outage{{Kind: "push", For: 7*time.Minute + 30*time.Second}}
			},
			[]string{"push", "webhook"},
			[]string{
				"01:02:00 CEST webhook carol handed over (alert-1)",
				"01:07:00 CEST webhook alice handed over (alert-1)",
				"01:07:30 CEST push carol handed over (alert-1)",
				"01:07:30 CEST push alice handed over (alert-1)",
			},
		},
		"a channel that stays down": {
			"2026-10-20T01:00",
			func(p *rehearsal.Plan) {
				p.Ack.After, p.Down = 6*time.Minute, []rehearsal.Outage{{Kind: "push"}, {Kind: "email"}}
			},
			[]string{"alert-1", "acknowledged"},
			[]string{
				"01:00:00 CEST Level 1 (alert-1) pages carol.",
				"01:00:00 CEST email carol overtaken (alert-1)",
				"01:00:00 CEST push carol overtaken (alert-1)",
				"01:02:00 CEST webhook carol handed over (alert-1)",
				"01:05:00 CEST Level 2 (alert-1) pages alice.",
				"01:05:00 CEST email alice overtaken (alert-1)",
				"01:05:00 CEST push alice overtaken (alert-1)",
				"01:06:00 CEST carol acknowledged.",
				"01:07:00 CEST webhook alice superseded (alert-1)",
			},
		},
		"a kind that no channel serves is given up at once": {
			"2026-10-20T01:00",
			func(p *rehearsal.Plan) { p.NobodyAcks, p.For, p.Channels = true, time.Minute, []string{"console"} },
			[]string{"console", "Last resort", "push heidi", "Level 2"},
			[]string{
				"01:00:00 CEST Level 2 (alert-1) pages alice.",
				"01:00:00 CEST Level 2 (alert-1) pages alice.",
				"01:00:00 CEST Last resort (alert-1) pages heidi, alice.",
				"01:00:00 CEST console alice handed over (alert-1)",
				"01:00:00 CEST console heidi handed over (alert-1)",
				"01:00:00 CEST push heidi failed (alert-1)",
			},
		},
		"whoever never sees a page does not answer it": {
			"2026-10-20T01:00",
			func(p *rehearsal.Plan) { p.Ack.After, p.Unreachable = time.Minute, []string{"carol"} },
			[]string{"acknowledged", "push"},
			[]string{
				"01:00:00 CEST push carol handed over (alert-1)",
				"01:05:00 CEST push alice handed over (alert-1)",
				"01:05:01 CEST alice acknowledged.",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := payments(t, test.from)
			test.change(&p)
			require.Equal(t, test.want, seen(t, rehearse(t, p), test.words...))
		})
	}
}

func TestAHoldAndTheRouteAreHeeded(t *testing.T) {
	t.Parallel()
	p := payments(t, "2026-10-20T01:00")
	p.Service, p.NobodyAcks, p.For = "", true, 90*time.Second
	p.Labels = map[string]string{"service": "search", "alertname": "IndexFails"}
	got := rehearse(t, p)
	require.Equal(t, "search", got.Service)
	require.Equal(t, "America/New_York", p.Zone().String())
	require.Equal(t, []string{
		"01:00:00 CEST INC-1 opened: IndexFails",
		"01:00:00 CEST Held for 1 min: nobody is paged if it clears by itself.",
		"01:01:00 CEST Level 1 (alert-1) pages erin.",
		"01:01:00 CEST webhook erin handed over (alert-1)",
	}, seen(t, got))
}

const calmed = `
routes:
  - {name: test, when: 'labels.env == "test"', page: false}
  - {name: calm, when: 'labels.kind == "disk"', hold: 5m}
`

// A route that names no service decides about the alerts of any.
func TestTheHoldOfARouteIsHeededForANamedService(t *testing.T) {
	t.Parallel()
	p := payments(t, "2026-10-20T01:00")
	p.Catalog, p.Labels = example(t, calmed), map[string]string{"kind": "disk"}
	require.Equal(t, []string{
		"01:00:00 CEST Held for 5 min: nobody is paged if it clears by itself.",
		"01:05:00 CEST Level 1 (alert-1) pages carol.",
	}, seen(t, rehearse(t, p), "Held", "Level"))
}

// The intake opens no incident for it.
func TestWhatPagesNobody(t *testing.T) {
	t.Parallel()
	p := payments(t, "2026-10-20T01:00")
	p.Catalog = example(t, calmed)
	for says, labels := range map[string]map[string]string{
		"as its severity label says.": {"severity": "info"}, "as route test says.": {"env": "test"},
	} {
		p.Labels = labels
		got := rehearse(t, p)
		require.Equal(t, []string{"01:00:00 CEST The alert is recorded, opens no incident and pages nobody, " + says}, seen(t, got))
		require.Equal(t, []string{"nobody is reached at all"}, got.Unmet(rehearsal.Expectation{Within: time.Minute}))
		require.Equal(t, "payments", got.Service)
	}
}

func TestTheZoneIsThatOfWhoeverIsPagedFirst(t *testing.T) {
	t.Parallel()
	for levels, want := range map[string]string{
		"[{policy: storefront}]": "America/New_York",
		"[{targets: [{rotation: platform/secondary}], timeout: 5m}]":    "Asia/Singapore",
		"[{targets: [{team: payments}, {person: carol}], timeout: 5m}]": "America/New_York",
		"[{targets: [{team: payments}], timeout: 5m}]":                  "UTC",
	} {
		c := example(t, "escalation_policies: [{id: ours, levels: "+levels+"}]",
			"services: [{id: shop, name: Shop, team: payments, escalation: ours}]")
		require.Equal(t, want, rehearsal.Plan{Catalog: c, Service: "shop"}.Zone().String())
	}
}

func TestALineSaysWhy(t *testing.T) {
	t.Parallel()
	p := payments(t, "2026-10-20T01:00")
	p.NobodyAcks, p.For = true, 46*time.Minute
	lines := rehearse(t, p).Lines
	require.Equal(t, rehearsal.Line{
		At: p.From.UTC(), Kind: rehearsal.PageLine, Summons: "alert-1", Level: 1, Person: "carol", Channel: "email", Contact: "mail",
		Due: p.From.UTC(), Result: rehearsal.HandedOver, Why: "on call in payments/primary until 2026-10-26 09:00 CET", Rule: "mail at once",
	}, blank(lines[2]))
	var bob []string
	for _, l := range lines {
		if l.Person == "bob" && l.Round == 0 {
			bob = append(bob, l.Why+"; "+l.Rule)
		}
	}
	require.Equal(t, []string{
		"member of team Payments; phone at once", "member of team Payments; mail after 1 min", "member of team Payments; phone after 1 min",
	}, bob)
	last := lines[len(lines)-1]
	require.Equal(t, "phone at once", last.Rule)
	require.Equal(t, 2, last.Round, "the policy has started over by then")
}

// blank is a line without what only sorts it.
func blank(l rehearsal.Line) rehearsal.Line {
	return rehearsal.Line{
		At: l.At, Kind: l.Kind, Text: l.Text, Summons: l.Summons, Level: l.Level, Round: l.Round, LastResort: l.LastResort,
		Person: l.Person, Channel: l.Channel, Contact: l.Contact, Due: l.Due, Result: l.Result, Error: l.Error, Why: l.Why, Rule: l.Rule,
	}
}

func TestTheSameRehearsalReadsTheSame(t *testing.T) {
	t.Parallel()
	p := payments(t, "2026-10-20T01:00")
	p.NobodyAcks, p.For, p.Down = true, 2*time.Hour, []rehearsal.Outage{{Kind: "email", For: time.Hour}}
	first := rehearse(t, p)
	for range 3 {
		require.Equal(t, first, rehearse(t, p))
	}
}

func TestARehearsalOfTwelveHoursIsQuick(t *testing.T) {
	p := payments(t, "2026-10-25T01:00")
	p.NobodyAcks, p.For = true, 12*time.Hour
	begun := time.Now()
	require.Greater(t, len(rehearse(t, p).Lines), 500)
	// It takes a third of a second on a quiet machine.
	require.Less(t, time.Since(begun), 10*time.Second)
}

func TestWhoeverIsAskedAfterTheAckAnswers(t *testing.T) {
	t.Parallel()
	p := payments(t, "2026-10-20T01:00")
	p.Labels = map[string]string{"severity": "critical"}
	p.Ack.After, p.For = time.Minute, 3*time.Hour
	got := rehearse(t, p)
	require.Equal(t, "carol", got.Holder)
	require.Equal(t, p.From.Add(time.Minute).UTC(), got.Acknowledged.UTC())
	require.Contains(t, seen(t, got), "01:02:00 CEST heidi is commander.")
	require.Len(t, seen(t, got, "still on it?"), 2)
	require.Empty(t, seen(t, got, "starts again", "withdrawn"))
}

func TestPlansThatCannotBeRehearsed(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*rehearsal.Plan){
		`there is no service "shop" in the catalog; there is payments, checkout, search, platform, catch-all`: func(p *rehearsal.Plan) { p.Service = "shop" },
		"say when the alert fires":                 func(p *rehearsal.Plan) { p.From = time.Time{} },
		"at most 7 days, not 0 s":                  func(p *rehearsal.Plan) { p.For = 0 },
		"not 169 h":                                func(p *rehearsal.Plan) { p.For = 169 * time.Hour },
		"nobody acknowledges before":               func(p *rehearsal.Plan) { p.Ack.After = -1 },
		`there is no person "mallory"`:             func(p *rehearsal.Plan) { p.Unreachable = []string{"mallory"} },
		`there is no person "eve"`:                 func(p *rehearsal.Plan) { p.Ack.By = "eve" },
		`there is no channel "pigeon"; there is e`: func(p *rehearsal.Plan) { p.Down = []rehearsal.Outage{{Kind: "pigeon"}} },
		`there is no channel "smoke"`:              func(p *rehearsal.Plan) { p.Channels = []string{"smoke"} },
	} {
		p := payments(t, "2026-10-20T01:00")
		change(&p)
		_, err := rehearsal.Rehearse(t.Context(), p)
		require.ErrorContains(t, err, want)
	}
}

// A level that pages one of several in turn begins with the first: whose turn
// it really is, only the server knows.
func TestTurnsBeginWithTheFirst(t *testing.T) {
	t.Parallel()
	p := payments(t, "2026-10-20T01:00")
	c, err := p.Catalog.Encode()
	require.NoError(t, err)
	p.Catalog, err = catalog.Decode(c)
	require.NoError(t, err)
	p.Catalog.Escalations[0].Levels = p.Catalog.Escalations[0].Levels[2:]
	p.Catalog.Escalations[0].Levels[0].RoundRobin = true
	p.NobodyAcks, p.For = true, 15*time.Minute
	require.Equal(t, []string{
		"01:00:00 CEST push alice handed over (alert-1)",
		"01:10:00 CEST push bob handed over (alert-1)", "01:11:00 CEST push bob handed over (alert-1)",
	}, seen(t, rehearse(t, p), "push alice handed over (alert", "push bob", "push carol"))
}
