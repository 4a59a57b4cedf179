package incident

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/oncall"
)

// HandOff is the fact that another person came on call in a rotation by whose
// schedule this incident's service is paged.
type HandOff struct {
	// Rotation is "schedule/rotation".
	Rotation string    `json:"rotation"`
	At       time.Time `json:"at"`
	Outgoing []string  `json:"outgoing"`
	Incoming string    `json:"incoming"`
}

// HandedOff offers the incident to whoever came on call when its holder went.
// The holder keeps it until that is accepted. A repeat changes nothing while
// the offer is open.
func (i *Incident) HandedOff(h HandOff, now time.Time) {
	holder := i.Holder
	if !i.Phase.Active() || holder == "" || holder == h.Incoming || !slices.Contains(h.Outgoing, holder) {
		return
	}
	to := oncall.Target{Person: h.Incoming}
	if len(i.offers(Holder, func(s *Summons) bool { return s.calls(h.Incoming) || slices.Contains(s.Levels[0].Targets, to) })) > 0 {
		return
	}
	i.note(now, "hand-off", "%s came on call in %s after %s, and is offered the incident.", h.Incoming, h.Rotation, holder)
	i.offer(offering{Holder, to, holder, fmt.Sprintf("You came on call in %s; %s holds %s until you accept it", h.Rotation, holder, i.Number)}, now)
}
