package workflows_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/rehearsal"
)

// declared is the world of the stories, as a catalog: what its people's
// "mobile" is to them there is a webhook here.
func declared(p catalog.Policy) *catalog.Catalog {
	c := &catalog.Catalog{
		Settings: catalog.Settings{CatchAll: "payments", AlertSeverities: p.AlertSeverities},
		Services: []catalog.Service{{ID: "payments", Team: "payments", Escalation: "payments"}},
		Teams:    []catalog.Team{{ID: "payments", Name: "Payments", Members: []string{"alice", "bob"}}},
		Schedules: []oncall.Schedule{{ID: "payments", Zone: "UTC", Rotations: []oncall.Rotation{
			{Name: "primary", Layer: oncall.Layer{Every: oncall.Daily, HandOff: "00:00", Start: "2026-01-01", Participants: []string{"alice"}}},
			{Name: "secondary", Layer: oncall.Layer{Every: oncall.Daily, HandOff: "00:00", Start: "2026-01-01", Participants: []string{"bob"}}},
		}}},
		Escalations: []oncall.EscalationPolicy{p.Escalation}, LastResort: p.LastResort, Severities: p.Severities,
	}
	for _, person := range []string{"alice", "bob", "carol", "dave", "erin", "frank"} {
		c.People = append(c.People, catalog.Person{
			ID:       person,
			Contacts: []catalog.ContactMethod{{ID: "phone", Kind: "push", Address: person}, {ID: "mobile", Kind: "webhook", Address: "https://example.org/"}},
			Rules:    catalog.Rules{Urgent: []catalog.Rule{{Contact: "phone"}, {Contact: "mobile", After: 2 * time.Minute}}},
		})
	}
	return c
}

// A rehearsal must say what production does: both are played and compared.
func TestARehearsalSaysWhatTheWorkflowDoes(t *testing.T) {
	stillOnIt := with(func(r *catalog.ResponsePolicy) { r.StillOnIt = 30 * time.Minute })
	repeated := quiet()
	repeated.Escalation.Repeat = 1
	nobody := func(p *rehearsal.Plan) { p.NobodyAcks = true }
	for name, test := range map[string]struct {
		policy catalog.Policy
		plan   func(*rehearsal.Plan)
		play   func(*story)
	}{
		"nobody acknowledges": {quiet(), nobody, func(*story) {}},
		"levels are repeated": {repeated, nobody, func(*story) {}},
		"somebody acknowledges, and is asked again": {
			stillOnIt, func(p *rehearsal.Plan) { p.Ack = rehearsal.Ack{By: "carol", After: 16*time.Minute + 30*time.Second} },
			func(s *story) {
				s.at("02:16:30", command("carol", incident.AcknowledgeCommand, ack))
				s.at("02:47:30", command("carol", incident.AcknowledgeCommand, ack))
				s.at("03:18:30", command("carol", incident.AcknowledgeCommand, ack))
			},
		},
		"a channel is down for a while": {
			quiet(), func(p *rehearsal.Plan) {
				p.NobodyAcks, p.Down = true, []rehearsal.Outage{{Kind: "webhook", For: 30*time.Minute + 2*time.Second}}
			},
			func(s *story) { s.broken["sms"] = away("02:00", "02:30:02") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := payments(t, test.policy)
			test.play(s)
			s.at("03:24", stop).play()

			p := rehearsal.Plan{Catalog: declared(test.policy), Service: "payments", From: clock("02:00"), For: 90 * time.Minute}
			test.plan(&p)
			got, err := rehearsal.Rehearse(t.Context(), p)
			require.NoError(t, err)
			want := s.transcript("02:00", "03:24", "push ", "sms ")
			require.NotEmpty(t, want)
			require.Equal(t, want, rehearsed(got, "02:00", "03:24"))
		})
	}
}

// rehearsed writes the pages of a rehearsal as a story does.
func rehearsed(t *rehearsal.Transcript, from, until string) []string {
	var out []line
	for _, l := range t.Lines {
		if l.Result == rehearsal.HandedOver && !l.At.Before(clock(from)) && l.At.Before(clock(until)) {
			channel := strings.Replace(l.Channel, "webhook", "sms", 1)
			out = append(out, line{l.At, fmt.Sprintf("%s %s (%s)", channel, l.Person, l.Summons)})
		}
	}
	slices.SortStableFunc(out, func(a, b line) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return strings.Compare(a.text, b.text)
	})
	var texts []string
	for _, l := range out {
		texts = append(texts, stamp(l.at)+" "+l.text)
	}
	return texts
}
