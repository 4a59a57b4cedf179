package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// move changes the phase and records it. With a final phase everything that
// still reaches for people ends.
func (i *Incident) move(to Phase, now time.Time, by Actor, text string) {
	i.Phase = to
	i.forgetFlaps()
	if to.Over() {
		i.HoldsKey, i.Updates.Due, i.Outbox.Merge = false, time.Time{}, nil
		i.awake()
		i.endAll(now, by.ID, func(*Summons) bool { return true })
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
// before the incident was triggered or began again. Whoever mitigates what
// nobody holds, holds it; no acknowledgement is made up for them.
func (i *Incident) Mitigate(h Header, c Mitigate, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "mitigate")
	if err != nil {
		return Outcome{}, err
	}
	since := c.Since.UTC()
	if since.IsZero() {
		since = h.At
	}
	began := i.Stamp(TriggeredAt)
	if i.Relapsed.After(began) {
		began = i.Relapsed
	}
	if i.Phase == Mitigated {
		return Outcome{}, Refusal(i.Number+" is mitigated already", "an incident that is not mitigated")
	}
	if err := first(i.mustBeActive(), fit(word{"what", c.What})); err != nil {
		return Outcome{}, err
	}
	switch {
	case c.What == "":
		return Outcome{}, Refusal("say what was done", "what")
	case since.After(now):
		return Outcome{}, Errorf(Invalid, "since: mitigation cannot lie in the future")
	case since.Before(began) && !c.Since.IsZero():
		return Outcome{}, Errorf(Invalid, "since: mitigation cannot lie before %s, when it began", moment(began))
	}
	i.heard(h, now)
	i.mitigated(h, c.What, later(since, began), now)
	return i.outcome("mitigated"), nil
}

func (i *Incident) mitigated(h Header, what string, since, now time.Time) {
	for _, s := range i.open(ofKind(ForAlert, ForStillOnIt, ForBreach)) {
		if s.Kind != ForAlert || !s.Caused.After(h.At) {
			i.end(s, now, h.By.ID)
		}
	}
	i.awake()
	i.Holder, i.Held = cmp.Or(i.Holder, h.By.ID), false
	i.stamp(MitigatedAt, since)
	i.Phase, i.Heard = Mitigated, now
	i.record(Entry{Kind: string(Mitigated), Occurred: since, Recorded: now, Actor: h.By, Source: h.Via, Text: "Mitigated: " + what, Highlight: true})
	i.tell(now, i.involved(), h.By.ID, fmt.Sprintf("%s is mitigated: %s", i.Number, what))
	i.applyPolicy(now)
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// Resolve says that it is over. Graver severities need the fixing change, or a
// shortcut that becomes a follow-up; while alerts still fire it takes a reason.
func (i *Incident) Resolve(h Header, c Resolve, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "resolve")
	if err != nil {
		return Outcome{}, err
	}
	if err := fit(word{"fix", c.Fix}, word{"shortcut", c.Shortcut}, word{"reason", c.Reason}); err != nil {
		return Outcome{}, err
	}
	if missing := i.missingToResolve(c); len(missing) > 0 {
		return Outcome{}, Refusal("it cannot be resolved yet", missing...)
	}
	i.heard(h, now)
	i.confirmations(c.Confirmations, h.By.ID)
	i.Closing.Fix, i.Closing.Shortcut = cut(c.Fix), cut(c.Shortcut)
	i.stamp(ResolvedAt, later(h.At, i.Stamp(MitigatedAt)))
	i.Phase = Resolved
	i.forgetFlaps()
	i.did(h, now, string(Resolved), "Resolved.%s", howResolved(c))
	// A run that goes on still asks its questions.
	i.endAll(now, h.By.ID, func(s *Summons) bool { return s.Kind != ForQuestion })
	if c.Shortcut != "" {
		i.addFollowUp(h, AddFollowUp{Title: "Replace the shortcut: " + cut(c.Shortcut)}, now)
	}
	i.closeUpdates(now)
	i.tell(now, i.involved(), h.By.ID, i.Number+" is resolved.")
	return i.outcome("resolved; it closes when its gates are met"), nil
}

// missingToResolve lists what stands against resolving.
func (i *Incident) missingToResolve(c Resolve) []string {
	var missing []string
	if m := i.Outbox.Merge; m != nil {
		missing = append(missing, "the end of its merge into "+m.Into)
	}
	if i.Phase != Mitigated {
		missing = append(missing, fmt.Sprintf("mitigated (it is %s)", i.Phase))
	}
	duties := i.Duties().Closing
	if (duties.Fix || i.graveDuties()) && c.Fix == "" && c.Shortcut == "" {
		missing = append(missing, "fix (the fixing change) or shortcut (why there is none)")
	}
	missing = append(missing, i.toRestore()...)
	if i.Firing() && c.Reason == "" {
		missing = append(missing, fmt.Sprintf("reason (%s)", many(i.Counts.Firing+i.Counts.More, "alert still fires", "alerts still fire")))
	}
	for _, confirmation := range duties.Confirmations {
		if !slices.Contains(c.Confirmations, confirmation) {
			missing = append(missing, "confirmation: "+confirmation)
		}
	}
	return missing
}

// confirmations keeps who gave those that the policy asks for.
func (i *Incident) confirmations(given []string, by string) {
	i.Closing.Confirmations = nil
	for _, c := range i.Duties().Closing.Confirmations {
		if !slices.Contains(given, c) {
			continue
		}
		if i.Closing.Confirmations == nil {
			i.Closing.Confirmations = map[string]string{}
		}
		i.Closing.Confirmations[c] = by
	}
}

func howResolved(c Resolve) string {
	text := ""
	if c.Fix != "" {
		text += " Fixed by " + c.Fix + "."
	}
	if c.Shortcut != "" {
		text += " A shortcut for now: " + c.Shortcut + "."
	}
	if c.Reason != "" {
		text += " " + c.Reason
	}
	return text
}

// Reopen goes back to mitigating, from mitigated or resolved. The holder is
// paged again, unless it is the holder who reopens it.
func (i *Incident) Reopen(h Header, c Reopen, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "reopen")
	if err != nil {
		return Outcome{}, err
	}
	if err := fit(word{"reason", c.Reason}); err != nil {
		return Outcome{}, err
	}
	switch {
	case i.Phase != Mitigated && i.Phase != Resolved:
		return Outcome{}, Refusal(fmt.Sprintf("%s is %s", i.Number, i.Phase), "a mitigated or resolved incident")
	case c.Reason == "":
		return Outcome{}, Refusal("reopening needs a reason", "reason")
	}
	i.heard(h, now)
	i.relapse(h, c.Reason, now)
	if i.Holder == h.By.ID {
		return i.outcome("mitigating again; you hold it"), nil
	}
	return i.outcome("mitigating again; the holder is paged"), nil
}

// relapse goes back to mitigating and pages the holder again. What was said in
// order to resolve no longer holds, and the budget to mitigate runs anew.
func (i *Incident) relapse(h Header, reason string, now time.Time) {
	i.goBack(h.By, reason, now)
	if h.By.Kind == APerson && h.By.ID == i.Holder {
		i.AckedAgain = now
	} else {
		i.pageAgain(now, "again: "+reason, false)
	}
	i.applyPolicy(now)
}

// goBack is a relapse but for whom it pages.
func (i *Incident) goBack(by Actor, reason string, now time.Time) {
	delete(i.Clocks.Stamps, MitigatedAt)
	delete(i.Clocks.Stamps, ResolvedAt)
	i.Closing = Closing{}
	i.HoldsKey = i.keyed()
	i.Relapsed, i.AckedAgain = now, time.Time{}
	i.move(Mitigating, now, by, "Mitigating again: "+reason)
}

// keyed reports whether alerts can find the incident: it has a key of its own,
// or has taken over another's.
func (i *Incident) keyed() bool { return i.Key != "" || i.MoreKeys }

// Cancel ends a false alarm; everyone who was told is told.
func (i *Incident) Cancel(h Header, c Cancel, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "cancel an incident")
	if err != nil {
		return Outcome{}, err
	}
	if err := first(i.mustBeActive(), fit(word{"reason", c.Reason})); err != nil {
		return Outcome{}, err
	}
	switch m := i.Outbox.Merge; {
	case c.Reason == "":
		return Outcome{}, Refusal("cancelling needs a reason", "reason")
	case m != nil:
		return Outcome{}, Refusal(i.Number+" is being merged into "+m.Into, "the end of that merge")
	case i.unsettled() != nil:
		return Outcome{}, Refusal("a runbook that changes things is running", theEnd(*i.unsettled()))
	case len(i.degraded()) > 0:
		return Outcome{}, Refusal("what it has degraded is not restored", i.toRestore()...)
	}
	if err := i.mustHave(h, i.Duties().Authority.Cancel, "cancel an incident"); err != nil {
		return Outcome{}, err
	}
	i.cancel(h.By, c.Reason, now)
	return i.outcome("cancelled; everyone who was told is told"), nil
}

// CalledOff applies that the workflow itself was cancelled by an operator. As
// with the command, only an incident before resolved can be cancelled: one
// that waits for its follow-ups goes on.
func (i *Incident) CalledOff(now time.Time) {
	if i.Phase.Active() {
		still := ""
		if missing := i.toRestore(); len(missing) > 0 {
			still = "; it leaves behind " + strings.Join(missing, ", and ")
		}
		i.cancel(Self(), "its workflow was cancelled by an operator"+still, now)
		return
	}
	i.note(now, "not-cancelled", "An operator cancelled the workflow; a %s incident is not cancelled.", i.Phase)
}

func (i *Incident) cancel(by Actor, reason string, now time.Time) {
	i.move(Cancelled, now, by, "Cancelled: "+reason)
	i.tell(now, i.involved(), by.ID, fmt.Sprintf("%s was cancelled: %s", i.Number, reason))
	i.correct(now, fmt.Sprintf("%s was cancelled: %s", i.Number, reason))
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
