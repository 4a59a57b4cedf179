package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// recall begins a summons that was answered already: an earlier try at the
// first workflow task had paged before its worker died. What it handed over to
// those who need not answer any more belongs into the ledger. Every later
// hand-over is an activity of its own, which the engine knows of.
func (r *response) recall(ctx workflow.Context, s *incident.Summons, roster incident.Roster) {
	pages := r.inc.Recall(s, roster, workflow.Now(ctx))
	keys := make([]string, len(pages))
	for n, p := range pages {
		keys[n] = p.Key
	}
	var before map[string]activities.Sent
	if len(keys) > 0 {
		err := workflow.ExecuteLocalActivity(locally(ctx, lookUpLimit, "pages of "+s.ID+" that were handed over before"), pager.Before, keys).Get(ctx, &before)
		if err != nil {
			r.log.Warn("handed over is not known", "summons", s.ID, "error", err)
		}
	}
	handed := map[string]time.Time{}
	for _, p := range pages {
		if sent, ok := before[p.Key]; ok {
			p.Provider, p.Reference, p.Rings = sent.Provider, sent.Reference, sent.Rings
			handed[p.Key] = sent.At
		}
	}
	r.inc.Recalled(s, roster, handed, workflow.Now(ctx))
}
