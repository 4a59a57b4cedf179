package incident

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
)

// Splitting is a split that a person asked for.
type Splitting struct {
	// ID is unique in the incident: "split-1".
	ID     string    `json:"id"`
	Alerts []string  `json:"alerts"`
	Title  string    `json:"title"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
	// Number is that of the new incident once it runs. What comes in for its
	// alerts belongs there; until the split is recorded it may come here.
	Number string `json:"number,omitempty"`
}

// maxSplits bounds the splits that are under way at once.
const maxSplits = 5

// Split makes an incident of its own of some of the alerts. At least one of
// them fires, since nobody is paged for what has ended, and at least one
// alert stays. It needs no authority: nobody is paged less for it.
//
// The split is owed in Outbox.Splits until Divided and Moved, or NotSplit.
func (i *Incident) Split(h Header, c Split, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "split an incident")
	if err != nil {
		return Outcome{}, err
	}
	if err := first(i.mustBeActive(), fit(word{"reason", c.Reason}), within("title", c.Title, maxTitle), i.canSplit(c)); err != nil {
		return Outcome{}, err
	}
	i.heard(h, now)
	chosen := i.chosen(c.Alerts)
	s := Splitting{
		ID: i.ordinal("split"), Title: cut(cmp.Or(c.Title, cmp.Or(chosen[0].Summary, chosen[0].Name))),
		By: h.By.ID, Reason: cut(c.Reason), At: now,
	}
	for _, a := range chosen {
		s.Alerts = append(s.Alerts, a.Fingerprint)
	}
	i.Outbox.Splits = append(i.Outbox.Splits, s)
	i.did(h, now, "splitting", "%s splits %s off (%s): %s", h.By.ID, many(len(chosen), "alert", "alerts"), s.Title, c.Reason)
	out := i.outcome("an incident of their own is opened for them; its number appears in the timeline")
	out.ID = s.ID
	return out, nil
}

// canSplit says what stands against a split.
func (i *Incident) canSplit(c Split) error {
	chosen := i.chosen(c.Alerts)
	for _, fingerprint := range c.Alerts {
		switch {
		case !slices.ContainsFunc(chosen, func(a AlertState) bool { return a.Fingerprint == fingerprint }):
			return Errorf(Invalid, "alerts: %s carries no alert %q", i.Number, cut(fingerprint))
		case slices.ContainsFunc(i.Outbox.Splits, func(s Splitting) bool { return slices.Contains(s.Alerts, fingerprint) }):
			return Refusal("the alert "+fingerprint+" is being split off already", "another alert")
		}
	}
	switch m := i.Outbox.Merge; {
	case len(c.Alerts) == 0:
		return Errorf(Invalid, "alerts: name the fingerprint of each alert that goes")
	case c.Reason == "":
		return Refusal("splitting needs a reason", "reason")
	case m != nil:
		return Refusal(i.Number+" is being merged into "+m.Into, "the end of that merge")
	case len(i.Outbox.Splits) >= maxSplits:
		return Refusal(fmt.Sprintf("%d splits are under way", maxSplits), "the end of one of them")
	case !slices.ContainsFunc(chosen, func(a AlertState) bool { return a.Status == alerts.Firing }):
		return Refusal("none of these alerts fires: nobody would be paged", "an alert that fires")
	case i.staying(c.Alerts) == 0:
		return Refusal("an incident keeps at least one of its alerts", "an alert that stays")
	}
	return nil
}

// chosen returns the alerts with these fingerprints.
func (i *Incident) chosen(fingerprints []string) []AlertState {
	var out []AlertState
	for _, a := range i.Alerts {
		if slices.Contains(fingerprints, a.Fingerprint) {
			out = append(out, a)
		}
	}
	return out
}

// staying counts the alerts that neither these nor a split under way take.
func (i *Incident) staying(going []string) int {
	stay := i.Counts.More
	for _, a := range i.Alerts {
		leaves := slices.ContainsFunc(i.Outbox.Splits, func(s Splitting) bool { return slices.Contains(s.Alerts, a.Fingerprint) })
		if !leaves && !slices.Contains(going, a.Fingerprint) {
			stay++
		}
	}
	return stay
}

// SplitAlerts returns what is known of the alerts of a split.
func (i *Incident) SplitAlerts(id string) []AlertState {
	if s := i.splitting(id); s != nil {
		return i.chosen(s.Alerts)
	}
	return nil
}

func (i *Incident) splitting(id string) *Splitting {
	n := slices.IndexFunc(i.Outbox.Splits, func(s Splitting) bool { return s.ID == id })
	if n < 0 {
		return nil
	}
	return &i.Outbox.Splits[n]
}

// Divided says that the new incident of a split runs and carries the alerts:
// they are forgotten here. Where all the rest have cleared, that is so now.
func (i *Incident) Divided(id, number string, now time.Time) {
	s := i.splitting(id)
	if s == nil || s.Number != "" {
		return
	}
	s.Number = number
	stood := i.stands()
	before := len(i.Alerts)
	i.Alerts = slices.DeleteFunc(i.Alerts, func(a AlertState) bool { return slices.Contains(s.Alerts, a.Fingerprint) })
	i.Counts.Alerts -= before - len(i.Alerts)
	i.countFiring()
	text := fmt.Sprintf("%s %s from now on: %s.", many(len(s.Alerts), "alert is", "alerts are"), number, s.Title)
	i.record(Entry{Kind: "split", Recorded: now, Actor: Person(s.By), Text: text, Highlight: true})
	i.tell(now, []string{i.Holder, s.By}, "", text)
	if stood && !i.stands() && !i.Phase.Over() {
		i.cleared(now)
	}
}

// Moved says that a split is recorded: what comes in for its alerts finds the
// new incident.
func (i *Incident) Moved(id string) {
	i.Outbox.Splits = slices.DeleteFunc(i.Outbox.Splits, func(s Splitting) bool { return s.ID == id })
	i.Revision++
}

// NotSplit ends a split that is not needed any more; its alerts stay.
func (i *Incident) NotSplit(id, why string, now time.Time) {
	if s := i.splitting(id); s != nil && s.Number == "" {
		text := fmt.Sprintf("%s is not split (%s): %s.", i.Number, s.Title, why)
		i.record(Entry{Kind: "not-split", Recorded: now, Actor: Self(), Text: text, Highlight: true})
		i.tell(now, []string{s.By}, "", text)
		i.Moved(id)
	}
}
