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
	for !r.stopping() && !r.state.Unlisted {
		changed := func() bool { return r.facets() != r.state.Listed && r.calm(ctx) }
		if workflow.Await(ctx, func() bool { return r.stopping() || changed() }) != nil || r.stopping() {
			return
		}
		r.state.Listed = r.facets()
		err := workflow.UpsertTypedSearchAttributes(ctx, r.state.Listed.attributes()...)
		if err != nil {
			r.log.Warn("search attributes not updated", "error", err)
		}
	}
}

// calm reports whether nothing is about to be paged in this task.
func (r *response) calm(ctx workflow.Context) bool {
	if r.opening || r.trying > 0 || r.overdue(workflow.Now(ctx)) {
		return false
	}
	for _, s := range r.inc.Summonses {
		if !r.attended[s.ID] || (s.Open() && (!s.Begun || s.Hurry)) {
			return false
		}
	}
	return true
}

// facets are what an incident is searched by that can change.
type facets struct {
	Phase     string `json:"phase"`
	Severity  string `json:"severity,omitempty"`
	Commander string `json:"commander,omitempty"`
}

func (r *response) facets() facets {
	return facets{string(r.inc.Phase), string(r.inc.Severity), r.inc.ActingCommander()}
}

func (f facets) attributes() []temporal.SearchAttributeUpdate {
	return []temporal.SearchAttributeUpdate{
		phaseAttribute.ValueSet(f.Phase), severityAttribute.ValueSet(incident.CutBytes(f.Severity, maxKeyword)),
		commanderAttribute.ValueSet(incident.CutBytes(f.Commander, maxKeyword)),
	}
}

// maxKeyword is the most that a keyword attribute may hold, in bytes.
const maxKeyword = 255

// describe shows a stranger in the Temporal UI what is going on.
func (r *response) describe(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, details(r.inc, workflow.Now(ctx)))
}

func details(i *incident.Incident, now time.Time) string {
	lines := []string{fmt.Sprintf("### %s: %s\n", i.Number, i.Phase)}
	for _, row := range [][2]string{
		{"Service", i.Service},
		{"Severity", cmp.Or(string(i.Severity), "unknown")},
		{"Urgency", string(i.Urgency)},
		{"Holder", cmp.Or(i.Holder, "nobody yet")},
		{"Commander", cmp.Or(i.Roles[incident.Commander], "none")},
		{"Now", i.Status},
		{"Next", i.NextStep},
		{"Ticket", i.Ticket.Key},
	} {
		if row[1] != "" {
			lines = append(lines, fmt.Sprintf("- **%s:** %s", row[0], row[1]))
		}
	}
	for _, s := range i.Summonses {
		if s.Open() {
			lines = append(lines, fmt.Sprintf("- **Paging:** %s, round %d, reached %s",
				i.LevelName(s), s.Round+1, cmp.Or(strings.Join(s.Reached, ", "), "nobody yet")))
		}
	}
	if i.Phase == incident.Resolved {
		for _, gate := range i.Unmet(now) {
			lines = append(lines, "- **Waits for:** "+gate)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}
