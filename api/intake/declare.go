package intake

import (
	"context"
	"strings"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// Declaration is an incident that a person or a machine opens by hand.
type Declaration struct {
	// ID is the idempotency key: the same one declares the same incident.
	ID      string
	Title   string
	Service string
	// Severity is catalog.DefaultLevel when empty.
	Severity catalog.Level
	Impact   incident.Impact
	By       incident.Actor
	// Via says through what it came: api, cli.
	Via string
}

// Declare opens an incident by hand and returns its number when Temporal has
// accepted it. The error is of kind incident.Invalid when the declaration
// names what is not in the catalog, and incident.Unavailable when it was not
// accepted; repeating it with the same ID opens one incident.
func (i *Intake) Declare(ctx context.Context, d Declaration) (Placed, error) {
	leave, err := i.enter()
	if err != nil {
		return Placed{}, err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), i.limits.Patience)
	defer cancel()
	cat, err := i.catalogs.Current(ctx)
	if err != nil {
		return Placed{}, incident.Errorf(incident.Unavailable, "there is no catalog yet: %w", err)
	}
	if err := d.check(cat); err != nil {
		return Placed{}, err
	}
	e, isNew := i.declared(ctx, cat, d)
	if err := i.dispatch.send(e).wait(ctx); err != nil {
		return Placed{}, incident.Errorf(incident.Unavailable, "the incident was not accepted, send it again: %w", err)
	}
	return Placed{Number: e.Number, Service: d.Service, New: isNew}, nil
}

// check completes the declaration and holds it against the catalog.
func (d *Declaration) check(cat *catalog.Catalog) error {
	d.Title = cut(strings.TrimSpace(d.Title), maxTitle)
	if d.Title == "" {
		return incident.Errorf(incident.Invalid, "title: say in a few words what is wrong")
	}
	if d.ID == "" {
		return incident.Errorf(incident.Invalid, "id: an idempotency key is needed")
	}
	if _, ok := cat.Service(d.Service); !ok {
		return incident.Errorf(incident.Invalid, "service: %q is not in the catalog", d.Service)
	}
	if d.Severity == "" {
		d.Severity = catalog.DefaultLevel
	}
	if _, ok := cat.Severity(d.Severity); !ok {
		return incident.Errorf(incident.Invalid, "severity: %q is not in the catalog", d.Severity)
	}
	return nil
}

// declared makes the errand that starts it, with a number of its own even
// when the store is away.
func (i *Intake) declared(ctx context.Context, cat *catalog.Catalog, d Declaration) (e *errand, isNew bool) {
	service, _ := cat.Service(d.Service)
	at := i.now()
	row := store.Outbox{Service: d.Service, Team: service.Team, Title: d.Title, At: at}
	claimed, err := i.declareNow(ctx, store.Declaration{Request: d.ID, Service: d.Service, Team: service.Team, Title: d.Title, At: at})
	if err != nil {
		row.Number = awayHash("declared", d.ID)
	} else {
		row.ID, row.Number, row.Key, row.Started = claimed.Outbox, claimed.Number, claimed.Key, claimed.Started
	}
	e = newErrand(row)
	e.declared, e.fresh, e.away = &d, claimed.New, err != nil
	return e, claimed.New || err != nil
}

func (i *Intake) declareNow(ctx context.Context, d store.Declaration) (store.Claimed, error) {
	if i.circuit.open(i.now()) {
		return store.Claimed{}, errAway
	}
	out, err := patiently(ctx, i.limits.StorePatience, func(ctx context.Context) (store.Claimed, error) {
		return i.store.Declare(ctx, d)
	})
	i.circuit.note(err != nil, i.now().Add(i.limits.Away))
	if err != nil {
		i.log.Error("the store cannot take a declaration: it is opened without it", "error", err)
	}
	return out, err
}

// complete says what only the declaration knows.
func (d *Declaration) complete(o *incident.Opening) {
	o.Severity, o.Impact, o.By, o.Source = d.Severity, d.Impact, d.By, d.Via
	o.Urgency = o.Policy.Urgency(d.Severity)
	if o.Urgency == catalog.NotPaged || o.Urgency == "" {
		o.Urgency = catalog.Ordinary // who declares wants somebody to come
	}
}
