package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

func showCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "show INCIDENT",
		Short:   "Show one incident: what is known, what is asked, what is owed",
		Example: "  tocsin incident show INC-7",
		Args:    between(1, 1),
		RunE: s.runFor(func(ctx context.Context, c *call, number string) error {
			return show(c, c.incident)(content(c.GetIncident(ctx, number)))
		}),
	}
}

// incident shows the whole of an incident.
func (c *call) incident(i client.Incident) {
	k := c.clock(c.cmd.Context())
	c.say("%s  %s", i.Number, i.Title)
	c.facts(i)
	c.clocks(i.Clocks, k)
	c.measures(i.Measures)
	c.alerts(i, k)
	section(c, "SUSPECTS", i.Suspects, func(s client.Suspect) []string { return []string{k.at(s.At), s.What, strings.Join(s.Reasons, ", ")} })
	c.questions(i, k)
	c.runs(i, k)
	c.followUps(i, k)
	section(c, "DEGRADED", i.Hatches, func(h client.Hatch) []string {
		return []string{h.What, words(" ", when(h.Restored.IsZero(), "expires "+k.at(h.Expires)), when(!h.Restored.IsZero(), "restored "+k.at(h.Restored))), "follow-up " + h.FollowUp}
	})
	section(c, "CLOSURE GATES", i.Gates, func(g client.Gate) []string { return []string{g.Name, cmp.Or(k.in(g.Missing), "met")} })
	section(c, "RUNBOOKS THAT FIT", i.Runbooks, func(b client.RunbookOffered) []string {
		return []string{b.Name, paramsOf(b.Params), b.About}
	})
	section(c, "LINKS", i.Links, func(l client.Link) []string { return []string{l.Title, l.URL} })
}

// facts shows what is known in single words and lines.
func (c *call) facts(i client.Incident) {
	t := c.table()
	fact := func(name, value string) {
		if value != "" {
			t.row(name, value)
		}
	}
	fact("phase", words(", ", string(i.Phase), when(i.Held, "held: nobody was told yet"), when(i.Recovered, "recovered")))
	fact("severity", words(" ", string(i.Severity), when(i.Provisional, "(provisional)")))
	fact("service", fmt.Sprintf("%s (team %s)", cmp.Or(i.ServiceName, i.Service), i.Team))
	fact("holder", cmp.Or(i.Holder, "nobody"))
	for _, role := range slices.Sorted(maps.Keys(i.Roles)) {
		fact(role, i.Roles[role])
	}
	for _, o := range i.Offers {
		fact("offered", fmt.Sprintf("%s to %s", o.Role, o.To))
	}
	fact("responders", strings.Join(i.Responders, ", "))
	fact("what", i.What)
	fact("hypothesis", i.Hypothesis)
	fact("root cause", i.RootCause)
	fact("impact", words(", ", string(i.Impact.Scope), i.Impact.Users, when(i.Impact.Cannot != "", "cannot: "+i.Impact.Cannot)))
	fact("who fixes", i.WhoFixes)
	fact("status", i.Status)
	fact("next step", i.NextStep)
	fact("feedback", feedbackOf(i.Feedback))
	fact("ticket", i.Ticket.Key)
	fact("repeats", i.Recurs)
	fact("part of", i.Into)
	fact("took over", strings.Join(i.Absorbed, ", "))
	fact("split from", i.SplitFrom)
	fact("to confirm", strings.Join(i.ConfirmToResolve, ", "))
	t.flush()
}

// clocks shows the stamps in the order of an incident's life.
func (c *call) clocks(stamps client.Clocks, k clock) {
	var set []incident.Clock
	for _, name := range []incident.Clock{
		incident.ImpactStarted, incident.TriggeredAt, incident.FirstAck, incident.Contained,
		incident.MitigatedAt, incident.ResolvedAt, incident.ClosedAt,
	} {
		if _, ok := stamps.Stamps[name]; ok {
			set = append(set, name)
		}
	}
	section(c, "CLOCKS", set, func(name incident.Clock) []string {
		corrected := slices.ContainsFunc(stamps.Corrected, func(o incident.Correction) bool { return o.Clock == name })
		return []string{strings.ReplaceAll(string(name), "_", " "), words(" ", k.at(stamps.Stamps[name]), when(corrected, "(corrected)"))}
	})
}

// measures shows the times between clocks, as far as they are known.
func (c *call) measures(m client.Measures) {
	type measure struct {
		name    string
		seconds *float64
	}
	all := []measure{{"TTA", m.Tta}, {"TTM", m.Ttm}, {"TTR", m.Ttr}, {"mitigated to resolved", m.MitigatedToResolved}}
	known := slices.DeleteFunc(all, func(one measure) bool { return one.seconds == nil })
	section(c, "MEASURES", known, func(one measure) []string {
		d := time.Duration(*one.seconds * float64(time.Second))
		return []string{one.name, catalog.FormatDuration(d.Round(time.Second))}
	})
}

func (c *call) alerts(i client.Incident, k clock) {
	title := fmt.Sprintf("ALERTS (%d of %d firing)", i.Counts.Firing, i.Counts.Alerts)
	section(c, title, i.Alerts, func(a client.AlertState) []string {
		flaps := slices.Contains(i.Flapping, a.Fingerprint)
		return []string{words(", ", string(a.Status), when(flaps, "flaps")), k.at(a.StartsAt), a.Name, a.Summary, a.Fingerprint}
	})
}

func (c *call) questions(i client.Incident, k clock) {
	open := slices.DeleteFunc(i.Questions, func(q client.Question) bool { return !q.Answered.IsZero() })
	section(c, "QUESTIONS", open, func(q client.Question) []string {
		so := when(len(q.Approved) > 0, fmt.Sprintf("%d of %d approved", len(q.Approved), q.People))
		return []string{q.ID, q.Text, strings.Join(q.Choices, " / "), words(", ", "until "+k.at(q.Until), so)}
	})
	for _, q := range open {
		section(c, "CALLS OF "+words(" ", q.ID, when(q.Covers != "", "("+q.Covers+")")), q.Calls, func(call string) []string {
			return []string{call}
		})
	}
}

func (c *call) runs(i client.Incident, k clock) {
	section(c, "RUNS", i.Runs, func(r client.Run) []string {
		return []string{r.ID, words(", ", r.State, when(r.DryRun, "dry run"), when(r.Stuck, "stuck: no worker does it")), k.at(r.Started), r.By, cmp.Or(r.Outcome, r.Latest)}
	})
}

func (c *call) followUps(i client.Incident, k clock) {
	section(c, "FOLLOW-UPS", i.FollowUps, func(f client.FollowUp) []string {
		return []string{f.ID, string(f.State), f.Owner, string(f.Priority), "due " + k.at(f.Due), f.Ticket.Key, f.Title}
	})
}

// section shows a titled table, and nothing when it would be empty.
func section[T any](c *call, title string, list []T, cells func(T) []string) {
	if len(list) == 0 {
		return
	}
	c.say("")
	c.say("%s", title)
	t := c.table()
	for _, item := range list {
		t.row(cells(item)...)
	}
	t.flush()
}

func when(is bool, text string) string {
	if is {
		return text
	}
	return ""
}

func paramsOf(params map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(params)) {
		pairs = append(pairs, name+"="+params[name])
	}
	return strings.Join(pairs, " ")
}

// feedbackOf says what people thought of it, or nothing.
func feedbackOf(g client.Given) string {
	if g.By == "" {
		return ""
	}
	return words(" ", map[bool]string{true: "actionable,", false: "not actionable,"}[g.Actionable], "says "+g.By, when(g.Reason != "", "("+g.Reason+")"))
}
