// Package story_test plays incidents end to end on everything real: Temporal,
// the database, HTTP, SMTP and, where it is installed, Prometheus with its
// Alertmanager. Only durations are shorter than in life.
package story_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/demo"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/sandbox/jira"
	"github.com/tocsinhq/tocsin/test/scene"
)

// patience is generous: the machine may be busy. What the product promises is
// asserted apart from it.
const patience = 2 * time.Minute

// maxEvents holds what an ordinary incident costs, with a diagnostic that starts
// by itself and a roll-back: 261 to 273 on a machine with nothing else to do, and
// some more on a busy one.
const maxEvents = 290

func start(t *testing.T, c devstack.Config) (*devstack.Stack, *scene.World) {
	t.Helper()
	s, err := devstack.Start(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close(context.WithoutCancel(t.Context()))) })
	return s, &scene.World{Sandbox: s.Sandbox, API: s.URL(), Tokens: s.Tokens, Patience: patience, Say: t.Logf}
}

// hasten makes minutes seconds, and puts the cast on call.
func hasten(c *catalog.Catalog) {
	scene.Cast(c)
	demo.Hasten(c)
}

// as returns the API as somebody uses it.
func as(t *testing.T, w *scene.World, who string) *client.ClientWithResponses {
	t.Helper()
	c, err := w.As(who)
	require.NoError(t, err)
	return c
}

// fire has an alert open an incident, and returns its number.
func fire(t *testing.T, w *scene.World, service, name string) string {
	t.Helper()
	number, err := scene.Webhook{Service: service, Alertname: name, Summary: name, Since: time.Now()}.Fire(t.Context(), w)
	require.NoError(t, err)
	return number
}

// first returns the first element that fits, and whether there is one.
func first[T any](list []T, fits func(T) bool) (one T, found bool) {
	n := slices.IndexFunc(list, fits)
	if n < 0 {
		return one, false
	}
	return list[n], true
}

func TestFromABadMetricToTheClosedTicket(t *testing.T) {
	t.Parallel()
	binaries(t)
	s, w := start(t, devstack.Config{Adjust: hasten})
	m := &monitoring{
		t: t, scraped: strings.TrimPrefix(s.Sandbox.URL(), "http://"), deliver: s.URL() + "/v1/alerts/alertmanager",
		token: s.Tokens["alertmanager"], alertname: "PaymentErrors", service: "payments", summary: "1 in 3 payments fails",
	}
	m.start()
	i := &scene.Incident{World: w, Monitor: m, Service: m.service, Summary: m.summary}
	require.NoError(t, i.Play(t.Context()))

	requireOutside(t, w, i)
	requireRecord(t, w, i)
	events := historyOf(t, s.App.Client, i.Number)
	t.Logf("%s cost %d events: %s", i.Number, len(events), tally(events))
	runs := children(events)
	require.Equal(t, []string{i.Number + "/runbook/deploy-status/1", i.Number + "/runbook/rollback/1"}, runs)
	for _, id := range append(runs, i.Number) {
		events := historyOf(t, s.App.Client, id)
		requireSummaries(t, events)
		requireDiscreet(t, events, forbidden(s, m))
	}
	require.Less(t, len(events), maxEvents)
}

// requireOutside looks at the inbox, the phones, JIRA and the deploy target.
func requireOutside(t *testing.T, w *scene.World, i *scene.Incident) {
	t.Helper()
	service, _ := w.Sandbox.Deployer.Service(i.Service)
	require.False(t, service.Current().Bad, "the bad version still runs")
	require.Len(t, w.Sandbox.Deployer.Operations(), 1, "one rollback")

	first := w.Sandbox.Phone.Pages("")[0]
	require.Contains(t, first.Message, "Suspect: payments ", "the first page names the bad deployment")
	seen, err := w.Incident(t.Context(), i.Number, "the diagnostic", func(i *client.Incident) bool {
		return !scene.RunOf(i, "deploy-status").Ended.IsZero()
	})
	require.NoError(t, err)
	require.Less(t, scene.RunOf(seen, "deploy-status").Ended.Sub(first.Received), 20*time.Second, "what it found is there within seconds, also on a busy machine")

	keys := map[string]int{}
	for _, p := range w.Sandbox.Phone.Pages("") {
		keys[p.Key]++
	}
	for _, h := range w.Sandbox.Phone.Hooks("") {
		keys[h.Key]++
	}
	for _, m := range w.Mails(i.Number) {
		keys[m.MessageID]++
	}
	for key, times := range keys {
		require.Equal(t, 1, times, "%s arrived more than once", key)
	}

	label := "tocsin-" + strings.ToLower(i.Number)
	issues := w.Sandbox.Jira.Issues()
	require.Len(t, issues, 2, "the incident's ticket and its follow-up's")
	own := slices.IndexFunc(issues, func(issue *jira.Issue) bool { return slices.Contains(issue.Labels, label) })
	require.GreaterOrEqual(t, own, 0)
	for _, issue := range issues {
		require.Equal(t, "Done", issue.Resolution, issue.Key)
	}
	require.Contains(t, issues[own].Description, i.Number)
	require.Contains(t, issues[own].Description, "Suspect 1: payments ")
	require.Contains(t, issues[own].Description, "payments runs r43", "what the diagnostic found, before the rollback")
	require.NotEmpty(t, issues[own].Links, "the follow-up is linked")
	require.NotEmpty(t, issues[own].RemoteLinks, "the way back to Tocsin")

	require.Equal(t, readers(w, i, "One in three payments failed."), readers(w, i, "is resolved"),
		"the closing mail goes to exactly those who had the opening one")
}

// readers lists the mailing lists that had a mail that holds words.
func readers(w *scene.World, i *scene.Incident, words string) []string {
	lists := map[string]bool{}
	for _, m := range w.Mails(i.Number) {
		for _, to := range m.To {
			if _, person := w.Tokens[strings.TrimSuffix(to, "@example.org")]; !person && strings.Contains(m.Text, words) {
				lists[to] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(lists))
}

// requireRecord looks at what the API says afterwards.
func requireRecord(t *testing.T, w *scene.World, i *scene.Incident) {
	t.Helper()
	closed, err := w.Incident(t.Context(), i.Number, "the end", func(i *client.Incident) bool { return i.Phase == client.Phase(incident.Closed) })
	require.NoError(t, err)
	require.Equal(t, scene.Secondary, closed.Holder)
	require.Equal(t, scene.Commander, closed.Roles["commander"])
	require.Len(t, closed.Runs, 2)
	require.Equal(t, []string{"deploy-status", "rollback"}, []string{closed.Runs[0].Name, closed.Runs[1].Name})
	require.NotEmpty(t, closed.Suspects)
	require.Contains(t, closed.Suspects[0].Reasons, "the same service")
	require.Equal(t, incident.FollowUpDone, closed.FollowUps[0].State)

	timeline, err := w.Timeline(t.Context(), i.Number)
	require.NoError(t, err)
	kinds := map[string]int{}
	for n, e := range timeline {
		require.Equal(t, n+1, e.Sequence, "the timeline has no gap and nothing twice")
		kinds[e.Kind]++
	}
	t.Logf("timeline: %s", strings.Join(slices.Sorted(maps.Keys(kinds)), " "))
	pages, err := w.Pages(t.Context(), i.Number)
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	for _, p := range pages {
		require.NotEqual(t, client.PageState(incident.PageDue), p.State, p.Key)
	}
}

// forbidden are the words that no history may hold, by what they are.
func forbidden(s *devstack.Stack, m *monitoring) map[string]string {
	out := map[string]string{
		"an address": "@example.org", "a webhook": "/phone/hook/", "an acknowledge link": "/ack/", "the API's address": s.URL(),
		"the sandbox's address": s.Sandbox.URL(), "Prometheus' address": m.prometheus, "a bearer token": "Bearer ",
		"the account of JIRA": jira.DefaultEmail, "the token of JIRA": jira.DefaultToken,
	}
	for name, token := range s.Tokens {
		out[fmt.Sprintf("the token of %s", name)] = token
	}
	return out
}
