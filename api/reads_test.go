package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/apitest"
	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook/spec"
	"github.com/tocsinhq/tocsin/store"
)

func TestListIncidents(t *testing.T) {
	w := newWorld(t)
	for n := 2; n <= 5; n++ {
		i := sample(fmt.Sprintf("INC-%d", n))
		i.Phase, i.Holder = incident.Mitigated, "alice"
		w.store.Put(i)
	}
	numbers := func(query string) (string, string) {
		var out struct {
			Incidents []struct{ Number string }
			Next      string
		}
		w.do("alice", "GET", "/v1/incidents"+query, "").want(200, &out)
		var list []string
		for _, i := range out.Incidents {
			list = append(list, i.Number)
		}
		return strings.Join(list, " "), out.Next
	}
	all, next := numbers("")
	require.Equal(t, "INC-5 INC-4 INC-3 INC-2 INC-1", all)
	require.Empty(t, next)
	first, next := numbers("?limit=2")
	require.Equal(t, "INC-5 INC-4", first)
	second, _ := numbers("?limit=2&cursor=" + next)
	require.Equal(t, "INC-3 INC-2", second)
	some, _ := numbers("?phase=triggered&phase=triaging&open=true&since=2026-01-01T00:00:00Z")
	require.Equal(t, "INC-1", some)
	mine, _ := numbers("?holder=me")
	require.Equal(t, "INC-5 INC-4 INC-3 INC-2", mine)
	none, _ := numbers("?service=search")
	require.Empty(t, none)
}

// full is an incident that has everything that the contract can show.
func full() *incident.Incident {
	i := sample("INC-7")
	i.Phase, i.Holder, i.Highest = incident.Resolved, "alice", catalog.SEV2
	i.Impact = incident.Impact{Scope: catalog.External, Users: "2000", Cannot: "pay"}
	i.Feedback = incident.Given{Actionable: true, By: "bob", At: night}
	i.Flaps = []incident.Flap{{Fingerprint: "f", Changes: []time.Time{night}, Until: night.Add(time.Hour)}}
	i.What, i.WhoFixes, i.Status, i.NextStep, i.Recurs = "cards fail", "payments", "Rolling back.", "Watch.", "INC-3"
	i.Offers = []incident.Offer{{Role: incident.Scribe, To: "bob", By: "alice", At: night}}
	i.Responders, i.Paged = []string{"bob"}, []string{"alice", "bob"}
	i.Clocks.Corrected = []incident.Correction{{Clock: incident.ImpactStarted, Reason: "r", By: "alice", At: night}}
	i.Alerts = []incident.AlertState{{Name: "CheckoutErrors", Summary: "12% fail"}}
	i.Alerts[0].Fingerprint, i.Alerts[0].Status, i.Alerts[0].StartsAt = "f", "firing", night
	i.Links = []catalog.Link{{Title: "Graph", URL: "https://example.org/d"}}
	i.Ticket = incident.TicketRef{ID: "10042", Key: "PAY-42"}
	i.Runs = []incident.Run{{ID: "rollback-1", Name: "rollback", By: "alice", Started: night, State: "running"}}
	i.Questions = []incident.Question{{ID: "q-1", Run: "rollback-1", Approval: true, Text: "Roll back?", Asked: night, Until: night.Add(time.Hour)}}
	i.Runbooks = []incident.RunbookOffered{{Name: "rollback", About: "Rolls back.", Params: map[string]string{"target": "checkout"}}}
	i.Updates = incident.Updates{Sent: 1, Due: night, Last: &incident.StatusUpdate{Ordinal: 1, What: "w", Doing: "d", At: night, Kind: incident.HumanUpdate}}
	return i
}

func TestGetIncident(t *testing.T) {
	w := newWorld(t)
	w.store.Put(full())
	var out map[string]any
	got := w.do("alice", "GET", "/v1/incidents/INC-7", "").want(200, &out)
	require.Equal(t, "resolved", out["phase"])
	require.Equal(t, "PAY-42", out["ticket"].(map[string]any)["key"])
	require.Equal(t, "bob", out["roles"].(map[string]any)["commander"])
	require.Equal(t, "human", out["last_update"].(map[string]any)["kind"])
	require.NotContains(t, string(got.body), "policy", "what only the workflow needs stays inside")
	w.do("alice", "GET", "/v1/incidents/INC-1", "").want(200)
}

func TestAnIncidentSaysHowLongItTookAndWhatClosingWaitsFor(t *testing.T) {
	w := newWorld(t)
	type view struct {
		Measures map[string]float64
		Gates    []incident.Gate
	}
	var fresh, resolved, closed view
	w.do("alice", "GET", "/v1/incidents/INC-1", "").want(200, &fresh)
	require.Empty(t, fresh.Measures, "what has not happened took no time, and not 0")
	require.Contains(t, fresh.Gates, incident.Gate{Name: "resolved", Missing: "resolve it"})

	i := full()
	i.Clocks.Stamps[incident.FirstAck] = night.Add(-30 * time.Second)
	i.Clocks.Stamps[incident.MitigatedAt] = night.Add(-40 * time.Second)
	i.Clocks.Stamps[incident.ResolvedAt] = night
	w.store.Put(i)
	w.do("alice", "GET", "/v1/incidents/INC-7", "").want(200, &resolved)
	require.Equal(t, map[string]float64{"tta": 30, "ttr": 60, "mitigated_to_resolved": 40}, resolved.Measures,
		"mitigated before the ack leaves TTM empty")
	require.Contains(t, resolved.Gates, incident.Gate{Name: "resolved", Met: true})
	require.Contains(t, resolved.Gates, incident.Gate{Name: "follow-up 2", Met: true})

	i.Phase = incident.Closed
	w.store.Put(i)
	w.do("alice", "GET", "/v1/incidents/INC-7", "").want(200, &closed)
	require.Empty(t, closed.Gates)
}

func TestThereIsNothingToConfirmOnceItIsResolved(t *testing.T) {
	w := newWorld(t)
	for phase, want := range map[incident.Phase][]string{
		incident.Mitigating: {"support"}, incident.Mitigated: {"support"}, incident.Resolved: nil, incident.Closed: nil, incident.Cancelled: nil,
	} {
		i := full()
		i.Phase = phase
		i.Policy.Severities = []catalog.Severity{{Level: catalog.SEV2, Response: catalog.ResponsePolicy{Closing: catalog.Closing{Confirmations: []string{"support"}}}}}
		w.store.Put(i)
		var out struct {
			ToConfirm []string `json:"confirm_to_resolve"`
		}
		w.do("alice", "GET", "/v1/incidents/INC-7", "").want(200, &out)
		require.Equal(t, want, out.ToConfirm, phase)
	}
}

func TestTimelinePagesAndRedaction(t *testing.T) {
	w := newWorld(t)
	type timeline struct {
		Entries []incident.Entry
		Next    string
	}
	var first, second, notes timeline
	w.do("alice", "GET", "/v1/incidents/INC-1/timeline?limit=2", "").want(200, &first)
	require.Len(t, first.Entries, 2)
	w.do("alice", "GET", "/v1/incidents/INC-1/timeline?limit=2&cursor="+first.Next, "").want(200, &second)
	require.Len(t, second.Entries, 1)
	require.Empty(t, second.Next)
	w.do("alice", "GET", "/v1/incidents/INC-1/timeline?kind=note", "").want(200, &notes)
	require.Len(t, notes.Entries, 2)
	w.do("alice", "GET", "/v1/incidents/INC-42/timeline", "").problem(404, "not-found")

	w.grant("person", "frank", api.ScopeRespond)
	w.do("frank", "POST", "/v1/incidents/INC-1/timeline/2/redact", `{"reason":"a name"}`).problem(403, "forbidden")
	w.grant("person", "dave", api.ScopeRespond)
	w.do("dave", "POST", "/v1/incidents/INC-1/timeline/2/redact", `{"reason":"a name"}`).want(204)
	w.do("dave", "POST", "/v1/incidents/INC-1/timeline/99/redact", `{"reason":"a name"}`).problem(404, "not-found")
	w.do("dave", "POST", "/v1/incidents/INC-42/timeline/1/redact", `{"reason":"a name"}`).problem(404, "not-found")
	var after timeline
	w.do("alice", "GET", "/v1/incidents/INC-1/timeline", "").want(200, &after)
	require.True(t, after.Entries[1].Redacted)
	require.Equal(t, "Redacted by dave: a name", after.Entries[1].Text)
}

func TestPagesShowEveryAttempt(t *testing.T) {
	w := newWorld(t)
	w.store.PutPage(
		store.Page{Incident: "INC-1", Page: incident.Page{Key: "k", Summons: "alert-1", Person: "alice", Contact: "phone", Kind: "push", Reason: "on call", Due: night, State: incident.PageSent, Sent: night}},
		activities.Attempt{Key: "k", Incident: "INC-1", At: night, Error: "time-out"}, activities.Attempt{Key: "k", Incident: "INC-1", At: night.Add(time.Second)},
		activities.Attempt{Key: "ticket", Incident: "INC-1", At: night},
	)
	var out struct {
		Pages []struct {
			Person   string
			Attempts []struct{ Error string }
		}
	}
	w.do("alice", "GET", "/v1/incidents/INC-1/pages", "").want(200, &out)
	require.Len(t, out.Pages, 1)
	require.Len(t, out.Pages[0].Attempts, 2)
	require.Equal(t, "time-out", out.Pages[0].Attempts[0].Error)
	w.do("alice", "GET", "/v1/incidents/INC-42/pages", "").problem(404, "not-found")
}

func TestFollowUps(t *testing.T) {
	w := newWorld(t)
	for query, want := range map[string]int{
		"": 1, "?owner=me": 1, "?owner=bob": 0, "?state=done": 1, "?state=all": 2, "?overdue=true": 1, "?state=all&overdue=true": 1,
	} {
		var out struct {
			FollowUps []struct {
				Incident string
				FollowUp incident.FollowUp `json:"follow_up"`
			} `json:"follow_ups"`
		}
		w.do("alice", "GET", "/v1/follow-ups"+query, "").want(200, &out)
		require.Len(t, out.FollowUps, want, query)
	}
}

func TestOnCall(t *testing.T) {
	w := newWorld(t)
	type oncall struct {
		At        time.Time
		Schedules []struct {
			ID     string
			Shifts []struct{ Person, Rotation string }
		}
	}
	var now, one oncall
	w.do("alice", "GET", "/v1/oncall", "").want(200, &now)
	require.Equal(t, night, now.At)
	require.Len(t, now.Schedules, 4)
	w.do("alice", "GET", "/v1/oncall?schedule=payments&at=2026-06-01T12:00:00%2B02:00", "").want(200, &one)
	require.Len(t, one.Schedules, 1)
	require.Equal(t, time.Date(2026, 6, 1, 10, 0, 0, 0, time.UTC), one.At)
	require.NotEmpty(t, one.Schedules[0].Shifts)
	none := newWorld(t, func(c *api.Config) { c.Catalogs = apitest.Catalogs{Store: apitest.NewStore(nil)} })
	none.do("alice", "GET", "/v1/oncall", "").problem(503, "unavailable")
}

func TestRunbooks(t *testing.T) {
	w := newWorld(t)
	var out struct{ Runbooks []gen.Runbook }
	w.do("alice", "GET", "/v1/runbooks", "").want(200, &out)
	require.Len(t, out.Runbooks, 2)
	other := out.Runbooks[1]
	require.Equal(t, []string{"drain-cell", "acme-runbooks"}, []string{other.Name, other.TaskQueue})
	require.Equal(t, night, other.HeardAt.UTC())
	b := out.Runbooks[0]
	require.Equal(t, "runbooks", b.TaskQueue)
	require.Zero(t, b.HeardAt, "it comes with Tocsin")
	require.Equal(t, []string{"rollback", "Rolls back.", "After a deploy.", "deploy/{target}"}, []string{b.Name, b.About, b.Fits, b.Target})
	require.Equal(t, []spec.Param{{Name: "target", About: "the target", Type: spec.Name}}, b.Params)
	require.Equal(t, []any{"target"}, b.Schema["required"])
	require.Equal(t, 1, b.Approval.People)
}

func TestTheLedgerIsReadByPersonStateAndTime(t *testing.T) {
	w := newWorld(t)
	for n, person := range []string{"alice", "bob", "alice"} {
		w.store.PutPage(store.Page{Incident: fmt.Sprintf("INC-%d", n+1), Page: incident.Page{
			Provider: "second",
			Key:      fmt.Sprint("k", n), Summons: "alert-1", Person: person, Contact: "phone", Kind: "sms", Reason: "on call",
			Due: night.Add(time.Duration(n) * time.Hour), State: []incident.PageState{incident.PageSent, incident.PageFailed, incident.PageFailed}[n],
		}})
	}
	for query, want := range map[string]int{
		"": 3, "?person=me": 2, "?person=bob": 1, "?incident=INC-3": 1, "?state=failed": 2, "?person=me&state=failed": 1,
		"?from=" + night.Add(time.Hour).Format(time.RFC3339): 2, "?until=" + night.Add(time.Hour).Format(time.RFC3339): 1,
	} {
		var out struct {
			Pages []struct{ Incident, Provider string }
		}
		w.do("alice", "GET", "/v1/pages"+query, "").want(200, &out)
		require.Len(t, out.Pages, want, query)
		for _, p := range out.Pages {
			require.NotEmpty(t, p.Incident)
		}
	}
	w.do("alice", "GET", "/v1/pages?state=lost", "").problem(400, "invalid")
}

func TestWhyTellsWhatWasRecorded(t *testing.T) {
	w := newWorld(t)
	var out incident.Explanation
	w.do("alice", "GET", "/v1/incidents/INC-1/why?person=bob", "").want(200, &out)
	require.Equal(t, "bob", out.Person)
	require.False(t, out.Paged)
	require.NotEmpty(t, out.Reasons)
	w.do("alice", "GET", "/v1/incidents/INC-42/why?person=bob", "").problem(404, "not-found")
	w.do("alice", "GET", "/v1/incidents/INC-1/why", "").problem(400, "invalid")
}
