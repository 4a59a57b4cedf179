package incident

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
)

// Classify records what triage found, and applies the response policy that it
// demands. Each answer may be "unknown", but none may be left out.
func (i *Incident) Classify(h Header, c Classify, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "classify")
	if err != nil {
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
	lowering := c.Severity != unknown && !i.Provisional && worse(i.Severity, c.Severity)
	tooLong := fit(word{"what", c.What}, word{"impact.users", c.Impact.Users}, word{"impact.cannot", c.Impact.Cannot},
		word{"who_fixes", c.WhoFixes}, word{"reason", c.Reason})
	switch {
	case tooLong != nil:
		return tooLong
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
// pages whom it newly demands, and the holder when it is more urgent; a milder
// one undoes nothing and corrects what was said.
func (i *Incident) severityChanged(h Header, before catalog.Level, reason string, now time.Time) {
	if worse(before, i.Severity) {
		i.did(h, now, "severity.lowered", "From %s to %s: %s", before, i.Severity, orNone(reason))
		i.correct(now, fmt.Sprintf("%s is now %s (was %s).", i.Number, i.Severity, before))
	}
	if u := i.Policy.Urgency(i.Severity); worse(i.Severity, before) && urgencyRank(u) > urgencyRank(i.Urgency) {
		i.Urgency = u
		if i.Holder != h.By.ID || len(i.escalations()) > 0 {
			i.pageAgain(now, string(i.Severity)+" is more urgent", true)
		}
	}
	i.applyPolicy(now)
}
