package rehearsal

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// record writes down what the rehearsed incident does: it is its ledger and
// its journal.
type record struct {
	now func() time.Time

	mu sync.Mutex
	// over says that the time watched has gone by.
	over    bool
	entries []incident.Entry
	pages   map[string]incident.Page
	// tries is when each page was tried last.
	tries map[string]time.Time
	// levels is how many levels a summons has, before the last resort.
	levels map[string]int
	// turns are those that each round has had.
	turns map[string][]string
	row   *incident.Incident
}

func newRecord() *record {
	return &record{pages: map[string]incident.Page{}, tries: map[string]time.Time{}, levels: map[string]int{}, turns: map[string][]string{}}
}

func (r *record) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
}

// Made reports nothing: the pager's own memory knows what it has sent.
func (r *record) Made(context.Context, string) (activities.Attempt, bool, error) {
	return activities.Attempt{}, false, nil
}

// Attempt writes attempts at pages down.
func (r *record) Attempt(_ context.Context, list ...activities.Attempt) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range list {
		if !r.over {
			r.tries[a.Key] = a.At
		}
	}
	return nil
}

// Record keeps the timeline, and the pages as they stand.
func (r *record) Record(_ context.Context, b activities.Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return nil
	}
	r.entries = append(r.entries, b.Entries...)
	for _, p := range b.Pages {
		r.pages[p.Key] = p
	}
	for _, s := range b.Incident.Summonses {
		r.levels[s.ID] = len(s.Levels)
	}
	r.row = b.Incident
	return nil
}

// Adopt is never asked: a rehearsed incident has its number.
func (r *record) Adopt(_ context.Context, number, _, _ string, _ time.Time) (string, error) {
	return number, nil
}

// Turn counts the turns of a round from the first: whose turn it really is,
// only the server's own count knows.
func (r *record) Turn(_ context.Context, t activities.Turn) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := slices.Index(r.turns[t.Of], t.Key)
	if n < 0 {
		n = len(r.turns[t.Of])
		r.turns[t.Of] = append(r.turns[t.Of], t.Key)
	}
	return n, nil
}

// channel takes pages of one kind, unless it is down.
type channel struct {
	kind  string
	stage *stage
	// down is until when it does not answer.
	down time.Time
}

// channels are those that the plan has configured.
func (s *stage) channels() map[string]activities.Channel {
	out := map[string]activities.Channel{}
	for _, kind := range catalog.ContactKindNames() {
		if len(s.plan.Channels) > 0 && !slices.Contains(s.plan.Channels, kind) {
			continue
		}
		c := channel{kind: kind, stage: s}
		for _, o := range s.plan.Down {
			if o.Kind == kind {
				c.down = s.plan.From.Add(cmp.Or(o.For, 2*maxFor) + moment)
			}
		}
		out[kind] = c
	}
	return out
}

// lookAgain is how often a channel that is down asks to be tried again: seldom
// enough to rehearse a day quickly, and at no whole minute, when other things
// happen.
const lookAgain = 59 * time.Second

// Send has the person reached.
func (c channel) Send(_ context.Context, _ string, m incident.Message) error {
	if left := c.down.Sub(c.stage.clock()); left > 0 {
		return &incident.Error{Kind: incident.Unavailable, Message: c.kind + " is down", RetryAfter: min(left, lookAgain)}
	}
	c.stage.cast.reached(m)
	return nil
}

// silent are channels that take whatever is sent.
func silent() map[string]activities.Channel {
	out := map[string]activities.Channel{}
	for _, kind := range catalog.ContactKindNames() {
		out[kind] = nowhere{}
	}
	return out
}

// nowhere is where what is not rehearsed goes.
type nowhere struct{}

// Send takes a notice.
func (nowhere) Send(context.Context, string, incident.Message) error { return nil }

// SendMail takes a mail.
func (nowhere) SendMail(context.Context, incident.Mail) error { return nil }

// Made knows of nothing.
func (nowhere) Made(context.Context, string) (activities.Attempt, bool, error) {
	return activities.Attempt{}, false, nil
}

// Attempt forgets.
func (nowhere) Attempt(context.Context, ...activities.Attempt) error { return nil }

var errNoTicket = errors.New("a rehearsal keeps no ticket")

// Incident is never asked: there is no tracker.
func (nowhere) Incident(context.Context, string) (*incident.Incident, error) { return nil, errNoTicket }

// Highlights is never asked: there is no tracker.
func (nowhere) Highlights(context.Context, string, int) ([]incident.Entry, error) {
	return nil, errNoTicket
}

// Outputs is never asked: there is no tracker.
func (nowhere) Outputs(context.Context, string, int) ([]incident.Output, error) {
	return nil, errNoTicket
}
