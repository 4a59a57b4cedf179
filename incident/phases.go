package incident

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
)

// move changes the phase and records it.
func (i *Incident) move(to Phase, now time.Time, by Actor, text string) {
	i.Phase = to
	if to.Over() {
		i.HoldsKey = false
	}
	i.record(Entry{Kind: string(to), Recorded: now, Actor: by, Text: text, Highlight: true})
}

// outcome answers an accepted command.
func (i *Incident) outcome(text string) Outcome {
	i.Revision++
	return Outcome{
		Number: i.Number, Phase: i.Phase, Severity: i.Severity, Holder: i.Holder, Revision: i.Revision, Text: text,
	}
}

// Mitigate says that users are served again. It may be dated back, but not to
// before the incident was triggered.
func (i *Incident) Mitigate(h Header, c Mitigate, now time.Time) (Outcome, error) {
	if err := i.mustBePerson(h, "mitigate"); err != nil {
		return Outcome{}, err
	}
	since := c.Since
	if since.IsZero() {
		since = h.At
	}
	switch {
	case i.Phase == Mitigated:
		return Outcome{}, Refusal(i.Number+" is mitigated already", "an incident that is not mitigated")
	case !i.Phase.Active():
		return Outcome{}, Refusal(fmt.Sprintf("%s is %s", i.Number, i.Phase), "an incident before resolved")
	case c.What == "":
		return Outcome{}, Refusal("say what was done", "what")
	case since.After(now):
		return Outcome{}, Errorf(Invalid, "since: mitigation cannot lie in the future")
	case since.Before(i.Stamp(TriggeredAt)):
		return Outcome{}, Errorf(Invalid, "since: mitigation cannot lie before the incident was triggered")
	}
	i.heard(h, now)
	i.mitigated(h, c.What, since, now)
	return i.outcome("mitigated"), nil
}

func (i *Incident) mitigated(h Header, what string, since, now time.Time) {
	if i.Holder == "" {
		i.Holder, i.Held = h.By.ID, false // whoever mitigates has it; no ack is made up for them
	}
	for _, s := range i.open(ofKind(ForAlert, ForStillOnIt, ForBreach)) {
		i.end(s, now, h.By.ID)
	}
	i.stamp(MitigatedAt, since)
	i.Phase, i.Heard = Mitigated, now
	i.record(Entry{Kind: string(Mitigated), Occurred: since, Recorded: now, Actor: h.By, Source: h.Via, Text: "Mitigated: " + what, Highlight: true})
	i.tell(now, i.Paged, h.By.ID, fmt.Sprintf("%s is mitigated: %s", i.Number, what))
}

// Resolve says that it is over. Graver severities need the fixing change, or a
// shortcut that becomes a follow-up; while alerts still fire it takes a reason.
func (i *Incident) Resolve(h Header, c Resolve, now time.Time) (Outcome, error) {
	if err := i.mustBePerson(h, "resolve"); err != nil {
		return Outcome{}, err
	}
	if missing := i.missingToResolve(c); len(missing) > 0 {
		return Outcome{}, Refusal("it cannot be resolved yet", missing...)
	}
	i.heard(h, now)
	i.confirmations(c.Confirmations, h.By.ID)
	i.Closing.Fix, i.Closing.Shortcut = c.Fix, c.Shortcut
	i.stamp(ResolvedAt, h.At)
	i.Phase = Resolved
	i.did(h, now, string(Resolved), "Resolved. %s", i.howResolved(c))
	i.endAll(now, h.By.ID)
	if c.Shortcut != "" {
		i.addFollowUp(h, AddFollowUp{Title: "Replace the shortcut: " + c.Shortcut}, now)
	}
	i.closeUpdates(now)
	i.tell(now, i.Paged, h.By.ID, i.Number+" is resolved.")
	return i.outcome("resolved; it closes when its gates are met"), nil
}

// missingToResolve lists what stands against resolving.
func (i *Incident) missingToResolve(c Resolve) []string {
	var missing []string
	if i.Phase != Mitigated {
		missing = append(missing, fmt.Sprintf("mitigated (it is %s)", i.Phase))
	}
	duties := i.Duties().Closing
	if duties.Fix && c.Fix == "" && c.Shortcut == "" {
		missing = append(missing, "fix (the fixing change) or shortcut (why there is none)")
	}
	if i.Firing() && c.Reason == "" {
		missing = append(missing, fmt.Sprintf("reason (%d alerts still fire)", i.Counts.Firing+i.Counts.More))
	}
	for _, confirmation := range duties.Confirmations {
		if i.Closing.Confirmations[confirmation] == "" && !slices.Contains(c.Confirmations, confirmation) {
			missing = append(missing, "confirmation: "+confirmation)
		}
	}
	return missing
}

func (i *Incident) confirmations(given []string, by string) {
	for _, c := range given {
		if i.Closing.Confirmations == nil {
			i.Closing.Confirmations = map[string]string{}
		}
		i.Closing.Confirmations[c] = by
	}
}

func (i *Incident) howResolved(c Resolve) string {
	switch {
	case c.Fix != "":
		return "Fixed by " + c.Fix + "."
	case c.Shortcut != "":
		return "A shortcut for now: " + c.Shortcut + "."
	}
	return c.Reason
}

// Reopen goes back to mitigating, from mitigated or resolved.
func (i *Incident) Reopen(h Header, c Reopen, now time.Time) (Outcome, error) {
	if err := i.mustBePerson(h, "reopen"); err != nil {
		return Outcome{}, err
	}
	switch {
	case i.Phase != Mitigated && i.Phase != Resolved:
		return Outcome{}, Refusal(fmt.Sprintf("%s is %s", i.Number, i.Phase), "a mitigated or resolved incident")
	case c.Reason == "":
		return Outcome{}, Refusal("reopening needs a reason", "reason")
	}
	i.relapse(h.By, now, c.Reason)
	i.heard(h, now)
	return i.outcome("mitigating again; the holder is paged"), nil
}

// relapse goes back to mitigating and pages the holder again.
func (i *Incident) relapse(by Actor, now time.Time, reason string) {
	delete(i.Clocks.Stamps, MitigatedAt)
	delete(i.Clocks.Stamps, ResolvedAt)
	i.Closing.Collected, i.Closing.CollectedBy = time.Time{}, ""
	i.HoldsKey = i.Key != ""
	i.move(Mitigating, now, by, "Mitigating again: "+reason)
	i.pageHolderAgain(now, "again: "+reason)
	i.applyPolicy(now)
}

// Cancel ends a false alarm; everyone who was told is told.
func (i *Incident) Cancel(h Header, c Cancel, now time.Time) (Outcome, error) {
	switch {
	case !i.Phase.Active():
		return Outcome{}, Refusal(fmt.Sprintf("%s is %s", i.Number, i.Phase), "an incident before resolved")
	case c.Reason == "":
		return Outcome{}, Refusal("cancelling needs a reason", "reason")
	}
	if err := i.mustHave(h, i.Duties().Authority.Cancel, "cancel an incident"); err != nil {
		return Outcome{}, err
	}
	i.cancel(h.By, c.Reason, now)
	return i.outcome("cancelled; everyone who was told is told"), nil
}

// CalledOff applies that the workflow itself was cancelled by an operator.
func (i *Incident) CalledOff(now time.Time) {
	if !i.Phase.Over() {
		i.cancel(Self(), "its workflow was cancelled by an operator", now)
	}
}

func (i *Incident) cancel(by Actor, reason string, now time.Time) {
	i.move(Cancelled, now, by, "Cancelled: "+reason)
	i.endAll(now, by.ID)
	i.tell(now, i.Paged, by.ID, fmt.Sprintf("%s was cancelled: %s", i.Number, reason))
	i.correct(now, fmt.Sprintf("%s was cancelled: %s", i.Number, reason))
	i.Updates.Due = time.Time{}
}

// Stabilised returns when a relapse stops reopening this incident: later it is
// a new one. It is zero before resolved.
func (i *Incident) Stabilised() time.Time {
	if i.Phase != Resolved {
		return time.Time{}
	}
	return i.Stamp(ResolvedAt).Add(i.Duties().Stabilisation)
}

// FreeKey lets a recurrence open a new incident, once stabilised.
func (i *Incident) FreeKey(now time.Time) {
	if i.HoldsKey && i.Phase == Resolved {
		i.HoldsKey = false
		i.note(now, "stabilised", "Stable: what fires from now on is a new incident.")
	}
}

// Note writes to the timeline.
func (i *Incident) Note(h Header, c Note, now time.Time) (Outcome, error) {
	if c.Text == "" {
		return Outcome{}, Errorf(Invalid, "text: a note says something")
	}
	i.heard(h, now)
	i.record(Entry{Kind: "note", Occurred: h.At, Recorded: now, Actor: h.By, Source: h.Via, Text: c.Text, Highlight: c.Highlight})
	return i.outcome("noted"), nil
}

// AddLink adds a titled address for people.
func (i *Incident) AddLink(h Header, c AddLink, now time.Time) (Outcome, error) {
	if c.Title == "" || c.URL == "" {
		return Outcome{}, Errorf(Invalid, "title and url: a link has both")
	}
	i.heard(h, now)
	i.Links = append(i.Links, catalog.Link{Title: c.Title, URL: c.URL})
	i.did(h, now, "link", "Link: %s", c.Title)
	return i.outcome("linked"), nil
}

// SetStatus says what happens now and what comes next.
func (i *Incident) SetStatus(h Header, c SetStatus, now time.Time) (Outcome, error) {
	if err := i.mustBePerson(h, "set the status"); err != nil {
		return Outcome{}, err
	}
	if c.Status == "" {
		return Outcome{}, Errorf(Invalid, "status: say what happens now")
	}
	i.heard(h, now)
	i.Status, i.NextStep = c.Status, c.NextStep
	i.did(h, now, "status", "Now: %s Next: %s", c.Status, orUnknown(c.NextStep))
	return i.outcome("status set"), nil
}
