package jira_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/jira"
	"github.com/tocsinhq/tocsin/sandbox/fault"
	sandbox "github.com/tocsinhq/tocsin/sandbox/jira"
)

func done() incident.Ticket {
	t := ticket()
	t.Done = true
	return t
}

func TestDone(t *testing.T) {
	twoEnds := sandbox.EnglishWorkflow(false)
	twoEnds.Statuses = append(twoEnds.Statuses, sandbox.Status{ID: "10003", Name: "Rejected", Category: sandbox.CategoryDone})
	twoEnds.Transitions = append([]sandbox.Transition{{ID: "41", Name: "Reject", To: "10003"}}, twoEnds.Transitions...)
	tests := map[string]struct {
		workflow           sandbox.Workflow
		way, resolution    string
		status, resolvedAs string
	}{
		"a resolution is required":  {sandbox.EnglishWorkflow(true), "", "", "Done", "Done"},
		"the configured resolution": {sandbox.EnglishWorkflow(true), "", "duplicate", "Done", "Duplicate"},
		"none is required":          {sandbox.EnglishWorkflow(false), "", "", "Done", ""},
		"one is wanted":             {sandbox.EnglishWorkflow(false), "", "Won't Do", "Done", "Won't Do"},
		"names are localised":       {sandbox.GermanWorkflow(true), "", "", "Fertig", "Fertig"},
		"the first end":             {twoEnds, "", "", "Rejected", ""},
		"the configured end":        {twoEnds, "done", "", "Done", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, sandbox.Config{Workflow: tt.workflow})
			tracker := s.tracker(t, func(c *jira.Config) { c.DoneTransition, c.Resolution = tt.way, tt.resolution })
			ref := ensured(t, tracker)
			for range 2 {
				require.NoError(t, tracker.Update(t.Context(), ref, done()))
				require.Equal(t, tt.status, s.issue(t).Status.Name)
				require.Equal(t, tt.resolvedAs, s.issue(t).Resolution)
			}
			require.Equal(t, 1, s.Faults.Calls("transition.do"))
		})
	}
}

func TestDoneThatCannotBe(t *testing.T) {
	dead := sandbox.EnglishWorkflow(true)
	dead.Transitions = dead.Transitions[:2]
	tests := map[string]struct {
		workflow        sandbox.Workflow
		way, resolution string
		says            string
	}{
		"no way":                {dead, "", "", "no transition leads from its status to done: move it by hand"},
		"another way":           {sandbox.EnglishWorkflow(true), "Finish", "", "set TOCSIN_JIRA_DONE_TRANSITION"},
		"a resolution unknown":  {sandbox.EnglishWorkflow(true), "", "Fixed", "the transition needs Resolution: fill it in by hand"},
		"no resolution allowed": {sandbox.Workflow{Statuses: dead.Statuses, Transitions: sandbox.EnglishWorkflow(true).Transitions}, "", "", "needs Resolution"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, sandbox.Config{Workflow: tt.workflow})
			tracker := s.tracker(t, func(c *jira.Config) { c.DoneTransition, c.Resolution = tt.way, tt.resolution })
			ref := ensured(t, tracker)
			err := tracker.Update(t.Context(), ref, done())
			require.Equal(t, incident.Permanent, incident.KindOf(err), "%v", err)
			require.ErrorContains(t, err, tt.says)
			require.Equal(t, sandbox.CategoryNew, s.issue(t).Status.Category)
		})
	}
}

func TestDoneByAnother(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	tracker := s.tracker(t, nil)
	ref := ensured(t, tracker)
	// The answer is lost after the work was done, or somebody was faster.
	require.NoError(t, s.Faults.Add("transition.do", fault.Fault{Status: 500, After: true}))
	require.NoError(t, tracker.Update(t.Context(), ref, done()))
	require.Equal(t, sandbox.CategoryDone, s.issue(t).Status.Category)
	require.Equal(t, 1, s.Faults.Calls("transition.do"))
}
