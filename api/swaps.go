package api

import (
	"cmp"
	"context"
	"fmt"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/store"
)

// ListSwaps lists swaps.
func (s *server) ListSwaps(ctx context.Context, r gen.ListSwapsRequestObject) (gen.ListSwapsResponseObject, error) {
	p := r.Params
	person, err := whoever(ctx, p.Person)
	if err != nil {
		return nil, err
	}
	list, next, err := s.Duty.Swaps(ctx, store.SwapFilter{
		Schedule: p.Schedule, Person: person, Open: !p.All, Now: s.Now(), After: p.Cursor, Limit: p.Limit,
	})
	if err != nil {
		return nil, err
	}
	return gen.ListSwaps200JSONResponse{Swaps: each(list, swapOf), Next: next}, nil
}

// OfferSwap offers somebody a swap of shifts.
func (s *server) OfferSwap(ctx context.Context, r gen.OfferSwapRequestObject) (gen.OfferSwapResponseObject, error) {
	c, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	now := s.Now().UTC()
	w, err := c.CheckSwap(oncall.Swap{
		ID: newID("s"), Schedule: r.Body.Schedule, Giver: callerOf(ctx).identity.owner(), Taker: meant(ctx, r.Body.Taker),
		Give: r.Body.Give.UTC(), Take: r.Body.Take.UTC(), Reason: r.Body.Reason,
	}, now)
	if err != nil {
		return nil, err
	}
	made := store.Swap{Swap: w, State: store.SwapOffered, Made: now}
	tell := swapNotice(c, made, w.Taker, nameOf(c, w.Giver)+" offers you a swap")
	tell.Body += fmt.Sprintf("Answer with: tocsin swap accept %s, or: tocsin swap decline %s", w.ID, w.ID)
	if err := s.Duty.OfferSwap(ctx, made, tell); err != nil {
		return nil, err
	}
	s.Log.Info("swap offered", "swap", w.ID, "schedule", w.Schedule, "by", w.Giver, "to", w.Taker)
	return gen.OfferSwap201JSONResponse(swapOf(made)), nil
}

// AcceptSwap makes the overrides of a swap.
func (s *server) AcceptSwap(ctx context.Context, r gen.AcceptSwapRequestObject) (gen.AcceptSwapResponseObject, error) {
	c, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	w, err := s.swapFor(ctx, r.Id, func(w store.Swap) string { return w.Taker })
	if err != nil {
		return nil, err
	}
	if _, err := c.CheckSwap(w.Swap, s.Now()); err != nil {
		return nil, incident.Refusal("the swap does not fit any more", err.Error())
	}
	var overrides []store.Override
	for _, o := range w.Overrides() {
		o.ID = newID("o")
		overrides = append(overrides, store.Override{Override: o, Swap: w.ID, Made: w.Answered})
	}
	tell := swapNotice(c, w, w.Giver, nameOf(c, w.Taker)+" accepts your swap")
	if err := s.Duty.AcceptSwap(ctx, w, overrides, tell); err != nil {
		return nil, err
	}
	w.State = store.SwapAccepted
	s.Log.Info("swap accepted", "swap", w.ID, "schedule", w.Schedule, "by", w.Taker)
	return gen.AcceptSwap200JSONResponse(swapOf(w)), nil
}

// DeclineSwap declines a swap.
func (s *server) DeclineSwap(ctx context.Context, r gen.DeclineSwapRequestObject) (gen.DeclineSwapResponseObject, error) {
	w, err := s.endSwap(ctx, r.Id, store.SwapDeclined)
	return gen.DeclineSwap200JSONResponse(swapOf(w)), err
}

// WithdrawSwap takes an offer back.
func (s *server) WithdrawSwap(ctx context.Context, r gen.WithdrawSwapRequestObject) (gen.WithdrawSwapResponseObject, error) {
	w, err := s.endSwap(ctx, r.Id, store.SwapWithdrawn)
	return gen.WithdrawSwap200JSONResponse(swapOf(w)), err
}

// endSwap ends an offer: the taker declines it, or the giver withdraws it.
func (s *server) endSwap(ctx context.Context, id string, state store.SwapState) (store.Swap, error) {
	c, err := s.catalog(ctx)
	if err != nil {
		return store.Swap{}, err
	}
	giver := func(w store.Swap) string { return w.Giver }
	taker := func(w store.Swap) string { return w.Taker }
	ends, hears, verb := taker, giver, "declines your swap"
	if state == store.SwapWithdrawn {
		ends, hears, verb = giver, taker, "withdraws the offer of a swap"
	}
	w, err := s.swapFor(ctx, id, ends)
	if err != nil {
		return store.Swap{}, err
	}
	tell := swapNotice(c, w, hears(w), nameOf(c, ends(w))+" "+verb)
	if err := s.Duty.EndSwap(ctx, w, state, tell); err != nil {
		return store.Swap{}, err
	}
	w.State = state
	s.Log.Info("swap ended", "swap", id, "state", state, "by", ends(w))
	return w, nil
}

// swapFor returns a swap that waits for an answer, when it is whoever asks that
// may give it.
func (s *server) swapFor(ctx context.Context, id string, may func(store.Swap) string) (store.Swap, error) {
	now := s.Now().UTC()
	w, err := s.Duty.Swap(ctx, id, now)
	if err != nil {
		return w, missing(err, "swap", id)
	}
	if who := callerOf(ctx).identity.owner(); may(w) != who {
		return w, incident.Errorf(incident.Forbidden, "that is for %s to do", may(w))
	}
	if w.State != store.SwapOffered {
		return w, incident.Errorf(incident.Refused, "swap %s is %s", id, w.State)
	}
	w.Answered = now
	return w, nil
}

// swapNotice writes what a person is told of a swap, with times in their zone.
func swapNotice(c *catalog.Catalog, w store.Swap, person, title string) activities.DutyNotice {
	zone := zoneOf(c, person)
	span := func(who string, s oncall.Span) string {
		return fmt.Sprintf("%s/%s of %s: %s to %s", w.Schedule, s.Rotation, nameOf(c, who),
			s.From.In(zone).Format(incident.MomentLayout), s.Until.In(zone).Format(incident.MomentLayout))
	}
	body := span(w.Giver, w.Give) + "\nfor " + span(w.Taker, w.Take) + "\n"
	if w.Reason != "" {
		body += "Reason: " + w.Reason + "\n"
	}
	at := cmp.Or(w.Answered, w.Made)
	return activities.DutyNotice{
		Key: fmt.Sprintf("swap/%s/%s/%d", w.ID, person, at.Unix()), Person: person, Title: title, Body: body, Due: at,
	}
}

func nameOf(c *catalog.Catalog, person string) string {
	p, _ := c.Person(person)
	return cmp.Or(p.Name, person)
}

func swapOf(w store.Swap) gen.Swap {
	return gen.Swap{
		Id: w.ID, Schedule: w.Schedule, Giver: w.Giver, Taker: w.Taker, Give: w.Give, Take: w.Take, Reason: w.Reason,
		State: string(w.State), Owner: ownedByAPI, MadeAt: w.Made, AnsweredAt: w.Answered,
	}
}
