package incident

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
)

// Updates is the state of the status updates of an incident.
type Updates struct {
	// Sent counts them; the first opens the mail thread.
	Sent int `json:"sent"`
	// Due is when the next one is owed; zero while none is.
	Due time.Time `json:"due,omitzero"`
	// Reminded says that the writer was reminded of the one that is due.
	Reminded bool `json:"reminded,omitempty"`
	// Last is the last one that a person wrote.
	Last *StatusUpdate `json:"last,omitempty"`
	// Heard lists the audiences that got at least one: the closing mail goes
	// to exactly them.
	Heard []string `json:"heard,omitempty"`
}

// StatusUpdate is one message to audiences.
type StatusUpdate struct {
	Ordinal int `json:"ordinal"`
	// What happens, and what is being done, in a person's words.
	What  string `json:"what"`
	Doing string `json:"doing"`
	// Estimate is when it is expected to be over; zero means unknown.
	Estimate time.Time `json:"estimate,omitzero"`
	By       string    `json:"by,omitempty"`
	At       time.Time `json:"at"`
	// Written is when the words of an automatic update were written; zero
	// when nobody has written yet.
	Written time.Time `json:"written,omitzero"`
	// Opens lists the audiences whose first mail this is.
	Opens []string `json:"opens,omitempty"`
	// Next is when the next one comes; zero when none does.
	Next      time.Time `json:"next,omitzero"`
	Audiences []string  `json:"audiences"`
	// Kind is human, automatic, correction or closing.
	Kind UpdateKind `json:"kind"`
	// Late marks one that an outage of ours delayed.
	Late bool `json:"late,omitempty"`
}

// UpdateKind says where an update's words came from.
type UpdateKind string

// The kinds of status update.
const (
	HumanUpdate      UpdateKind = "human"
	AutomaticUpdate  UpdateKind = "automatic"
	CorrectionUpdate UpdateKind = "correction"
	ClosingUpdate    UpdateKind = "closing"
)

// scheduleUpdate makes the first update owed, or the next one earlier when a
// graver severity asks for a shorter cadence. After an end of the cadence it
// owes nothing.
func (i *Incident) scheduleUpdate(u catalog.Updates, now time.Time) {
	if len(u.Audiences) == 0 || u.Every <= 0 {
		i.Updates.Due = time.Time{}
		return
	}
	due := now.Add(u.Every)
	if i.Updates.Sent == 0 {
		due = i.Stamp(FirstAck).Add(u.First)
		if due.Before(now) {
			due = now
		}
	}
	if i.Updates.Due.IsZero() || due.Before(i.Updates.Due) {
		i.Updates.Due, i.Updates.Reminded = due, false
	}
}

// RemindDue returns when the writer of the next update is to be reminded, or
// the zero time.
func (i *Incident) RemindDue() time.Time {
	remind := i.Response().Updates.Remind
	if i.Updates.Due.IsZero() || i.Updates.Reminded || remind <= 0 {
		return time.Time{}
	}
	return i.Updates.Due.Add(-remind)
}

// RemindUpdate tells the commander, or who acts as one, that an update is due.
func (i *Incident) RemindUpdate(now time.Time) {
	i.Updates.Reminded = true
	i.tell(now, []string{i.ActingCommander()}, "", fmt.Sprintf("A status update of %s is due at %s.", i.Number, i.Updates.Due.UTC().Format("15:04 MST")))
}

// PostUpdate writes to the audiences that the response policy names.
func (i *Incident) PostUpdate(h Header, c PostUpdate, now time.Time) (Outcome, error) {
	if err := i.mustBePerson(h, "post a status update"); err != nil {
		return Outcome{}, err
	}
	audiences := i.Response().Updates.Audiences
	switch {
	case i.Phase.Over() || i.Phase == Resolved:
		return Outcome{}, Refusal(fmt.Sprintf("%s is %s: the cadence has ended", i.Number, i.Phase), "an incident before resolved")
	case c.What == "" || c.Doing == "":
		return Outcome{}, Refusal("an update says what happens and what is being done", missingOf("what", c.What, "doing", c.Doing)...)
	case len(audiences) == 0:
		return Outcome{}, Refusal("no audience is named for "+string(i.Severity), "an audience in the response policy")
	case !c.Estimate.IsZero() && c.Estimate.Before(now):
		return Outcome{}, Errorf(Invalid, "estimate: it lies in the past; leave it out when it is unknown")
	}
	i.heard(h, now)
	u := i.newUpdate(HumanUpdate, audiences, now)
	u.What, u.Doing, u.Estimate, u.By = c.What, c.Doing, c.Estimate, h.By.ID
	i.Updates.Last = &u
	i.send(u)
	i.did(h, now, "update.posted", "Status update %d: %s %s", u.Ordinal, c.What, c.Doing)
	return i.outcome("the update goes out now"), nil
}

func missingOf(pairs ...string) []string {
	var missing []string
	for n := 0; n+1 < len(pairs); n += 2 {
		if pairs[n+1] == "" {
			missing = append(missing, pairs[n])
		}
	}
	return missing
}

// newUpdate numbers an update and makes the next one due. What an outage of
// ours made us miss collapses into one, marked late.
func (i *Incident) newUpdate(kind UpdateKind, audiences []string, now time.Time) StatusUpdate {
	policy := i.Response().Updates
	late := kind == AutomaticUpdate && now.Sub(i.Updates.Due) >= max(policy.Every/2, time.Second)
	i.Updates.Sent++
	u := StatusUpdate{Ordinal: i.Updates.Sent, At: now, Audiences: audiences, Kind: kind, Late: late}
	if kind == HumanUpdate || kind == AutomaticUpdate {
		u.Next = now.Add(policy.Every)
	}
	i.Updates.Due, i.Updates.Reminded = u.Next, false
	return u
}

func (i *Incident) send(u StatusUpdate) {
	for _, a := range u.Audiences {
		if !slices.Contains(i.Updates.Heard, a) {
			i.Updates.Heard = append(i.Updates.Heard, a)
			u.Opens = append(u.Opens, a)
		}
	}
	i.Outbox.Updates = append(i.Outbox.Updates, u)
}

// AutomaticUpdate says that nobody has written: it repeats the last human
// words with their time, gives no new estimate, and goes to no external
// audience.
func (i *Incident) AutomaticUpdate(now time.Time) {
	audiences := slices.DeleteFunc(slices.Clone(i.Response().Updates.Audiences), func(a string) bool {
		return slices.Contains(i.Policy.ExternalAudiences, a)
	})
	u := i.newUpdate(AutomaticUpdate, audiences, now)
	if last := i.Updates.Last; last != nil {
		u.What, u.Doing, u.By = last.What, last.Doing, last.By
		u.Estimate, u.Written = last.Estimate, last.At
	}
	i.send(u)
	i.note(now, "update.automatic", "Nobody has written: an automatic status update goes out.")
}

// correct tells everyone who got an update that what it said has changed.
func (i *Incident) correct(now time.Time, text string) {
	if len(i.Updates.Heard) == 0 {
		return
	}
	due, reminded := i.Updates.Due, i.Updates.Reminded
	u := i.newUpdate(CorrectionUpdate, i.Updates.Heard, now)
	i.Updates.Due, i.Updates.Reminded = due, reminded
	u.What = text
	i.send(u)
}

// closeUpdates ends the cadence: the closing mail goes to exactly those who
// had the opening one.
func (i *Incident) closeUpdates(now time.Time) {
	i.Updates.Due = time.Time{}
	if len(i.Updates.Heard) == 0 {
		return
	}
	u := i.newUpdate(ClosingUpdate, i.Updates.Heard, now)
	u.What, u.Doing = i.Number+" is resolved.", "Follow-ups are being worked on."
	i.send(u)
}
