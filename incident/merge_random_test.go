package incident_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// herd plays several incidents that are merged by chance, with everything that
// they tell each other on its way for a while.
type herd struct {
	t    *testing.T
	r    *rand.Rand
	now  time.Time
	all  []*incident.Incident
	mail []func()
	// fired are the alerts that fire, with whether somebody knows of each: an
	// acknowledgement covered it, or its incident's holder merged it.
	fired map[string]bool
	next  int
}

func newHerd(t *testing.T, seed uint64) *herd {
	t.Helper()
	h := &herd{t: t, r: rand.New(rand.NewPCG(seed, 7)), now: noon, fired: map[string]bool{}} //nolint:gosec // a game of chance
	for n := range 4 {
		o := opening()
		o.Number, o.Key, o.At = fmt.Sprintf("INC-%d", 8+n), fmt.Sprint("key", n), noon
		o.Urgency, o.Severity = pick(h.r, catalog.Urgent, catalog.Ordinary, catalog.NotPaged), pick(h.r, catalog.SEV2, catalog.SEV3, catalog.SEV4)
		o.Policy.Hold = pick(h.r, 0, 0, time.Minute)
		i := incident.New(o)
		i.Begin(noon)
		h.all = append(h.all, i)
	}
	return h
}

func (h *herd) one() *incident.Incident { return pick(h.r, h.all...) }

// carried lists the alerts that fire and that an incident knows.
func (h *herd) carried(i *incident.Incident) []string {
	var out []string
	for _, a := range i.Alerts {
		if _, ours := h.fired[a.Fingerprint]; ours && a.Status == alerts.Firing {
			out = append(out, a.Fingerprint)
		}
	}
	return out
}

// fire lets an alert fire, at an incident that is not over.
func (h *herd) fire() {
	i := h.one()
	if i.Phase.Over() {
		return
	}
	h.next++
	name := fmt.Sprint("alert", h.next)
	a := label(firing(name), "severity", pick(h.r, "critical", "error", "warning"))
	a.StartsAt = h.now
	acked := i.Holder != "" && (i.Phase == incident.Triaging || i.Phase == incident.Mitigating)
	urgency := i.Urgency
	i.TakeAlerts([]alerts.Alert{a}, 0, h.now)
	// One more of what somebody holds already pages nobody.
	h.fired[name] = acked && i.Urgency == urgency
}

func (h *herd) acknowledge() {
	i := h.one()
	person := pick(h.r, "alice", "bob")
	if _, err := i.Acknowledge(incident.Header{By: incident.Person(person), At: h.now}, incident.Acknowledge{}, h.now); err != nil {
		return
	}
	for _, name := range h.carried(i) {
		h.fired[name] = true
	}
}

func (h *herd) withdraw() {
	if i := h.one(); i.Phase.Active() && i.Holder != "" && i.Phase != incident.Mitigated {
		i.WithdrawAck(h.now)
		for _, name := range h.carried(i) {
			h.fired[name] = false
		}
	}
}

func (h *herd) mitigate() {
	i := h.one()
	if _, err := i.Mitigate(incident.Header{By: incident.Person("alice"), At: h.now}, incident.Mitigate{What: "w"}, h.now); err != nil {
		return
	}
	for _, name := range h.carried(i) {
		h.fired[name] = true
	}
}

// merge asks for a merge; what is told goes by mail.
func (h *herd) merge() {
	i, into := h.one(), h.one()
	person := pick(h.r, "alice", "bob", "heidi")
	_, _ = i.MergeInto(incident.Header{By: incident.Person(person), At: h.now, Standings: []catalog.Standing{catalog.TeamLead}},
		incident.MergeInto{Into: into.Number, Reason: "r"}, h.now)
}

// work does what the workflow of an incident does next about merges.
func (h *herd) work(i *incident.Incident) {
	for _, a := range append([]incident.Absorption{}, i.Outbox.Absorptions...) {
		to := h.find(a.To)
		h.mail = append(h.mail, func() { to.Answered(a, h.now) })
		i.Told(a)
	}
	m := i.Outbox.Merge
	if m == nil {
		return
	}
	told, changed := i.Parting()
	switch {
	case changed:
		into := h.find(m.Into)
		h.mail = append(h.mail, func() { h.absorb(into, told) })
	case m.Taken == m.Ordinal:
		for _, name := range h.carried(i) {
			require.Contains(h.t, h.carried(h.find(m.Into)), name, "nothing is left behind")
		}
		i.Merge(m.Into, h.now)
	}
}

func (h *herd) workAll() {
	for _, i := range h.all {
		h.work(i)
	}
}

// absorb delivers what an incident hands over. Who holds the one that goes on,
// and merges or holds the other, knows of both.
func (h *herd) absorb(into *incident.Incident, a incident.Absorb) {
	before := into.Holder
	into.Absorb(a, h.now)
	if before != "" && (a.By == before || a.Holder == before && !a.Unanswered) && len(open(into, incident.ForAlert)) == 0 {
		for _, s := range a.Alerts {
			if _, ours := h.fired[s.Fingerprint]; ours {
				h.fired[s.Fingerprint] = true
			}
		}
	}
}

func (h *herd) find(number string) *incident.Incident {
	for _, i := range h.all {
		if i.Number == number {
			return i
		}
	}
	h.t.Fatalf("there is no %s", number)
	return nil
}

func (h *herd) deliver() {
	if len(h.mail) == 0 {
		return
	}
	first := h.mail[0]
	h.mail = h.mail[1:]
	first()
}

func (h *herd) step() {
	h.now = h.now.Add(time.Duration(h.r.IntN(30)) * time.Second)
	for _, i := range h.all {
		if at := i.HoldEnds(); !at.IsZero() && !h.now.Before(at) {
			i.EndHold(h.now)
		}
	}
	pick(h.r, h.fire, h.fire, h.acknowledge, h.withdraw, h.mitigate, h.merge, h.merge,
		h.deliver, h.deliver, h.deliver, func() { h.work(h.one()) }, h.workAll, h.workAll)()
	h.somebodyKnows()
}

// somebodyKnows holds that each alert that fires is carried by an incident that
// is not over, and that one that nobody acknowledged has somebody paged.
func (h *herd) somebodyKnows() {
	for name, known := range h.fired {
		carried, reached := false, false
		for _, i := range h.all {
			if i.Phase.Over() || !has(h.carried(i), name) {
				continue
			}
			carried = true
			reached = reached || i.Held || i.Urgency == catalog.NotPaged || len(open(i, incident.ForAlert)) > 0
		}
		require.True(h.t, carried, "%s is in no open incident", name)
		require.True(h.t, known || reached, "nobody is paged for %s", name)
	}
}

// TestWhateverIsMergedSomebodyIsPaged is whatever order merges,
// acknowledgements and alerts come in.
func TestWhateverIsMergedSomebodyIsPaged(t *testing.T) {
	merged, survivors := 0, map[int]int{}
	for seed := range uint64(150) {
		h := newHerd(t, seed)
		for range 250 {
			h.step()
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
		left := 0
		for _, i := range h.all {
			if i.Phase == incident.Merged {
				merged++
				continue
			}
			left++
		}
		require.Positive(t, left, "never all of them")
		survivors[left]++
	}
	require.Greater(t, merged, 100, "merges do happen: %v", survivors)
}
