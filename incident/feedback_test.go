package incident_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
)

func TestTheLastFeedbackCounts(t *testing.T) {
	i := held(t)
	i.Drain()
	out := do(t, i, "alice", 2*time.Minute, i.GiveFeedback, incident.Feedback{Reason: "it cleans itself up"})
	require.Equal(t, "noted as not actionable", out.Text)
	require.Equal(t, incident.Given{Reason: "it cleans itself up", By: "alice", At: after(2 * time.Minute)}, i.Feedback)
	entries := i.Drain()
	require.Len(t, entries, 1)
	require.Equal(t, "feedback", entries[0].Kind)
	require.Equal(t, "alice says that it was not actionable: it cleans itself up", entries[0].Text)
	require.False(t, entries[0].Highlight, "it is no part of what happened")

	do(t, i, "bob", 3*time.Minute, i.GiveFeedback, incident.Feedback{Actionable: true})
	require.Equal(t, incident.Given{Actionable: true, By: "bob", At: after(3 * time.Minute)}, i.Feedback)
	require.Equal(t, "bob says that it was actionable.", i.Drain()[0].Text)
	require.Equal(t, "alice", i.Holder, "it changes nothing else")
	require.Equal(t, incident.Triaging, i.Phase)
}

func TestFeedbackIsTakenUntilTheIncidentIsOver(t *testing.T) {
	useless := incident.Feedback{Reason: "nothing to do"}
	i := resolved(t)
	do(t, i, "alice", 31*time.Minute, i.GiveFeedback, useless)
	require.False(t, i.Feedback.Actionable)

	i = held(t)
	do(t, i, "alice", 2*time.Minute, i.Cancel, incident.Cancel{Reason: "false alarm"})
	require.Equal(t, []string{"an open incident"}, refused(t, incident.Refused, by("alice", 3*time.Minute), i.GiveFeedback, useless))
}

func TestFeedbackIsPeoplesAndSaysWhy(t *testing.T) {
	i := held(t)
	require.Equal(t, []string{"reason"}, refused(t, incident.Refused, by("alice", 2*time.Minute), i.GiveFeedback, incident.Feedback{}))
	refused(t, incident.Invalid, by("alice", 2*time.Minute), i.GiveFeedback, incident.Feedback{Reason: strings.Repeat("x", 4001)})
	machine := incident.Header{ID: "m", By: incident.Machine("alertmanager"), At: after(time.Minute)}
	refused(t, incident.Forbidden, machine, i.GiveFeedback, incident.Feedback{Actionable: true})
	require.Zero(t, i.Feedback)
}
