package workflows_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/workflows"
)

// chance plays one of what may happen to an incident, at random.
func chance(r *rand.Rand, when string) func(*story) {
	person := []string{"alice", "bob", "carol", "erin"}[r.IntN(4)]
	key := fmt.Sprintf("INC-1042/alert-%d/r0/l%d/%s/phone", 1+r.IntN(2), r.IntN(2), person)
	all := []func(*story){
		command(person, incident.AcknowledgeCommand, ack), command(person, incident.AcknowledgeCommand, ack),
		command(person, incident.AcknowledgeCommand, incident.Acknowledge{Page: key}),
		command(person, incident.DeclineCommand, incident.Decline{Reason: "busy"}),
		command(person, incident.EscalateCommand, incident.Escalate{Reason: "worse"}),
		command(person, incident.SnoozeCommand, incident.Snooze{Until: clock(when).Add(17*time.Minute + 7*time.Second), Reason: "rest"}),
		command(person, incident.ReassignCommand, incident.Reassign{To: oncall.Target{Person: "dave"}, Reason: "theirs"}),
		command(person, incident.AddResponderCommand, incident.AddResponder{Target: oncall.Target{Person: "heidi"}, Reason: "help"}),
		command(person, incident.MitigateCommand, mitigate), command(person, incident.ReopenCommand, incident.Reopen{Reason: "again"}),
		command(person, incident.NoteCommand, incident.Note{Text: "here"}),
		command(person, incident.MergeCommand, incident.MergeInto{Into: "INC-1", Reason: "one cause"}),
		says(fire("PaymentsFail", when)), says(fire("Other", when)), says(clear("Other", when)),
		says(of("cart", fire("Cart", when))), undelivered(key),
		func(s *story) {
			s.env.SignalWorkflow(workflows.MergedSignal, incident.Absorption{By: "INC-1", To: "INC-1042", Ordinal: 99, Why: "INC-1 is closed"})
			s.env.SignalWorkflow(workflows.MergedSignal, incident.Absorption{By: "INC-1", To: "INC-1042", Ordinal: 1, Why: "INC-1 is closed"})
		},
		func(s *story) {
			s.env.SignalWorkflow(workflows.HandOffSignal, incident.HandOff{Rotation: "payments/primary", At: clock(when), Outgoing: []string{person}, Incoming: "frank"})
		},
	}
	return all[r.IntN(len(all))]
}

// anyStory is what chance makes of an incident; equal seeds make equal ones.
func anyStory(t *testing.T, seed uint64) (s *story, r *rand.Rand) {
	t.Helper()
	r = rand.New(rand.NewPCG(seed, 7))
	p := restful()
	p.Escalation.Levels[0] = bothMust().Escalation.Levels[0]
	p.Escalation.Repeat = 1
	s = payments(t, p)
	if seed%3 == 0 {
		s.broken["sms"] = away("02:02:30", "02:19:17")
	}
	at := clock("02:00")
	for range 5 + r.IntN(10) {
		at = at.Add(time.Duration(13+r.IntN(500)) * time.Second)
		s.at(stamp(at), chance(r, stamp(at)))
	}
	return s.at("05:00", stop), r
}

// seen is what people saw, whatever the order of those who are told at once. A
// later run tells the other incident again of a merge.
func seen(s *story) []string {
	var out []string
	for _, l := range s.transcript("02:00", "05:00") {
		if before, text, ok := strings.Cut(l, ": "); ok && strings.Contains(before, " tell ") {
			words := strings.Split(before, " ")
			slices.Sort(words[2:])
			l = strings.Join(words, " ") + ": " + text
		}
		if !strings.Contains(l, "signal merge to") {
			out = append(out, l)
		}
	}
	return out
}

func TestWhateverHappensALaterRunGoesOnAsIfNothingHad(t *testing.T) {
	for seed := range uint64(15) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			whole, _ := anyStory(t, seed)
			whole.play()
			s, r := anyStory(t, seed)
			for at := clock("02:00:01"); at.Before(clock("04:59")); at = at.Add(time.Duration(5+r.IntN(1200)) * time.Second) {
				s.breaks = append(s.breaks, stamp(at))
			}
			s.play()
			require.Equal(t, seen(whole), seen(s))
		})
	}
}
