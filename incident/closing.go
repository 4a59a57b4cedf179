package incident

import (
	"cmp"
	"fmt"
	"time"
)

// Closing holds the facts that the closure gates look at.
type Closing struct {
	// Collected is when a person confirmed that follow-ups are collected.
	Collected   time.Time `json:"collected,omitzero"`
	CollectedBy string    `json:"collected_by,omitempty"`
	// Fix is the fixing change; Shortcut says why there is none yet.
	Fix      string `json:"fix,omitempty"`
	Shortcut string `json:"shortcut,omitempty"`
	// Confirmations maps what was confirmed to who confirmed it.
	Confirmations map[string]string `json:"confirmations,omitempty"`
}

// Gate is one named condition that closing waits for.
type Gate struct {
	Name string `json:"name"`
	Met  bool   `json:"met"`
	// Missing says in words what is still to be done.
	Missing string `json:"missing,omitempty"`
}

// ConfirmCollected says that all follow-ups are written down.
func (i *Incident) ConfirmCollected(h Header, _ ConfirmCollected, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "confirm that follow-ups are collected")
	if err != nil {
		return Outcome{}, err
	}
	if i.Phase != Resolved {
		return Outcome{}, Refusal(fmt.Sprintf("%s is %s", i.Number, i.Phase), "resolved")
	}
	i.heard(h, now)
	i.Closing.Collected, i.Closing.CollectedBy = now, h.By.ID
	i.did(h, now, "follow-ups.collected", "%s confirms that all follow-ups are collected.", h.By.ID)
	return i.outcome("confirmed"), nil
}

// Gates lists what closing waits for, met or not.
func (i *Incident) Gates(now time.Time) []Gate {
	gates := []Gate{{Name: "resolved", Met: i.Phase == Resolved, Missing: "resolve it"}, i.stableGate(now), i.collectedGate(now)}
	for _, f := range i.FollowUps {
		gates = append(gates, Gate{
			Name: "follow-up " + f.ID, Met: f.State != FollowUpOpen,
			Missing: fmt.Sprintf("follow-up %s (%s) %s", f.ID, f.Owner, cmp.Or(f.Ticket.Key, f.Title)),
		})
	}
	for _, r := range i.Runs {
		gates = append(gates, Gate{Name: r.ID, Met: !r.Ended.IsZero(), Missing: theEnd(r)})
	}
	return gates
}

func (i *Incident) stableGate(now time.Time) Gate {
	at := i.Stabilised()
	return Gate{
		Name: "stabilised", Met: !at.IsZero() && !now.Before(at),
		Missing: "the stabilisation window, " + untilOrOnce(at),
	}
}

// untilOrOnce says when a time that begins with the resolution is over.
func untilOrOnce(end time.Time) string {
	if end.IsZero() {
		return "once it is resolved"
	}
	return "until " + moment(end)
}

// mustCollect reports whether closing waits for a person's word that the
// follow-ups are collected, and not only for time to pass.
func (i *Incident) mustCollect() bool { return i.Duties().Closing.Collected || i.graveDuties() }

// collectedBy returns when the time to collect follow-ups is over, or the zero
// time when a person's word is waited for.
func (i *Incident) collectedBy() time.Time {
	resolved := i.Stamp(ResolvedAt)
	if resolved.IsZero() || i.mustCollect() {
		return time.Time{}
	}
	return resolved.Add(i.Duties().Closing.Within())
}

func (i *Incident) collectedGate(now time.Time) Gate {
	gate := Gate{Name: "follow-ups collected", Met: !i.Closing.Collected.IsZero()}
	if i.mustCollect() {
		gate.Missing = "a person's word that follow-ups are collected"
		return gate
	}
	at := i.collectedBy()
	gate.Met = gate.Met || (!at.IsZero() && !now.Before(at))
	gate.Missing = "time to collect follow-ups, " + untilOrOnce(at)
	return gate
}

// Unmet lists in words what closing still waits for.
func (i *Incident) Unmet(now time.Time) []string {
	var missing []string
	for _, g := range i.Gates(now) {
		if !g.Met {
			missing = append(missing, g.Missing)
		}
	}
	return missing
}

// NextGate returns when a gate opens by itself, or the zero time.
func (i *Incident) NextGate(now time.Time) time.Time {
	var next time.Time
	for _, at := range []time.Time{i.Stabilised(), i.collectedBy()} {
		if at.After(now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// Close asks for closing; it is refused with the gates that are not met. The
// incident closes by itself when they are.
func (i *Incident) Close(h Header, _ Close, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "ask for closing")
	if err != nil {
		return Outcome{}, err
	}
	if missing := i.Unmet(now); len(missing) > 0 {
		return Outcome{}, Refusal(i.Number+" cannot close yet", missing...)
	}
	i.heard(h, now)
	return i.outcome("closing"), nil
}

// Finish closes the incident, for good. It does nothing while a gate is not
// met.
func (i *Incident) Finish(now time.Time) {
	if len(i.Unmet(now)) > 0 {
		return
	}
	i.stamp(ClosedAt, now)
	i.move(Closed, now, Self(), "Closed: every gate is met.")
}
