package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// DutyNotice is what a person is to be told outside every incident, such as
// that they come on call. The key says what it is about: nobody is told twice.
type DutyNotice struct {
	Key string
	// Person is empty when nobody is to be told, and the key is only to be
	// remembered.
	Person string
	Title  string
	Body   string
	// Due is when to tell them, and Tries counts the times at which nothing
	// took it.
	Due   time.Time
	Tries int
}

// DutyNotices keeps what people are to be told, and knows what about.
type DutyNotices interface {
	// InForce returns what was, is and will be in force in [from, until).
	InForce(ctx context.Context, from, until time.Time) (catalog.History, error)
	// OpenOf lists the open incidents of services that somebody of these
	// people holds.
	OpenOf(ctx context.Context, services, holders []string) ([]string, error)
	// KnownNotices returns those of the keys that were kept already.
	KnownNotices(ctx context.Context, keys []string) ([]string, error)
	// AddNotices keeps what people are to be told, each key once.
	AddNotices(ctx context.Context, list ...DutyNotice) error
	// DueNotices returns at most limit of what is due, the oldest first.
	DueNotices(ctx context.Context, at time.Time, limit int) ([]DutyNotice, error)
	// PutOffNotice says that one is due later; tried tells that it was tried in vain.
	PutOffNotice(ctx context.Context, key string, due time.Time, tried bool) error
	// EndNotice says that one was sent, or that it is given up.
	EndNotice(ctx context.Context, key string, at time.Time, sent bool) error
}

// Offers brings the fact of a hand-off to an incident. Its error is of kind
// incident.NotFound when the incident is over.
type Offers interface {
	HandOff(ctx context.Context, number string, h incident.HandOff) error
}

// Herald tells people what happens to their duty. Its exported methods are
// activities, which may run at any time and any number of times.
type Herald struct {
	Pager   *Pager
	Notices DutyNotices
	Offers  Offers
	// Now is time.Now when nil.
	Now func() time.Time
}

func (h *Herald) now() time.Time {
	if h.Now == nil {
		return time.Now().UTC()
	}
	return h.Now().UTC()
}

// Heralded counts what one run did.
type Heralded struct {
	HandOffs int `json:"hand_offs,omitempty"`
	Offered  int `json:"offered,omitempty"`
	Told     int `json:"told,omitempty"`
	Waiting  int `json:"waiting,omitempty"`
}

const (
	// handOffsBack is how far back hand-offs are looked for: so long may
	// nothing run before one is missed.
	handOffsBack = time.Hour
	// noticesAtOnce bounds one run.
	noticesAtOnce = 200
	// maxNoticeTries is how often something is tried before it is given up,
	// each time after twice the delay.
	maxNoticeTries = 8
)

// Herald looks for hand-offs, offers incidents, and tells people what is due.
// What fails is left to the next run; the error says all of it.
func (h *Herald) Herald(ctx context.Context) (Heralded, error) {
	defer beat(ctx)()
	var out Heralded
	problems := errors.Join(h.handOffs(ctx, &out), h.tell(ctx, &out))
	return out, Fail(problems)
}

// handOffs takes notice of the hand-offs of the last hour, each once. It is
// kept only after the incidents have heard of it, who mind no repeat.
func (h *Herald) handOffs(ctx context.Context, out *Heralded) error {
	now := h.now()
	history, err := h.Notices.InForce(ctx, now.Add(-handOffsBack), now.Add(time.Minute))
	if err != nil {
		return fmt.Errorf("look for hand-offs: %w", err)
	}
	var problems []error
	for _, schedule := range history.Schedules() {
		shifts := history.Shifts(schedule.ID, now, now.Add(time.Second))
		for _, d := range history.Handed(schedule.ID, now.Add(-handOffsBack), now) {
			c, ok := history.At(d.At)
			if !ok {
				continue
			}
			problems = append(problems, h.handOff(ctx, handing{d, c, schedule.SilentHandOffs, onDuty(shifts, d.Rotation, now)}, out))
		}
	}
	return errors.Join(problems...)
}

// tell sends what is due.
func (h *Herald) tell(ctx context.Context, out *Heralded) error {
	due, err := h.Notices.DueNotices(ctx, h.now(), noticesAtOnce)
	if err != nil {
		return fmt.Errorf("look for what is to be told: %w", err)
	}
	c, err := h.Pager.Catalogs.Current(ctx)
	if err != nil {
		return fmt.Errorf("tell people: %w", err)
	}
	var problems []error
	for _, n := range due {
		sent, err := h.one(ctx, c, n)
		problems = append(problems, err)
		if sent {
			out.Told++
			continue
		}
		out.Waiting++
	}
	return errors.Join(problems...)
}

// one tells one person, by the contact methods of their ordinary rules, in
// their order, until one takes it. During quiet hours it waits.
func (h *Herald) one(ctx context.Context, c *catalog.Catalog, n DutyNotice) (sent bool, err error) {
	now := h.now()
	if until, quiet := c.Quiet(n.Person, now); quiet {
		return false, h.Notices.PutOffNotice(ctx, n.Key, until, false)
	}
	rules := slices.Clone(c.Contacts(n.Person, catalog.Ordinary))
	slices.SortStableFunc(rules, func(x, y catalog.Rule) int { return cmp.Compare(x.After, y.After) })
	for _, rule := range rules {
		if err = h.send(ctx, c, n, rule.Contact); err == nil {
			return true, h.Notices.EndNotice(ctx, n.Key, now, true)
		}
	}
	if len(rules) == 0 || n.Tries+1 >= maxNoticeTries {
		slog.Warn("somebody could not be told", "person", n.Person, "what", n.Key, "error", text(err))
		return false, h.Notices.EndNotice(ctx, n.Key, now, false)
	}
	return false, h.Notices.PutOffNotice(ctx, n.Key, now.Add(time.Minute<<n.Tries), true)
}

// send hands one over, once for each contact method as far as is known.
func (h *Herald) send(ctx context.Context, c *catalog.Catalog, n DutyNotice, contact string) error {
	key := n.Key + "/" + contact
	_, err := h.Pager.once(ctx, effect{key: key, what: "notice"}, func() (incident.HandOver, error) {
		return h.Pager.send(ctx, c, n.Person, contact, incident.Message{
			Key: key, Title: n.Title, Body: n.Body, At: n.Due,
		})
	})
	return err
}
