package runbook

import (
	"cmp"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// Target is whom a run pages: a person, a team, a schedule or a rotation, by
// its id in the catalog.
type Target = oncall.Target

// Page asks somebody to help, as the incident pages: until they answer. It
// returns once the incident was told, and does not wait for them.
func Page(ctx workflow.Context, who Target, why string) error {
	r := of(ctx)
	if err := r.stopped(ctx); err != nil {
		return err
	}
	if long(who.Person, who.Team, who.Schedule, who.Rotation, who.Webhook) {
		return incident.Errorf(incident.Invalid, "nobody has a name of more than %d bytes", maxName)
	}
	if r.in.DryRun {
		r.note(ctx, "would page %s: %s", who.String(), why)
		return r.stopped(ctx)
	}
	r.report(ctx, Report{Kind: Paged, Text: why, Page: &who})
	return r.over(ctx)
}

// Task is something to be done after the incident is mitigated.
type Task struct {
	// Title says what; Owner is a person of the catalog, the holder when empty.
	Title string `json:"title"`
	Owner string `json:"owner,omitempty"`
	// Priority is medium when empty, Within how long it may take; the policy says
	// so when it is zero.
	Priority catalog.Priority `json:"priority,omitempty"`
	Within   time.Duration    `json:"within,omitempty"`
}

// Ticket adds a follow-up to the incident: an issue at the tracker, where one is
// configured, and closing waits for it.
func Ticket(ctx workflow.Context, t Task) error {
	r := of(ctx)
	if err := r.stopped(ctx); err != nil {
		return err
	}
	if t.Title == "" {
		return incident.Errorf(incident.Invalid, "a ticket has a title")
	}
	if long(t.Owner, string(t.Priority)) {
		return incident.Errorf(incident.Invalid, "the owner or priority of a ticket has at most %d bytes", maxName)
	}
	t.Title, t.Owner = short(said(t.Title)), incident.Plain(t.Owner)
	if r.in.DryRun {
		r.note(ctx, "would open a ticket for %s: %s", cmp.Or(t.Owner, "the holder"), t.Title)
		return r.stopped(ctx)
	}
	r.report(ctx, Report{Kind: Ticketed, Text: t.Title, Task: &t})
	return r.over(ctx)
}

// Hatch is an escape hatch: something that a step leaves degraded, and that
// somebody has to restore.
type Hatch struct {
	// ID names what is degraded, the same for whatever degrades or restores it:
	// "unleash/checkout/recommendations".
	ID string `json:"id"`
	// What says in a few words what is degraded: "checkout without recommendations".
	What string `json:"what"`
	// For is how long it may stay so before people are asked; zero is 4 hours.
	For time.Duration `json:"for,omitempty"`
}

// hatchFor is how long a hatch may be open when nothing is said.
const hatchFor = 4 * time.Hour

func (h Hatch) within() time.Duration { return cmp.Or(h.For, hatchFor) }

// longHatch is why a hatch cannot be named so.
const longHatch = "the ID of its escape hatch is too long"

// problem says what its author left out, or nothing.
func (h *Hatch) problem() string {
	if h != nil && (h.ID == "" || h.What == "" || h.For < 0) {
		return "what it degrades has no ID or What, or is degraded for less than no time"
	}
	if h != nil && long(h.ID) {
		return longHatch
	}
	return ""
}

// tellHatches reports what a step that was made degraded or restored.
func (r *run) tellHatches(ctx workflow.Context, s Step) {
	r.tellDegraded(ctx, s)
	if s.Restores != "" {
		r.restored(ctx, s.Restores)
	}
}

func (r *run) tellDegraded(ctx workflow.Context, s Step) {
	if h := s.Degrades; h != nil {
		r.report(ctx, Report{
			Kind: Degraded, Text: fmt.Sprintf("%s, for %s at most", h.What, catalog.FormatDuration(h.within())),
			Hatch: &Hatch{ID: h.ID, What: short(said(h.What)), For: h.within()},
		})
	}
}

// CloseHatch tells the incident that what a hatch left degraded is as it was
// before, by whoever's hand: the hatch is closed, if it is open. A step that
// restores it says so by its Restores instead.
func CloseHatch(ctx workflow.Context, id string) error {
	r := of(ctx)
	if err := r.stopped(ctx); err != nil {
		return err
	}
	if long(id) {
		return incident.Errorf(incident.Invalid, "%s", longHatch)
	}
	if r.in.DryRun {
		r.note(ctx, "would close the escape hatch %s, if it is open", id)
		return r.stopped(ctx)
	}
	r.restored(ctx, id)
	return r.over(ctx)
}

func (r *run) restored(ctx workflow.Context, id string) {
	r.report(ctx, Report{Kind: Restored, Text: id, Hatch: &Hatch{ID: id}})
}
