package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// Duty keeps what people change day by day. The errors of its methods are of
// kind incident.NotFound, incident.Invalid, incident.Conflict,
// incident.Refused or incident.Unavailable.
type Duty interface {
	Turns
	Swaps
	Reach
	Calendars
	Silences
	Heartbeats
	// InForce returns what was, is and will be in force in [from, until).
	InForce(ctx context.Context, from, until time.Time) (catalog.History, error)
	// PagesOf counts the pages that became due in [from, until), by person.
	PagesOf(ctx context.Context, from, until time.Time) (map[string]int, error)
}

// Turns keeps overrides and temporary schedules.
type Turns interface {
	AddOverride(ctx context.Context, o store.Override) error
	Override(ctx context.Context, id string) (store.Override, error)
	RemoveOverride(ctx context.Context, id, by string, at time.Time) error
	Overrides(ctx context.Context, f store.DutyFilter) ([]store.Override, string, error)
	AddTemporary(ctx context.Context, t store.Temporary) error
	Temporary(ctx context.Context, id string) (store.Temporary, error)
	RemoveTemporary(ctx context.Context, id, by string, at time.Time) error
	Temporaries(ctx context.Context, f store.DutyFilter) ([]store.Temporary, string, error)
}

// Swaps keeps swaps, and what people are to be told of them.
type Swaps interface {
	OfferSwap(ctx context.Context, w store.Swap, tell ...activities.DutyNotice) error
	Swap(ctx context.Context, id string, now time.Time) (store.Swap, error)
	AcceptSwap(ctx context.Context, w store.Swap, overrides []store.Override, tell ...activities.DutyNotice) error
	EndSwap(ctx context.Context, w store.Swap, state store.SwapState, tell ...activities.DutyNotice) error
	Swaps(ctx context.Context, f store.SwapFilter) ([]store.Swap, string, error)
}

// Reach keeps how people want to be reached.
type Reach interface {
	AddContact(ctx context.Context, c store.Contact) error
	RemoveContact(ctx context.Context, person, id string) error
	Contacts(ctx context.Context, person string) ([]store.Contact, error)
	KeepCode(ctx context.Context, c store.Code) error
	LastCode(ctx context.Context, person, contact string, at time.Time) (store.Code, error)
	Verify(ctx context.Context, id, hash string, at time.Time) error
	SetRules(ctx context.Context, r store.PersonalRules) error
	ClearRules(ctx context.Context, person string) error
	Rules(ctx context.Context, person string) (store.PersonalRules, error)
}

// Calendars keeps feeds of shifts.
type Calendars interface {
	CreateCalendar(ctx context.Context, c store.Calendar) error
	Calendars(ctx context.Context, owner string) ([]store.Calendar, error)
	CalendarByHash(ctx context.Context, hash string) (store.Calendar, error)
	RotateCalendar(ctx context.Context, c store.Calendar) (store.Calendar, error)
	RevokeCalendar(ctx context.Context, owner, id string, at time.Time) error
}

// The owners of what is shown.
const (
	ownedByAPI     = "api"
	ownedByCatalog = "catalog"
)

// newID makes an id that people can type: a letter and forty random bits.
func newID(letter string) string {
	b := make([]byte, 5)
	_, _ = rand.Read(b) // never fails: see crypto/rand
	return letter + "-" + hex.EncodeToString(b)
}

// owner returns the id of whoever asks.
func (i identity) owner() string { return i.token.Owner }

// meant returns the person that a text means: whoever asks, for "me".
func meant(ctx context.Context, person string) string {
	if person == "me" {
		return callerOf(ctx).identity.owner()
	}
	return person
}

// actsFor returns the person whom a path names, with the catalog that has
// them, when whoever asks may act for them.
func (s *server) actsFor(ctx context.Context, person string) (*catalog.Catalog, catalog.Person, error) {
	c, p, err := s.named(ctx, person)
	if err == nil && !ownOrAdmin(ctx, p.ID) {
		return c, p, incident.Errorf(incident.Forbidden, "this belongs to somebody else: changing it takes the scope %q", ScopeAdmin)
	}
	return c, p, err
}

func ownOrAdmin(ctx context.Context, person string) bool {
	who := callerOf(ctx).identity
	return who.person() && who.owner() == person || who.has(ScopeAdmin)
}

// named returns the person whom a path names, with the catalog that has them.
func (s *server) named(ctx context.Context, person string) (*catalog.Catalog, catalog.Person, error) {
	c, err := s.catalog(ctx)
	if err != nil {
		return nil, catalog.Person{}, err
	}
	id, err := whoever(ctx, person)
	if err != nil {
		return c, catalog.Person{}, err
	}
	p, ok := c.Person(id)
	if !ok {
		return c, p, incident.Errorf(incident.NotFound, "there is no such person in the catalog")
	}
	return c, p, nil
}

// missing words that something is not there: how the store says it is for the
// log.
func missing(err error, noun, id string) error {
	if incident.KindOf(err) == incident.NotFound {
		return incident.Errorf(incident.NotFound, "there is no %s %s", noun, id)
	}
	return err
}

// dutyFilter reads the parameters that the lists of overrides and of temporary
// schedules share.
func (s *server) dutyFilter(ctx context.Context, p gen.ListOverridesParams) (store.DutyFilter, error) {
	person, err := whoever(ctx, p.Person)
	f := store.DutyFilter{
		Schedule: p.Schedule, Person: person, From: p.From, Until: p.Until, After: p.Cursor, Limit: p.Limit,
	}
	if !p.All {
		f.Active = s.Now()
	}
	return f, err
}

// standing is an override, or a temporary schedule, that somebody wants to
// remove.
type standing struct {
	noun, id, schedule string
	// by made it, and may remove it whatever else they may.
	by string
	// may says whether whoever asks may make such a thing.
	may error
}

// remove ends what stands, with the method of the store for it.
func (s *server) remove(ctx context.Context, d standing, end func(ctx context.Context, id, by string, at time.Time) error) error {
	who := callerOf(ctx).identity.owner()
	if d.may != nil && d.by != who {
		return d.may
	}
	if err := end(ctx, d.id, who, s.Now()); err != nil {
		return err
	}
	s.Log.Info("change of duty removed", "kind", d.noun, "id", d.id, "schedule", d.schedule, "by", who)
	return nil
}

// zoneOf returns the zone in which a person reads times.
func zoneOf(c *catalog.Catalog, person string) *time.Location {
	p, _ := c.Person(person)
	zone, err := time.LoadLocation(p.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// knownTo says whether a schedule is, or was, among others.
func knownTo(h catalog.History, schedule string) bool {
	return slices.ContainsFunc(h, func(e catalog.Era) bool {
		_, ok := e.Catalog.Schedule(schedule)
		return ok
	})
}
