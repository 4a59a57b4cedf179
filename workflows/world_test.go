package workflows_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/workflows"
)

// world stands in for everything that an incident touches, and writes down
// what a person would see of it. Its exported methods are the activities.
type world struct {
	now func() time.Time

	mu    sync.Mutex
	lines []line
	// over says that the story was told: what comes later is not seen.
	over bool
	// broken says why a channel, "mail", "ticket", "tracker", "store" or "lookup" does
	// not work at a time; nil is healthy.
	broken map[string]func(at time.Time) error
	// sent are the keys that were handed over; timeline, pages and rows are
	// what was recorded.
	sent     map[string]bool
	timeline map[string]incident.Entry
	pages    map[string]incident.Page
	rows     map[string]*incident.Incident
	// largest is the most pages that one record had.
	largest int
	// stalest is the age of the oldest look-up that was answered.
	stalest time.Duration
	// duty maps a schedule to who is on call; nobody when it is missing.
	duty map[string]string
	// hours says why a level does not hold, by its hours; turns lists the turns
	// that were taken; crowded lets pages wait for others.
	hours   map[string]string
	turns   []activities.Turn
	crowded bool
	// rings is the kind of contact method that rings until it is answered.
	rings string
	// holder is who holds the key when an incident adopts it.
	holder  string
	tickets map[string]incident.TicketStatus
	opened  int
	// swift has new tickets be done before anybody here knows of them.
	swift bool
	// poll lengthens the wait between two looks at tickets: this environment
	// gives up after ten, which a server does not.
	poll time.Duration
	runs activities.RunState
	// afterLook is how runs stand once one was looked at, where it is set.
	afterLook *activities.RunState
	// queue is where runs are done; Tocsin's own when empty.
	queue string
	// started counts the activities by name, local ones too.
	started map[string]int
}

type line struct {
	at   time.Time
	text string
}

func newWorld() *world {
	return &world{
		broken: map[string]func(time.Time) error{}, sent: map[string]bool{}, started: map[string]int{},
		rows: map[string]*incident.Incident{}, timeline: map[string]incident.Entry{}, pages: map[string]incident.Page{}, tickets: map[string]incident.TicketStatus{},
		duty: map[string]string{"payments": "alice", "payments/secondary": "bob", "commanders": "erin"},
	}
}

func (w *world) see(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		w.lines = append(w.lines, line{w.now(), fmt.Sprintf(format, args...)})
	}
}

var errOver = errors.New("the story was told")

// fails returns why something does not work now.
func (w *world) fails(what string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return errOver
	}
	w.started[what]++
	if broken := w.broken[what]; broken != nil {
		return broken(w.now())
	}
	return nil
}

// away breaks something for a time; without an end it stays broken.
func away(from, until string) func(time.Time) error {
	return func(at time.Time) error {
		if at.Before(clock(from)) || (until != "" && !at.Before(clock(until))) {
			return nil
		}
		return activities.Fail(incident.Errorf(incident.Unavailable, "away"))
	}
}

// refused breaks something for good: trying again cannot help.
func refused(time.Time) error {
	return activities.Fail(incident.Errorf(incident.Permanent, "the address is dead"))
}

// contacts are the notification rules of everyone.
func contacts(every bool) []activities.Contact {
	rules := []activities.Contact{{ID: "phone", Kind: "push"}, {ID: "mobile", Kind: "sms", After: 2 * time.Minute}}
	if every {
		rules[1].After = 0
	}
	return rules
}

func (w *world) WhoIsOnCall(_ context.Context, q activities.LookUp) ([]activities.Roster, error) {
	if err := w.fails("lookup"); err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.stalest = max(w.stalest, w.now().Sub(q.At))
	w.mu.Unlock()
	var out []activities.Roster
	for _, level := range q.Levels {
		people := []activities.Recipient{}
		for _, target := range level.Targets {
			person, reason := w.person(target)
			if person != "" {
				people = append(people, activities.Recipient{Person: person, Reason: reason, Contacts: contacts(level.EveryMethod)})
			}
		}
		w.mu.Lock()
		if level.Turn != (activities.Turn{}) {
			w.turns = append(w.turns, level.Turn)
		}
		out = append(out, activities.Roster{People: people, Skipped: w.hours[level.During], Catalog: 1})
		w.mu.Unlock()
	}
	return out, nil
}

func (w *world) person(t oncall.Target) (person, reason string) {
	if t.Schedule == "" {
		return t.Person, "named"
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.duty[t.Schedule], "on call in " + t.Schedule
}

func (w *world) Page(ctx context.Context, o activities.PageOrder) (activities.Sent, error) {
	if w.crowded && activity.GetInfo(ctx).IsLocalActivity {
		return activities.Sent{Later: true}, nil
	}
	kind := map[string]string{"phone": "push", "mobile": "sms"}[o.Contact]
	if err := w.fails(kind); err != nil {
		return activities.Sent{}, err
	}
	if !w.first(o.Key) {
		return activities.Sent{At: w.now(), Before: true}, nil
	}
	link := " no link"
	if o.Answerable {
		link = ""
	}
	w.see("%s %s (%s)%s", kind, o.Person, strings.Split(o.Key, "/")[1], link)
	if kind == w.rings {
		return activities.Sent{At: w.now(), Provider: "bells", Reference: "bell of " + o.Person, Rings: true}, nil
	}
	return activities.Sent{At: w.now()}, nil
}

func (w *world) Before(_ context.Context, key string) (activities.Sent, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.sent[key] {
		return activities.Sent{}, nil
	}
	return activities.Sent{At: clock("02:00"), Provider: "ntfy"}, nil
}

func (w *world) Silence(_ context.Context, list []activities.Ringing) error {
	if err := w.fails("silence"); err != nil {
		return err
	}
	for _, ringing := range list {
		w.see("silence %s by %s %s", ringing.Reference, ringing.Kind, ringing.Provider)
	}
	return nil
}

// first reports whether an effect is made for the first time.
func (w *world) first(key string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.sent[key]
	w.sent[key] = true
	return !before
}

func (w *world) Publish(ctx context.Context, o activities.Publication) (activities.Published, error) {
	var out activities.Published
	made := 0
	for _, n := range o.Notices {
		if w.fails("notice") != nil {
			out.Owed = append(out.Owed, n.Key)
			continue
		}
		if made++; w.first(o.Number + n.Key) {
			w.see("tell %s: %s", strings.Join(n.To, " "), n.Text)
		}
	}
	for _, u := range o.Updates {
		if w.fails("mail") != nil {
			out.Owed = append(out.Owed, activities.UpdateKey(u))
			continue
		}
		if made++; w.first(o.Number + activities.UpdateKey(u)) {
			w.see("%s update to %s: %s%s", u.Kind, strings.Join(u.Audiences, " "), u.What, late(u))
		}
	}
	if o.Ticket != nil {
		made += w.ticket(o, &out)
		out.Unheard = len(out.FollowUps) > 0 && (o.Ticket.Again || activity.GetInfo(ctx).Attempt > 1)
	}
	if made == 0 && len(out.Owed) > 0 {
		return activities.Published{}, activities.Fail(incident.Errorf(incident.Unavailable, "away"))
	}
	return out, nil
}

func late(u incident.StatusUpdate) string {
	if u.Late {
		return " (late)"
	}
	return ""
}

// ticket keeps the tickets of a publication.
func (w *world) ticket(o activities.Publication, out *activities.Published) int {
	if w.fails("tracker") != nil {
		out.Untracked = true
		return 1
	}
	switch err := activities.Known(w.fails("ticket")); incident.KindOf(err) {
	case incident.Permanent:
		out.Failed = append(out.Failed, err.Error())
		return 1
	case incident.Unavailable:
		out.Owed = append(out.Owed, activities.TicketKey)
		return 0
	}
	out.Ticket = o.Ticket.Ref
	if out.Ticket.ID == "" {
		out.Ticket = w.open()
		w.see("ticket %s opened, %s", out.Ticket.Key, o.Phase)
	} else {
		w.see("ticket %s shows %s", out.Ticket.Key, o.Phase)
	}
	out.FollowUps = map[string]incident.TicketRef{}
	for _, f := range o.Ticket.FollowUps {
		ref := w.open()
		out.FollowUps[f.ID] = ref
		w.see("ticket %s opened for follow-up %s", ref.Key, f.ID)
	}
	return 1
}

func (w *world) open() incident.TicketRef {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opened++
	ref := incident.TicketRef{ID: fmt.Sprint(w.opened), Key: fmt.Sprintf("OPS-%d", w.opened)}
	w.tickets[ref.ID] = incident.TicketStatus{Ref: ref, Found: true, Status: "To Do"}
	if w.swift {
		w.tickets[ref.ID] = incident.TicketStatus{Ref: ref, Found: true, Status: "Done", Resolution: "Done", Done: true}
	}
	return ref
}

// move moves a ticket, as a person would.
func (w *world) move(id, status, resolution string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.tickets[id]
	t.Status, t.Resolution, t.Done = status, resolution, status == "Done"
	w.tickets[id] = t
}

func (w *world) AwaitTickets(_ context.Context, q activities.TicketWatch) ([]incident.TicketStatus, error) {
	if err := w.fails("watch"); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var now []incident.TicketStatus
	for _, ref := range q.Refs {
		now = append(now, w.tickets[ref.ID])
	}
	known := map[string]incident.TicketStatus{}
	for _, k := range q.Known {
		known[k.Ref.ID] = k
	}
	if slices.ContainsFunc(now, func(t incident.TicketStatus) bool {
		return t.Done != known[t.Ref.ID].Done || t.Resolution != known[t.Ref.ID].Resolution
	}) {
		return now, nil
	}
	return nil, activities.NotYet("as before", max(q.Every, w.poll))
}

func (w *world) Record(_ context.Context, b activities.Batch) error {
	if err := w.fails("store"); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return errOver
	}
	for _, e := range b.Entries {
		w.timeline[fmt.Sprintf("%s/%06d/%s", b.Number, e.Sequence, b.Epoch)] = e
	}
	for _, p := range b.Pages {
		w.pages[p.Key] = p
	}
	w.largest = max(w.largest, len(b.Pages))
	if known := w.rows[b.Number]; known == nil || b.Incident.Revision >= known.Revision {
		w.rows[b.Number] = b.Incident.Clone()
	}
	return nil
}

func (w *world) Adopt(_ context.Context, c activities.KeyClaim) (string, error) {
	if err := w.fails("keys"); err != nil || w.holder == "" {
		return c.Number, err
	}
	return w.holder, nil
}

// QueueOf knows no runbook called "unknown".
func (w *world) QueueOf(_ context.Context, n activities.RunbookName) (string, error) {
	if err := w.fails("shelf"); err != nil {
		return "", err
	}
	if n.Name == "unknown" {
		return "", activities.Fail(incident.Errorf(incident.NotFound, "no worker serves a runbook called %q", n.Name))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return cmp.Or(w.queue, workflows.Runbooks), nil
}

func (w *world) LookAtRun(context.Context, activities.RunRef) (activities.RunState, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := w.runs
	if w.afterLook != nil {
		w.runs = *w.afterLook
	}
	return found, nil
}

func (w *world) EndRun(_ context.Context, end activities.RunEnd) (activities.RunState, error) {
	w.see("run %s is ended: %s", end.ID, end.Text)
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.runs.Stuck {
		return w.runs, nil
	}
	return activities.RunState{Closed: true, State: incident.RunCancelled, Text: end.Text}, nil
}
