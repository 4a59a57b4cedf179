package incident_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// noon is when every incident of these tests is triggered.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// after returns a moment, counted from noon.
func after(d time.Duration) time.Time { return noon.Add(d) }

// response is what SEV1 and SEV2 demand here.
func response() catalog.ResponsePolicy {
	return catalog.ResponsePolicy{
		Commander: catalog.Commander{Required: true, Source: catalog.FromSchedule, Schedule: "commanders", Timeout: 5 * time.Minute},
		Updates:   catalog.Updates{Audiences: []string{"incidents", "customers"}, First: 15 * time.Minute, Every: time.Hour, Remind: 5 * time.Minute},
		Limits:    catalog.Limits{Acknowledge: 10 * time.Minute, Mitigate: time.Hour, Resolve: 24 * time.Hour},
		Closing: catalog.Closing{
			Fix: true, Collected: true, Confirmations: []string{"Support is quiet."},
			Due: map[catalog.Priority]time.Duration{catalog.High: 7 * 24 * time.Hour, catalog.Medium: 14 * 24 * time.Hour},
		},
		Authority:     catalog.Authority{Waive: []catalog.Standing{catalog.TeamLead, catalog.Administrator}},
		Ticket:        true,
		StillOnIt:     30 * time.Minute,
		Stabilisation: time.Hour,
	}
}

// policy has two levels, a last resort, and SEV1 to SEV4.
func policy() catalog.Policy {
	first := response()
	first.Page = []oncall.Target{{Person: "heidi"}, {Team: "platform"}}
	first.Updates.Every = 30 * time.Minute
	third := response()
	third.Commander, third.Closing = catalog.Commander{}, catalog.Closing{}
	third.Authority.SelfApproval = true
	return catalog.Policy{
		Version: 3, Service: "checkout", ServiceName: "Checkout", Team: "shop",
		Escalation: oncall.EscalationPolicy{ID: "shop", Repeat: 1, Levels: []oncall.Level{
			{Targets: []oncall.Target{{Schedule: "shop/primary"}}, Timeout: 5 * time.Minute},
			{Targets: []oncall.Target{{Schedule: "shop/secondary"}}, Timeout: 10 * time.Minute},
		}},
		LastResort: []string{"heidi", "ivan"},
		Severities: []catalog.Severity{
			{Level: catalog.SEV1, Urgency: catalog.Urgent, Response: first},
			{Level: catalog.SEV2, Urgency: catalog.Urgent, Response: response()},
			{Level: catalog.SEV3, Urgency: catalog.Urgent, Response: third},
			{Level: catalog.SEV4, Urgency: catalog.Ordinary},
		},
		DoneResolutions: []string{"Done"}, Leads: []string{"lena"}, ExternalAudiences: []string{"customers"},
		AlertSeverities: map[string]catalog.AlertSeverity{
			"critical": {Urgency: catalog.Urgent, Severity: catalog.SEV2},
			"error":    {Urgency: catalog.Urgent, Severity: catalog.SEV3},
			"warning":  {Urgency: catalog.Ordinary, Severity: catalog.SEV4},
			"info":     {Urgency: catalog.NotPaged, Severity: catalog.SEV4},
		},
	}
}

// opening is what an alert of SEV3 opens.
func opening() incident.Opening {
	return incident.Opening{
		Number: "INC-7", Title: "Checkout fails", Key: "alertname=Errors", Policy: policy(),
		Urgency: catalog.Urgent, Severity: catalog.SEV3,
		By: incident.Machine("alertmanager"), Source: "alertmanager", At: noon,
	}
}

// opened returns an incident that one firing alert opened, its first level
// handed over to alice at noon.
func opened(t *testing.T, change ...func(*incident.Opening)) *incident.Incident {
	t.Helper()
	o := opening()
	for _, c := range change {
		c(&o)
	}
	i := incident.New(o)
	a := firing("a")
	if o.Severity == catalog.SEV4 {
		a = label(a, "severity", "warning")
	}
	i.TakeAlerts([]alerts.Alert{a}, 0, noon)
	i.Begin(noon)
	if s := i.Summons("alert-1"); s != nil {
		page(t, i, s, noon, "alice")
	}
	return i
}

// severity opens with another severity.
func severity(s catalog.Level) func(*incident.Opening) {
	return func(o *incident.Opening) { o.Severity, o.Urgency = s, o.Policy.Urgency(s) }
}

// held returns an incident that alice acknowledged a minute after noon.
func held(t *testing.T, change ...func(*incident.Opening)) *incident.Incident {
	t.Helper()
	i := opened(t, change...)
	do(t, i, "alice", time.Minute, i.Acknowledge, incident.Acknowledge{})
	return i
}

// mitigated returns one that alice mitigated after 20 minutes.
func mitigated(t *testing.T, change ...func(*incident.Opening)) *incident.Incident {
	t.Helper()
	i := held(t, change...)
	do(t, i, "alice", 20*time.Minute, i.Mitigate, incident.Mitigate{What: "rolled back"})
	i.TakeAlerts([]alerts.Alert{cleared("a")}, 0, after(21*time.Minute))
	return i
}

// resolved returns one that alice resolved after 30 minutes.
func resolved(t *testing.T, change ...func(*incident.Opening)) *incident.Incident {
	t.Helper()
	i := mitigated(t, change...)
	do(t, i, "alice", 30*time.Minute, i.Resolve, fully())
	return i
}

// fully is a resolution that satisfies every policy here.
func fully() incident.Resolve {
	return incident.Resolve{Fix: "change 12", Confirmations: []string{"Support is quiet."}}
}

// command is a method of an incident.
type command[A any] func(incident.Header, A, time.Time) (incident.Outcome, error)

// by is the header of a person's command, some time after noon.
func by(person string, at time.Duration, standings ...catalog.Standing) incident.Header {
	return incident.Header{ID: person, By: incident.Person(person), At: after(at), Via: "api", Standings: standings}
}

// do gives a command as a person, and expects it to be taken.
func do[A any](t *testing.T, _ *incident.Incident, person string, at time.Duration, give command[A], args A) incident.Outcome {
	t.Helper()
	out, err := give(by(person, at), args, after(at))
	require.NoError(t, err)
	return out
}

// refused gives a command and expects an error of a kind; it returns what was
// missing.
func refused[A any](t *testing.T, kind incident.Kind, h incident.Header, give command[A], args A) []string {
	t.Helper()
	_, err := give(h, args, h.At)
	require.Error(t, err)
	require.Equal(t, kind, incident.KindOf(err), "%v", err)
	known, ok := err.(*incident.Error) //nolint:errorlint // the rules return it bare
	require.True(t, ok)
	return known.Missing
}

// page begins the present level of a summons and hands a page to each person.
func page(t *testing.T, i *incident.Incident, s *incident.Summons, at time.Time, people ...string) {
	t.Helper()
	reach := make([]incident.Reach, 0, len(people))
	for _, p := range people {
		reach = append(reach, incident.Reach{Person: p, Reason: "on call", Contact: "phone", Kind: "push"})
	}
	before := len(s.Pages)
	i.BeginLevel(s, incident.Roster{Reach: reach}, at)
	for _, p := range s.Pages[before:] {
		i.HandedOver(s, p, at, at)
	}
}

// only returns the one open summons of a kind.
func only(t *testing.T, i *incident.Incident, kind incident.SummonsKind) *incident.Summons {
	t.Helper()
	list := open(i, kind)
	require.Len(t, list, 1, "open summonses of kind %s", kind)
	return list[0]
}

func open(i *incident.Incident, kind incident.SummonsKind) []*incident.Summons {
	var out []*incident.Summons
	for _, s := range i.Summonses {
		if s.Open() && s.Kind == kind {
			out = append(out, s)
		}
	}
	return out
}

// told lists whom notices tell something that holds these words.
func told(i *incident.Incident, words string) []string {
	var out []string
	for _, n := range i.Outbox.Notices {
		if strings.Contains(n.Text, words) {
			out = append(out, n.To...)
		}
	}
	return out
}

// kinds drains the timeline and lists the kinds of its entries.
func kinds(i *incident.Incident) []string {
	var out []string
	for _, e := range i.Drain() {
		out = append(out, e.Kind)
	}
	return out
}

func has(list []string, want string) bool { return slices.Contains(list, want) }

// firing is an alert that began at noon; later ones of the same fingerprint
// are made with since.
func firing(fingerprint string) alerts.Alert {
	return alerts.Alert{
		Source: "alertmanager", Status: alerts.Firing, Fingerprint: fingerprint, StartsAt: noon,
		Labels:      map[string]string{"alertname": "Errors", "severity": "error", "service": "checkout"},
		Annotations: map[string]string{"summary": "Too many errors"},
	}
}

func cleared(fingerprint string) alerts.Alert {
	a := firing(fingerprint)
	a.Status, a.EndsAt = alerts.Resolved, after(20*time.Minute)
	return a
}

func since(a alerts.Alert, d time.Duration) alerts.Alert {
	a.StartsAt = after(d)
	return a
}

func label(a alerts.Alert, name, value string) alerts.Alert {
	a.Labels[name] = value
	return a
}
