// Package changefeed takes what was changed to where it is needed: the store,
// and the open incidents that it may have caused.
package changefeed

import (
	"context"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/changes"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// Keeper keeps what was changed. AddChange returns it as it is kept, which is as
// it was reported first, and whether it is new.
type Keeper interface {
	AddChange(ctx context.Context, c changes.Change, reported time.Time) (kept changes.Change, added bool, err error)
}

// Incidents lists incidents.
type Incidents interface {
	Incidents(ctx context.Context, f store.IncidentFilter) ([]*incident.Incident, string, error)
}

// Suspicions tells an open incident what may have caused it. Its error is of
// kind incident.NotFound when there is no open workflow of this number, and
// Unavailable when nobody knows.
type Suspicions interface {
	Suspect(ctx context.Context, number string, list []incident.Suspect) error
}

// Feed takes changes.
type Feed struct {
	Keeper     Keeper
	Incidents  Incidents
	Suspicions Suspicions
}

// Taken says what became of a change.
type Taken struct {
	// Added says that it was not known before.
	Added bool
	// Incidents are the open ones that were told of it.
	Incidents []string
}

// maxTold bounds the open incidents that one change is told to on account of one
// service, the newest first.
const maxTold = 50

// Take keeps a change and tells the open incidents that it may have caused. A
// deployment that does not say how it is undone gets what the catalog says. It
// returns only after they were told, so that whoever reports again after a
// failure loses nothing; the same change counts once. Its errors are of kind
// incident.Invalid, NotFound for a service that is not in the catalog, or
// Unavailable.
func (f *Feed) Take(ctx context.Context, cat *catalog.Catalog, c changes.Change, now time.Time) (Taken, error) {
	service, ok := cat.Service(c.Service)
	if !ok {
		return Taken{}, incident.Errorf(incident.NotFound, "there is no service %s in the catalog", c.Service)
	}
	if !c.Undo.Known() && c.Kind == changes.Deployment {
		c.Undo = changes.Undo(service.Changes.Undo)
	}
	if err := c.Check(now); err != nil {
		return Taken{}, err
	}
	kept, added, err := f.Keeper.AddChange(ctx, c, now)
	if err != nil {
		return Taken{}, err
	}
	told, err := f.tell(ctx, cat, kept)
	return Taken{Added: added, Incidents: told}, err
}

// tell tells the open incidents that a change may have caused.
func (f *Feed) tell(ctx context.Context, cat *catalog.Catalog, c changes.Change) (told []string, err error) {
	for _, filter := range concerned(cat, c.Service) {
		list, _, err := f.Incidents.Incidents(ctx, filter)
		if err != nil {
			return told, err
		}
		for _, i := range list {
			suspects := changes.Suspects([]changes.Change{c}, changes.SceneOf(i, cat), 1)
			if len(suspects) == 0 || !i.Phase.Active() || slices.Contains(told, i.Number) {
				continue
			}
			switch err := f.Suspicions.Suspect(ctx, i.Number, changes.Briefs(suspects)); {
			case err == nil:
				told = append(told, i.Number)
			case incident.KindOf(err) != incident.NotFound: // it has ended meanwhile
				return told, err
			}
		}
	}
	return told, nil
}

// concerned finds the incidents that a change of a service may have caused:
// those that touch it, and those of the services that depend on it.
func concerned(cat *catalog.Catalog, changed string) []store.IncidentFilter {
	out := []store.IncidentFilter{{Touches: changed, Open: true, Limit: maxTold}}
	for _, s := range cat.Services {
		if slices.Contains(s.DependsOn, changed) {
			out = append(out, store.IncidentFilter{Service: s.ID, Open: true, Limit: maxTold})
		}
	}
	return out
}
