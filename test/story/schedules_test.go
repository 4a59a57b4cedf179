package story_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	sdk "go.temporal.io/sdk/client"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/sandbox/inbox"
	"github.com/tocsinhq/tocsin/test/scene"
)

// TestWhatComesWithTime holds what runs again and again to being scheduled with
// Temporal, and to reaching people by mail when its time comes. A night and a
// week are not waited for: their schedules are triggered.
func TestWhatComesWithTime(t *testing.T) {
	t.Parallel()
	s, w := start(t, devstack.Config{Adjust: forgetful})
	c := &comes{stack: s, w: w}
	t.Run("the look ahead finds who would reach nobody", c.coverage)
	t.Run("the noise report counts the week before", c.noise)
	t.Run("a hand-off is told", c.handOff)
	t.Run("the end of a silence is told", c.silence)
	t.Run("what a crash left is swept", func(t *testing.T) { c.trigger(t, "sweeper", 30*time.Second) })
}

// forgetful has a service that nobody can be paged for, and a noise report.
func forgetful(c *catalog.Catalog) {
	hasten(c)
	c.LastResort = nil
	c.People = append(c.People, catalog.Person{ID: "mute", Name: "Mute", Zone: "UTC"})
	c.Escalations = append(c.Escalations, oncall.EscalationPolicy{
		ID: "mute", Levels: []oncall.Level{{Targets: []oncall.Target{{Person: "mute"}}, Timeout: time.Minute}},
	})
	c.Services = append(c.Services, catalog.Service{ID: "orphan", Name: "Orphan", Team: "payments", Escalation: "mute", Match: []string{`service="orphan"`}})
	c.Settings.NoiseReport.Audience = "incidents"
}

type comes struct {
	stack *devstack.Stack
	w     *scene.World
}

// trigger runs a schedule now, and holds it to running that often otherwise;
// zero is at certain hours.
func (c *comes) trigger(t *testing.T, id string, every time.Duration) {
	t.Helper()
	schedule := c.stack.App.Client.ScheduleClient().GetHandle(t.Context(), id)
	before, err := schedule.Describe(t.Context())
	require.NoError(t, err)
	require.False(t, before.Schedule.State.Paused)
	require.Equal(t, enums.SCHEDULE_OVERLAP_POLICY_SKIP, before.Schedule.Policy.Overlap)
	require.NotEmpty(t, before.Info.NextActionTimes)
	if every > 0 {
		require.Equal(t, every, before.Schedule.Spec.Intervals[0].Every)
	}
	require.NoError(t, schedule.Trigger(t.Context(), sdk.ScheduleTriggerOptions{Overlap: enums.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE}))
	_, err = scene.Until(t.Context(), c.w, "a run of "+id, func(ctx context.Context) (struct{}, bool) {
		now, err := schedule.Describe(ctx)
		return struct{}{}, err == nil && now.Info.NumActions > before.Info.NumActions && len(now.Info.RunningWorkflows) == 0
	})
	require.NoError(t, err)
	last, err := schedule.Describe(t.Context())
	require.NoError(t, err)
	ran := last.Info.RecentActions[len(last.Info.RecentActions)-1].StartWorkflowResult
	require.NoError(t, c.stack.App.Client.GetWorkflow(t.Context(), ran.WorkflowID, ran.FirstExecutionRunID).Get(t.Context(), nil))
}

// mails lists the mails to an address whose subject holds words.
func (c *comes) mails(to, words string) []inbox.Message {
	var out []inbox.Message
	for _, m := range c.w.Sandbox.Inbox.Messages(inbox.Query{To: to}) {
		if full, ok := c.w.Sandbox.Inbox.Message(m.ID); ok && strings.Contains(full.Subject, words) {
			out = append(out, full)
		}
	}
	return out
}

// mail waits for such a mail, and holds it to being the only one.
func (c *comes) mail(t *testing.T, to, words string) inbox.Message {
	t.Helper()
	list, err := scene.Until(t.Context(), c.w, "a mail to "+to+" about "+words, func(context.Context) ([]inbox.Message, bool) {
		list := c.mails(to, words)
		return list, len(list) > 0
	})
	require.NoError(t, err)
	require.Len(t, list, 1)
	return list[0]
}

func (c *comes) coverage(t *testing.T) {
	m := c.mail(t, "alice@example.org", "On-call coverage")
	require.Contains(t, m.Text, "orphan")
	c.trigger(t, "coverage", 0)
	c.mail(t, "alice@example.org", "On-call coverage") // it is no news
}

func (c *comes) noise(t *testing.T) {
	opened := time.Now().UTC().AddDate(0, 0, -7)
	policy, ok := c.stack.Catalog().Policy("payments")
	require.True(t, ok)
	i := incident.New(incident.Opening{Number: "INC-90001", Title: "Noise", Policy: policy, Urgency: catalog.Urgent, At: opened})
	i.TakeAlerts([]alerts.Alert{{
		Labels: map[string]string{"alertname": "CriesWolf"}, Status: alerts.Firing, Fingerprint: "wolf", StartsAt: opened,
	}}, 0, opened)
	entries := i.Drain()
	require.NoError(t, c.stack.Store.Record(t.Context(), activities.Batch{
		Number: i.Number, Epoch: "past", Entries: entries, Incident: i, Decided: opened, Ordinal: i.Revision,
		Pages: []incident.Page{{Key: i.Number + "/alert-1/r0/l0/bob/phone", Person: "bob", Due: opened, State: incident.PageSent, Sent: opened}},
	}))
	c.trigger(t, "noise-report", 0)
	require.Contains(t, c.mail(t, "incidents@example.org", "Noise report").Text, "CriesWolf (payments), score 0: incidents 1, pages 1")
	c.trigger(t, "noise-report", 0)
	c.mail(t, "incidents@example.org", "Noise report") // once a week
}

func (c *comes) handOff(t *testing.T) {
	made, err := as(t, c.w, scene.Primary).AddOverrideWithResponse(t.Context(), client.OverrideOrder{
		Schedule: "payments", Rotation: "primary", Kind: oncall.Replace, Person: "erin", Until: time.Now().Add(time.Hour), Reason: "a favour",
	})
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, made.StatusCode(), string(made.Body))
	for len(c.mails("erin@example.org", "You are on call now")) == 0 { // the override may not be known everywhere yet
		c.trigger(t, "herald", time.Minute)
	}
	require.Contains(t, c.mail(t, "erin@example.org", "You are on call now").Text, "Before you: Alice Anders")
}

func (c *comes) silence(t *testing.T) {
	made, err := as(t, c.w, "erin").AddSilenceWithResponse(t.Context(), client.SilenceOrder{
		Service: "payments", Until: time.Now().Add(time.Second), Reason: "a test of the alarm",
	})
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, made.StatusCode(), string(made.Body))
	over := "Silence " + made.JSON201.Id + " is over"
	for len(c.mails("erin@example.org", over)) == 0 {
		c.trigger(t, "watcher", 10*time.Second)
		c.trigger(t, "herald", time.Minute)
	}
	require.Contains(t, c.mail(t, "erin@example.org", over).Text, "a test of the alarm")
}
