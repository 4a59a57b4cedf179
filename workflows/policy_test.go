package workflows_test

import (
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// quiet is the policy of the stories: alice, then bob, then carol and dave;
// SEV3 asks for nothing else.
func quiet() catalog.Policy {
	anyone := catalog.Authority{
		Lower: []catalog.Standing{catalog.Anyone}, Cancel: []catalog.Standing{catalog.Anyone},
		Waive: []catalog.Standing{catalog.Anyone}, Approve: []catalog.Standing{catalog.Anyone},
	}
	return catalog.Policy{
		Service: "payments", Team: "payments", DoneResolutions: []string{"Done"}, LastResort: []string{"carol", "dave"},
		Escalation: oncall.EscalationPolicy{ID: "payments", Levels: []oncall.Level{
			{Targets: []oncall.Target{{Schedule: "payments"}}, Timeout: 5 * time.Minute},
			{Targets: []oncall.Target{{Schedule: "payments/secondary"}}, Timeout: 5 * time.Minute},
		}},
		AlertSeverities: map[string]catalog.AlertSeverity{
			"critical": {Severity: catalog.SEV3, Urgency: catalog.Urgent},
			"warning":  {Severity: catalog.SEV3, Urgency: catalog.Ordinary},
		},
		Severities: []catalog.Severity{
			{Level: catalog.SEV1, Urgency: catalog.Urgent, Response: catalog.ResponsePolicy{
				Page:      []oncall.Target{{Person: "frank"}},
				Commander: catalog.Commander{Required: true, Source: catalog.FromSchedule, Schedule: "commanders", Timeout: 5 * time.Minute},
				Authority: anyone, Stabilisation: time.Hour, Closing: catalog.Closing{Collected: true},
			}},
			{Level: catalog.SEV3, Urgency: catalog.Urgent, Response: catalog.ResponsePolicy{
				Authority: anyone, Stabilisation: 30 * time.Minute,
			}},
		},
	}
}

// with changes what SEV3 demands.
func with(change func(r *catalog.ResponsePolicy)) catalog.Policy {
	p := quiet()
	change(&p.Severities[1].Response)
	return p
}

func opening(p catalog.Policy) incident.Opening {
	return incident.Opening{
		Number: "INC-1042", Title: "Payments fail", Key: "PaymentsFail", Policy: p, Urgency: catalog.Urgent,
		Severity: catalog.SEV3, By: incident.Machine("alertmanager"), Source: "alertmanager", At: clock("02:00"),
	}
}

// fire and clear are one alert that fires and that stops firing.
func fire(name, since string) alerts.Alert {
	return alerts.Alert{
		Source: "alertmanager", Status: alerts.Firing, Labels: map[string]string{"alertname": name, "severity": "critical"},
		StartsAt: clock(since), Fingerprint: name,
	}
}

func clear(name, since string) alerts.Alert {
	a := fire(name, since)
	a.Status, a.EndsAt = alerts.Resolved, clock(since).Add(time.Minute)
	return a
}
