package activities

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// handing is a hand-off with the catalog of then.
type handing struct {
	catalog.Handed
	catalog *catalog.Catalog
	silent  bool
	// present are those who have the duty by now: what is found late may have
	// been undone.
	present []string
}

// onDuty lists who has a duty at a moment.
func onDuty(shifts []catalog.Served, rotation string, at time.Time) []string {
	var out []string
	for _, s := range shifts {
		if s.Rotation == rotation && !s.From.After(at) && s.Until.After(at) {
			out = append(out, s.Person)
		}
	}
	return out
}

// gone and come are those for whom the hand-off still holds.
func (d handing) gone() []string {
	return slices.DeleteFunc(slices.Clone(d.Outgoing), func(p string) bool { return slices.Contains(d.present, p) })
}

func (d handing) come() []string {
	return slices.DeleteFunc(slices.Clone(d.Incoming), func(p string) bool { return !slices.Contains(d.present, p) })
}

func (d handing) duty() string { return d.Schedule + "/" + d.Rotation }

func (d handing) key(person string) string {
	return fmt.Sprintf("hand-off/%s/%d/%s", d.duty(), d.At.UnixNano(), person)
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

// offer offers the open incidents of those who go to whoever comes, or has
// come since.
func (h *Herald) offer(ctx context.Context, d handing) ([]string, error) {
	gone, to := d.gone(), slices.Concat(d.come(), d.present)
	if len(d.Incoming) == 0 || len(gone) == 0 || len(to) == 0 {
		return nil, nil
	}
	numbers, err := h.Notices.OpenOf(ctx, d.catalog.PagedBy(d.Schedule), gone)
	if err != nil {
		return nil, err
	}
	fact := incident.HandOff{Rotation: d.duty(), At: d.At, Outgoing: gone, Incoming: to[0]}
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
	for _, person := range d.come() {
		out = append(out, d.notice(person, "You are on call now: "+d.duty(), "Before you: "+d.names(d.Outgoing)+".\n"+incidents))
	}
	for _, person := range d.gone() {
		out = append(out, d.notice(person, "You are off call now: "+d.duty(), "After you: "+d.names(d.Incoming)+".\n"+incidents))
	}
	return out
}

func (d handing) notice(person, title, body string) DutyNotice {
	at := d.At.In(zoneOf(d.catalog, person)).Format(incident.MomentLayout)
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
