package workflows

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
)

// show keeps the search attributes current: on changes of phase, severity and
// commander only, since each costs the server much, and never together with a
// page, since a failed task would run the page again.
func (r *response) show(ctx workflow.Context) {
	shown := r.facets()
	for !r.stopping() && !r.state.Unlisted {
		if workflow.Await(ctx, func() bool { return r.stopping() || (r.facets() != shown && r.quiet()) }) != nil || r.stopping() {
			return
		}
		shown = r.facets()
		err := workflow.UpsertTypedSearchAttributes(ctx, shown.attributes()...)
		if err != nil {
			r.log.Warn("search attributes not updated", "error", err)
		}
	}
}

// facets are what an incident is searched by that can change.
type facets struct{ phase, severity, commander string }

func (r *response) facets() facets {
	return facets{string(r.inc.Phase), string(r.inc.Severity), r.inc.ActingCommander()}
}

func (f facets) attributes() []temporal.SearchAttributeUpdate {
	return []temporal.SearchAttributeUpdate{
		phaseAttribute.ValueSet(f.phase), severityAttribute.ValueSet(cut(f.severity, maxKeyword)), commanderAttribute.ValueSet(cut(f.commander, maxKeyword)),
	}
}

// maxKeyword is the most that a keyword attribute may hold, in bytes.
const maxKeyword = 255

// describe shows a stranger in the Temporal UI what is going on.
func (r *response) describe(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, details(r.inc, workflow.Now(ctx)))
}

func details(i *incident.Incident, now time.Time) string {
	var out strings.Builder
	fmt.Fprintf(&out, "### %s: %s\n\n", i.Number, i.Phase)
	for _, row := range [][2]string{
		{"Service", i.Service}, {"Severity", cmp.Or(string(i.Severity), "unknown")}, {"Urgency", string(i.Urgency)},
		{"Holder", cmp.Or(i.Holder, "nobody yet")}, {"Commander", cmp.Or(i.Roles[incident.Commander], "none")},
		{"Now", i.Status}, {"Next", i.NextStep}, {"Ticket", i.Ticket.Key},
	} {
		if row[1] != "" {
			fmt.Fprintf(&out, "- **%s:** %s\n", row[0], row[1])
		}
	}
	for _, s := range i.Summonses {
		if s.Open() {
			fmt.Fprintf(&out, "- **Paging** (%s): level %d, round %d, reached %s\n", s.ID, s.Level+1, s.Round+1, strings.Join(s.Reached, ", "))
		}
	}
	if i.Phase == incident.Resolved {
		for _, gate := range i.Unmet(now) {
			fmt.Fprintf(&out, "- **Waits for:** %s\n", gate)
		}
	}
	return out.String()
}
