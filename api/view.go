package api

import (
	"time"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/incident"
)

// summaryOf returns an incident as lists and streams show it.
func summaryOf(i *incident.Incident) gen.IncidentSummary {
	open := 0
	for _, f := range i.FollowUps {
		if f.State == incident.FollowUpOpen {
			open++
		}
	}
	return gen.IncidentSummary{
		Number: i.Number, Title: i.Title, Phase: i.Phase, Service: i.Service, Team: i.Team,
		Urgency: i.Urgency, Severity: i.Severity, Provisional: i.Provisional,
		Holder: i.Holder, Commander: i.Roles[incident.Commander], Status: i.Status, NextStep: i.NextStep,
		Storm: i.Storm, Clocks: i.Clocks, Counts: i.Counts, Ticket: i.Ticket,
		OpenFollowUps: open, Revision: i.Revision,
	}
}

// viewOf returns the whole of an incident as it is at a time, but for what
// only its workflow needs to go on.
func viewOf(i *incident.Incident, now time.Time) gen.Incident {
	out := gen.Incident{
		Number: i.Number, Title: i.Title, Phase: i.Phase, Service: i.Service, ServiceName: i.Policy.ServiceName,
		Team: i.Team, Origin: i.Origin, Storm: i.Storm, Recurs: i.Recurs, Into: i.Into, SplitFrom: i.SplitFrom, Held: i.Held, Recovered: i.Recovered,
		Urgency: i.Urgency, Severity: i.Severity, Provisional: i.Provisional, Highest: i.Highest, Impact: i.Impact,
		What: i.What, WhoFixes: i.WhoFixes, Hypothesis: i.Hypothesis, RootCause: i.RootCause, Hatches: i.Hatches, Status: i.Status, NextStep: i.NextStep,
		Holder: i.Holder, Snoozed: i.Snoozed, Awaited: i.Awaited(), Roles: map[string]string{}, Offers: i.Offers, Responders: i.Responders, Paged: i.Paged,
		Clocks: i.Clocks, Counts: i.Counts, Alerts: orEmpty(i.Alerts), Links: i.Links, Ticket: i.Ticket,
		FollowUps: i.FollowUps, Runs: i.Runs, Questions: i.Questions, Runbooks: i.Runbooks, Suspects: i.Suspects,
		UpdatesSent: i.Updates.Sent, NextUpdate: i.Updates.Due,
		ConfirmToResolve: toConfirm(i),
		Feedback:         i.Feedback,
		Flapping:         i.Flapping(),
		Measures:         measuresOf(i), Gates: gatesOf(i, now),
		Revision: i.Revision,
	}
	for _, a := range i.Absorbed {
		out.Absorbed = append(out.Absorbed, a.Number)
	}
	for role, person := range i.Roles {
		out.Roles[string(role)] = person
	}
	if i.Updates.Last != nil {
		out.LastUpdate = *i.Updates.Last
	}
	return out
}

// toConfirm lists what people must confirm, while that can still be done.
func toConfirm(i *incident.Incident) []string {
	if i.Phase == incident.Resolved || i.Phase.Over() {
		return nil
	}
	return i.Duties().Closing.Confirmations
}

// measuresOf leaves out what has no beginning or no end.
func measuresOf(i *incident.Incident) gen.Measures {
	return gen.Measures{
		Tta: seconds(i.TTA()), Ttm: seconds(i.TTM()), Ttr: seconds(i.TTR()),
		MitigatedToResolved: seconds(i.MitigatedToResolved()),
	}
}

func seconds(d time.Duration, known bool) *float64 {
	if !known {
		return nil
	}
	s := d.Seconds()
	return &s
}

// gatesOf lists what closing waits for: nothing once the incident is over.
func gatesOf(i *incident.Incident, now time.Time) []incident.Gate {
	if i.Phase.Over() {
		return nil
	}
	gates := i.Gates(now)
	for n := range gates {
		if gates[n].Met {
			gates[n].Missing = ""
		}
	}
	return gates
}

// orEmpty makes a list that JSON shows as [] and not as null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// each turns every member of a list into something else.
func each[A, B any](list []A, f func(A) B) []B {
	out := make([]B, 0, len(list))
	for _, a := range list {
		out = append(out, f(a))
	}
	return out
}
