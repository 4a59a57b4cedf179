package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

// Response returns what the present severity and impact demand.
func (i *Incident) Response() catalog.ResponsePolicy {
	return i.Policy.Response(i.Severity, i.Impact.Scope)
}

// Duties returns what must be true before the incident resolves and closes:
// they follow the highest severity that a person confirmed.
func (i *Incident) Duties() catalog.ResponsePolicy {
	level := i.Highest
	if level == "" {
		level = i.Severity
	}
	return i.Policy.Response(level, i.Impact.Scope)
}

// worse reports whether a is a worse severity than b. No severity is milder
// than any.
func worse(a, b catalog.Level) bool {
	if a == "" || b == "" {
		return a != ""
	}
	return a < b // "SEV1" sorts before "SEV2"
}

// Classify records what triage found, and applies the response policy that it
// demands. Each answer may be "unknown", but none may be left out.
func (i *Incident) Classify(h Header, c Classify, now time.Time) (Outcome, error) {
	if err := i.mustBePerson(h, "classify"); err != nil {
		return Outcome{}, err
	}
	if err := i.canClassify(h, c); err != nil {
		return Outcome{}, err
	}
	i.heard(h, now)
	before := i.Severity
	i.What, i.Impact, i.WhoFixes = c.What, c.Impact, c.WhoFixes
	if c.Severity != unknown {
		i.confirm(c.Severity)
	}
	if i.Phase == Triaging {
		i.Phase = Mitigating
	}
	i.did(h, now, "classified", "%s: %s; %s impact (%s); can be fixed by %s.",
		i.Severity, c.What, c.Impact.Scope, orUnknown(c.Impact.Users), c.WhoFixes)
	i.severityChanged(h, before, c.Reason, now)
	return i.outcome("classified; the response policy of " + string(i.Severity) + " applies"), nil
}

const unknown = "unknown"

func orUnknown(s string) string {
	if s == "" {
		return unknown
	}
	return s
}

// canClassify says what is missing from a classification.
func (i *Incident) canClassify(h Header, c Classify) error {
	var missing []string
	for _, answer := range []struct{ name, value string }{
		{"what", c.What}, {"impact.scope", string(c.Impact.Scope)}, {"severity", string(c.Severity)}, {"who_fixes", c.WhoFixes},
	} {
		if answer.value == "" {
			missing = append(missing, answer.name)
		}
	}
	scopes := []catalog.Scope{catalog.External, catalog.Internal, catalog.Nobody, catalog.ScopeUnknown}
	lowering := c.Severity != unknown && worse(i.Highest, c.Severity)
	switch {
	case len(missing) > 0:
		return Refusal(`triage answers what, impact, severity and who can fix; each may be "unknown"`, missing...)
	case c.Severity != unknown && !slices.Contains(catalog.Levels(), c.Severity):
		return Errorf(Invalid, `severity: %q is not SEV1 to SEV5 or "unknown"`, c.Severity)
	case !slices.Contains(scopes, c.Impact.Scope):
		return Errorf(Invalid, "impact.scope: %q is not external, internal, nobody or unknown", c.Impact.Scope)
	case i.Phase == Triggered:
		return Refusal("nobody has acknowledged yet", "acknowledge")
	case i.Phase == Resolved || i.Phase.Over():
		return Refusal(fmt.Sprintf("%s is %s", i.Number, i.Phase), "an incident before resolved")
	case lowering && c.Reason == "":
		return Refusal("lowering a confirmed severity needs a reason", "reason")
	case lowering:
		return i.mustHave(h, i.Duties().Authority.Lower, "lower the severity")
	}
	return nil
}

// confirm sets a severity that a person stands for.
func (i *Incident) confirm(level catalog.Level) {
	i.Severity, i.Provisional = level, false
	if worse(level, i.Highest) {
		i.Highest = level
	}
}

// severityChanged applies the difference between two severities: a worse one
// pages whom it newly demands, a milder one corrects what was said.
func (i *Incident) severityChanged(h Header, before catalog.Level, reason string, now time.Time) {
	if worse(before, i.Severity) {
		i.did(h, now, "severity.lowered", "From %s to %s: %s", before, i.Severity, orNone(reason))
		i.correct(now, fmt.Sprintf("%s is now %s (was %s).", i.Number, i.Severity, before))
	}
	urgency := i.Policy.Urgency(i.Severity)
	raised := worse(i.Severity, before) && urgency == catalog.Urgent && i.Urgency != catalog.Urgent
	if raised {
		i.Urgency = urgency
		i.tell(now, []string{i.Holder}, h.By.ID, i.Number+" is now urgent.")
	}
	i.applyPolicy(now)
}

// applyPolicy makes the response policy true, once: it pages whom it demands,
// looks for a commander and starts the status updates. It is applied from the
// first acknowledgement on.
func (i *Incident) applyPolicy(now time.Time) {
	if i.Holder == "" || !i.Phase.Active() {
		return
	}
	policy := i.Response()
	i.pageDemanded(policy, now)
	i.seekCommander(policy.Commander, now)
	i.scheduleUpdate(policy.Updates, now)
}

// pageDemanded pages the targets of a policy that no earlier one had.
func (i *Incident) pageDemanded(policy catalog.ResponsePolicy, now time.Time) {
	var fresh []oncall.Target
	for _, t := range policy.Page {
		if !slices.Contains(i.Demanded, t) {
			fresh = append(fresh, t)
		}
	}
	if len(fresh) == 0 {
		return
	}
	i.Demanded = append(i.Demanded, fresh...)
	i.summon(&Summons{
		Kind: ForResponder, Why: fmt.Sprintf("%s demands you: %s", i.Severity, i.Title),
		Urgency: urgencyOrOrdinary(i.Urgency), Caused: now,
		Levels: []oncall.Level{{Targets: fresh, Timeout: i.patience()}}, Repeat: 1,
	})
}

// seekCommander finds a commander where one is demanded and there is none.
func (i *Incident) seekCommander(c catalog.Commander, now time.Time) {
	searching := len(i.open(func(s *Summons) bool { return s.Kind == ForRole && s.Subject == string(Commander) })) > 0
	if !c.Required || i.Roles[Commander] != "" || searching {
		return
	}
	target := oncall.Target{Schedule: c.Schedule}
	switch c.Source {
	case catalog.FirstResponder:
		i.give(Commander, Header{By: Person(i.Holder), At: now, Via: "policy"}, now)
		return
	case catalog.Secondary:
		target = i.secondary()
	case catalog.FromSchedule:
	}
	i.note(now, "commander.sought", "%s demands a commander: asking %s; %s acts meanwhile.", i.Severity, targetName(target), i.Holder)
	i.search(Commander, target, now, fmt.Sprintf("%s needs a commander: %s", i.Number, i.Title))
}

// secondary returns the secondary rotation of the schedule that the service
// pages first, or its team when it pages no schedule.
func (i *Incident) secondary() oncall.Target {
	for _, l := range i.Policy.Escalation.Levels {
		for _, t := range l.Targets {
			if name, _, _ := strings.Cut(t.Schedule, "/"); name != "" {
				return oncall.Target{Schedule: name + "/secondary"}
			}
		}
	}
	return oncall.Target{Team: i.Team}
}

// mustHave refuses whoever has none of the standings that a policy names. An
// empty list means the commander, a team lead or an administrator.
func (i *Incident) mustHave(h Header, allowed []catalog.Standing, what string) error {
	if err := i.mustBePerson(h, what); err != nil {
		return err
	}
	if len(allowed) == 0 {
		allowed = []catalog.Standing{catalog.CommanderRole, catalog.TeamLead}
	}
	has := append(i.standings(h), catalog.Anyone)
	if slices.Contains(has, catalog.Administrator) {
		return nil
	}
	for _, s := range allowed {
		if slices.Contains(has, s) {
			return nil
		}
	}
	return Errorf(Forbidden, "%s may not %s; it takes %s", h.By.ID, what, standingNames(allowed))
}

// standings adds what a person is on this incident to what the catalog grants.
func (i *Incident) standings(h Header) []catalog.Standing {
	out := slices.Clone(h.Standings)
	if i.Holder == h.By.ID {
		out = append(out, catalog.HolderRole)
	}
	if i.ActingCommander() == h.By.ID {
		out = append(out, catalog.CommanderRole)
	}
	return out
}

func standingNames(list []catalog.Standing) string {
	var names []string
	for _, s := range list {
		names = append(names, string(s))
	}
	return strings.Join(names, " or ")
}
