package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
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
		for _, d := range history.Handed(schedule.ID, now.Add(-handOffsBack), now) {
			c, ok := history.At(d.At)
			if !ok {
				continue
			}
			problems = append(problems, h.handOff(ctx, handing{d, c, schedule.SilentHandOffs}, out))
		}
	}
	return errors.Join(problems...)
}

// handing is a hand-off with the catalog of then.
type handing struct {
	catalog.Handed
	catalog *catalog.Catalog
	silent  bool
}

func (d handing) duty() string { return d.Schedule + "/" + d.Rotation }

func (d handing) key(person string) string {
	return fmt.Sprintf("hand-off/%s/%d/%s", d.duty(), d.At.Unix(), person)
}

func (h *Herald) handOff(ctx context.Context, d handing, out *Heralded) error {
	// What marks the hand-off as done stands last.
	mark := d.key("")
	known, err := h.Notices.KnownNotices(ctx, []string{mark})
	if err != nil || len(known) > 0 {
		return err
	}
	offered, err := h.offer(ctx, d)
	if err != nil {
		return fmt.Errorf("hand over %s: %w", d.duty(), err)
	}
	list := []DutyNotice{{Key: mark, Due: d.At}}
	if !d.silent {
		list = slices.Concat(d.notices(offered), list)
	}
	if err := h.Notices.AddNotices(ctx, list...); err != nil {
		return err
	}
	out.HandOffs++
	out.Offered += len(offered)
	return nil
}

// offer offers the open incidents of those who go to whoever comes.
func (h *Herald) offer(ctx context.Context, d handing) ([]string, error) {
	if len(d.Incoming) == 0 || len(d.Outgoing) == 0 {
		return nil, nil
	}
	numbers, err := h.Notices.OpenOf(ctx, d.catalog.PagedBy(d.Schedule), d.Outgoing)
	if err != nil {
		return nil, err
	}
	fact := incident.HandOff{Rotation: d.duty(), At: d.At, Outgoing: d.Outgoing, Incoming: d.Incoming[0]}
	for _, number := range numbers {
		if err := h.Offers.HandOff(ctx, number, fact); err != nil && incident.KindOf(err) != incident.NotFound {
			return nil, err
		}
	}
	return numbers, nil
}

// notices writes what those who come and those who go are told.
func (d handing) notices(offered []string) []DutyNotice {
	incidents := ""
	if len(offered) > 0 {
		incidents = "Open incidents: " + strings.Join(offered, ", ") + ". Whoever holds one keeps it until it is accepted.\n"
	}
	var out []DutyNotice
	for _, person := range d.Incoming {
		out = append(out, d.notice(person, "You are on call now: "+d.duty(), "Before you: "+d.names(d.Outgoing)+".\n"+incidents))
	}
	for _, person := range d.Outgoing {
		out = append(out, d.notice(person, "You are off call now: "+d.duty(), "After you: "+d.names(d.Incoming)+".\n"+incidents))
	}
	return out
}

func (d handing) notice(person, title, body string) DutyNotice {
	at := d.At.In(zone(d.catalog, person)).Format(incident.MomentLayout)
	return DutyNotice{Key: d.key(person), Person: person, Title: title, Body: "Since " + at + ".\n" + body, Due: d.At}
}

func (d handing) names(people []string) string {
	var out []string
	for _, id := range people {
		p, _ := d.catalog.Person(id)
		out = append(out, cmp.Or(p.Name, id))
	}
	return cmp.Or(strings.Join(out, ", "), "nobody")
}

func zone(c *catalog.Catalog, person string) *time.Location {
	p, _ := c.Person(person)
	loc, err := time.LoadLocation(p.Zone)
	if err != nil {
		return time.UTC
	}
	return loc
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
			Key: key, Incident: "on-call", Title: n.Title, Body: n.Body, At: n.Due,
		})
	})
	return err
}
