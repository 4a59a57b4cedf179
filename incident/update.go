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
	// Overdue is how long the time to mitigate was, in words, and OverdueSince
	// since when it is over; external audiences are not told.
	Overdue      string    `json:"overdue,omitempty"`
	OverdueSince time.Time `json:"overdue_since,omitzero"`
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
	if acked := i.Stamp(FirstAck); i.Updates.Sent == 0 && !acked.IsZero() {
		due = later(acked.Add(u.First), now)
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

// maxUpdates bounds the updates that wait to be sent, since each carries its
// words.
const maxUpdates = 3

// PostUpdate writes to the audiences that the response policy names. It may be
// written in every phase that is not final; after resolved it begins no new
// cadence.
func (i *Incident) PostUpdate(h Header, c PostUpdate, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "post a status update")
	if err != nil {
		return Outcome{}, err
	}
	if err := first(i.mustBeOpen(), fit(word{"what", c.What}, word{"doing", c.Doing})); err != nil {
		return Outcome{}, err
	}
	audiences := i.Response().Updates.Audiences
	switch {
	case c.What == "" || c.Doing == "":
		return Outcome{}, Refusal("an update says what happens and what is being done", missingOf("what", c.What, "doing", c.Doing)...)
	case len(audiences) == 0:
		return Outcome{}, Refusal("no audience is named for "+string(i.Severity), "an audience in the response policy")
	case !c.Estimate.IsZero() && c.Estimate.Before(h.At):
		return Outcome{}, Errorf(Invalid, "estimate: it lies in the past; leave it out when it is unknown")
	case len(i.Outbox.Updates) >= maxUpdates:
		return Outcome{}, Refusal(fmt.Sprintf("%d updates could not be sent yet", len(i.Outbox.Updates)), "a mail server that takes them")
	}
	i.heard(h, now)
	u := i.newUpdate(HumanUpdate, audiences, now)
	u.What, u.Doing, u.Estimate, u.By = c.What, c.Doing, c.Estimate.UTC(), h.By.ID
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

// newUpdate numbers an update and, before resolved, makes the next one due.
// What an outage of ours made us miss collapses into one, marked late.
func (i *Incident) newUpdate(kind UpdateKind, audiences []string, now time.Time) StatusUpdate {
	every := i.Response().Updates.Every
	late := kind == AutomaticUpdate && now.Sub(i.Updates.Due) >= lateness(every)
	i.Updates.Sent++
	u := StatusUpdate{Ordinal: i.Updates.Sent, At: now, Audiences: slices.Clone(audiences), Kind: kind, Late: late}
	if kind == HumanUpdate || kind == AutomaticUpdate {
		i.owe(every, now)
		u.Next = i.Updates.Due
		if allow, since := i.Overdue(); allow > 0 {
			u.Overdue, u.OverdueSince = catalog.FormatDuration(allow), since
		}
	}
	return u
}

// owe makes the next update due. Without a cadence, and after its end, none
// is.
func (i *Incident) owe(every time.Duration, now time.Time) {
	i.Updates.Due, i.Updates.Reminded = time.Time{}, false
	if every > 0 && i.Phase.Active() {
		i.Updates.Due = now.Add(every)
	}
}

// lateness is by how much an update must miss its time to be called late: a
// minute, or half of a cadence that is shorter than that.
func lateness(every time.Duration) time.Duration {
	return max(min(time.Minute, every/2), time.Second)
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
// audience. While earlier updates still wait to be sent, it joins them and
// adds none.
func (i *Incident) AutomaticUpdate(now time.Time) {
	policy := i.Response().Updates
	audiences := slices.DeleteFunc(slices.Clone(policy.Audiences), func(a string) bool {
		return slices.Contains(i.Policy.ExternalAudiences, a)
	})
	waits := slices.ContainsFunc(i.Outbox.Updates, func(u StatusUpdate) bool { return u.Kind == AutomaticUpdate })
	if len(audiences) == 0 || waits {
		i.owe(policy.Every, now)
		i.note(now, "update.missed", "Nobody has written, and no automatic update goes out: %s.", whyNot(waits))
		return
	}
	u := i.newUpdate(AutomaticUpdate, audiences, now)
	if last := i.Updates.Last; last != nil {
		u.What, u.Doing, u.By = last.What, last.Doing, last.By
		u.Estimate, u.Written = last.Estimate, last.At
	}
	i.send(u)
	i.note(now, "update.automatic", "Nobody has written: an automatic status update goes out.")
}

func whyNot(waits bool) string {
	if waits {
		return "the one before still waits to be sent"
	}
	return "every audience is external"
}

// correct tells everyone who got an update that what it said has changed.
func (i *Incident) correct(now time.Time, text string) {
	if len(i.Updates.Heard) == 0 {
		return
	}
	u := i.newUpdate(CorrectionUpdate, i.Updates.Heard, now)
	u.What = text
	i.send(u)
}

// closeUpdates ends the cadence: the closing mail goes to exactly those who
// had the opening one.
func (i *Incident) closeUpdates(now time.Time) {
	i.Updates.Due, i.Updates.Reminded = time.Time{}, false
	if len(i.Updates.Heard) == 0 {
		return
	}
	u := i.newUpdate(ClosingUpdate, i.Updates.Heard, now)
	u.What, u.Doing = i.Number+" is resolved.", "Follow-ups are being worked on."
	i.send(u)
}
