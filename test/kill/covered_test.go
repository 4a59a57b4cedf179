package kill_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/test/scene"
)

const (
	// reaction is how long a hand-over that had begun may still take to arrive
	// after an acknowledgement was accepted, on a busy machine.
	reaction = 2 * time.Second
	// kept is how long a page may take from the latest of its due time and the
	// recoveries: a try that died with its worker is missed after givesUp, and
	// the longest pause between two tries is five seconds.
	kept = givesUp + 5*time.Second + 5*time.Second
)

// tally counts what was looked at.
type tally struct {
	incidents, pages, arrived, told int
	// states counts the pages that were due before the acknowledgement by what
	// became of them, causes the repeats by what explains them.
	states map[client.PageState]int
	causes map[string]int
	// late is how late they were, and kept how many of them could not come
	// earlier, since something was away until then.
	late []time.Duration
	kept int
	// crossed counts what arrived after the acknowledgement, latest is how long
	// after it the last one did.
	crossed int
	latest  time.Duration
}

func newTally() *tally {
	return &tally{causes: map[string]int{}, states: map[client.PageState]int{}}
}

// String says all of it.
func (s *tally) String() string {
	slices.Sort(s.late)
	text := fmt.Sprintf("%d incidents, %d pages, due before the acknowledgement: ", s.incidents, s.pages)
	for _, state := range slices.Sorted(maps.Keys(s.states)) {
		text += fmt.Sprintf("%d %s, ", s.states[state], state)
	}
	text += fmt.Sprintf("%d could not go earlier, since something was away", s.kept)
	if len(s.late) > 0 {
		text += fmt.Sprintf(", the others after the later of due time and recovery: median %s, last %s", s.late[len(s.late)/2], s.late[len(s.late)-1])
	}
	return text + fmt.Sprintf("; %d arrivals, repeats %v, %d crossed the acknowledgement, the last after %s; %d people were told",
		s.arrived, s.causes, s.crossed, s.latest, s.told)
}

// look holds one escalation to what is promised.
func (k *climb) look(t *testing.T, sum *tally) {
	t.Helper()
	held, err := k.stack.world.Incident(t.Context(), k.number, "the holder", func(i *client.Incident) bool { return i.Holder != "" })
	require.NoError(t, err)
	require.Equal(t, k.person, held.Holder, "%s", k.number)
	require.WithinRange(t, held.Clocks.Stamps[incident.FirstAck], k.tried.Add(-time.Second), k.accepted.Add(time.Second), k.number)
	sum.incidents++
	pages := k.ledger(t)
	require.NotEmpty(t, pages, k.number)
	for _, p := range pages {
		sum.pages++
		arrived := k.arrivals(p)
		sum.arrived += len(arrived)
		require.NotEqual(t, client.PageStateFailed, p.State, "%s: %s", p.Key, p.Error)
		k.notLost(t, p, pages, sum)
		k.notAfter(t, p, sum)
		k.notDoubled(t, p, sum)
	}
	k.onlyRecorded(t, pages)
	k.inTurn(t, pages)
	k.tellsEveryone(t, pages, sum)
}

// tellsEveryone holds everyone whom a page may have reached to hearing who
// answered.
func (k *climb) tellsEveryone(t *testing.T, pages []client.Page, sum *tally) {
	t.Helper()
	reached := map[string]bool{}
	for _, p := range pages {
		reached[p.Person] = reached[p.Person] || p.State == client.PageStateSent || p.State == client.PageStateOvertaken
	}
	delete(reached, k.person)
	for person, yes := range reached {
		if !yes {
			continue
		}
		_, err := scene.Until(t.Context(), k.stack.world, "a notice to "+person+" about "+k.number, func(context.Context) (struct{}, bool) {
			return struct{}{}, slices.ContainsFunc(k.words(person), func(text string) bool {
				return strings.Contains(text, k.person+" acknowledged "+k.number+".") || strings.Contains(text, k.person+" holds "+k.number+".")
			})
		})
		require.NoError(t, err)
		sum.told++
	}
}

// notLost holds a page that was due before the acknowledgement to having been
// handed over within the time that is promised, unless it was answered or a
// later one took its place before that.
func (k *climb) notLost(t *testing.T, p client.Page, all []client.Page, sum *tally) {
	t.Helper()
	arrived := k.arrivals(p)
	if p.State == client.PageStateSent {
		require.NotEmpty(t, arrived, "%s is recorded as handed over, and did not arrive", p.Key)
	}
	if !p.Answered.IsZero() {
		require.NotEmpty(t, arrived, "%s is recorded as answered, and did not arrive", p.Key)
		require.False(t, arrived[0].After(p.Answered), "%s was answered at %s, and arrived at %v", p.Key, p.Answered, arrived)
	}
	if !p.Due.Before(k.tried) {
		return
	}
	sum.states[p.State]++
	until := k.accepted
	for _, other := range all {
		if other.Person == p.Person && other.Contact == p.Contact && other.Due.After(p.Due) && other.Due.Before(until) {
			until = other.Due
		}
	}
	if len(arrived) > 0 && arrived[0].Before(until) {
		until = arrived[0]
	}
	waited := until.Sub(k.stack.counted(p.Kind, p.Due, until))
	require.LessOrEqual(t, waited, kept, "%s (%s) was due at %s and arrived at %v", p.Key, p.State, p.Due, arrived)
	if waited == 0 {
		sum.kept++
		return
	}
	sum.late = append(sum.late, waited)
}

// notAfter holds a page to arriving before its answer. What was under way then
// is recorded as overtaken, unless it is a repeat of what had come before and
// was answered; nothing comes much later.
func (k *climb) notAfter(t *testing.T, p client.Page, sum *tally) {
	t.Helper()
	for _, at := range k.arrivals(p) {
		sum.after(t, p, at, k.accepted)
	}
}

// after holds a page that arrived at a time to what is promised of one that
// was answered.
func (s *tally) after(t *testing.T, p client.Page, at, answered time.Time) {
	t.Helper()
	after := at.Sub(answered)
	if after <= 0 {
		return
	}
	s.crossed++
	s.latest = max(s.latest, after)
	require.True(t, p.Due.Before(answered), "%s was begun %s after it was answered", p.Key, p.Due.Sub(answered))
	require.Less(t, after, quiet, "%s arrived long after it was answered", p.Key)
	if after > reaction && p.Answered.IsZero() {
		require.Equal(t, client.PageStateOvertaken, p.State, "%s arrived %s after it was answered", p.Key, after)
	}
}

// notDoubled holds each repeat of a page to having a reason.
func (k *climb) notDoubled(t *testing.T, p client.Page, sum *tally) {
	t.Helper()
	arrived := k.arrivals(p)
	slices.SortFunc(arrived, time.Time.Compare)
	for n := 1; n < len(arrived); n++ {
		why := k.stack.unheard(p, arrived[n-1], arrived[n])
		require.NotEmpty(t, why, "%s arrived at %s, and again at %s", p.Key, arrived[n-1], arrived[n])
		sum.causes[why]++
	}
}

// unheard says why we could not know that a page had arrived when it was sent
// again.
func (s *stack) unheard(p client.Page, at, repeat time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.outages {
		if o.mute && o.concerns(p.Kind) && !at.Before(o.from) && at.Before(o.to.Add(time.Second)) {
			return "by a lost answer"
		}
	}
	for _, o := range s.outages {
		if o.ours() && o.from.Before(repeat) && o.to.After(at.Add(-time.Second)) {
			return "by a kill"
		}
	}
	for _, a := range p.Attempts {
		if a.Error != "" && a.At.After(at) && a.At.Before(repeat.Add(time.Second)) {
			return "by a try that failed"
		}
	}
	return ""
}

// onlyRecorded holds everything that arrived to being in the ledger.
func (k *climb) onlyRecorded(t *testing.T, pages []client.Page) {
	t.Helper()
	known := map[string]bool{}
	for _, p := range pages {
		known[p.Key] = true
	}
	for _, p := range k.stack.world.Sandbox.Phone.Pages("") {
		require.True(t, !k.asks(p.Key) || known[p.Key], "%s arrived and is not recorded", p.Key)
	}
	for _, h := range k.stack.world.Sandbox.Phone.Hooks("") {
		require.True(t, !k.asks(h.Key) || known[h.Key], "%s arrived and is not recorded", h.Key)
	}
}

// inTurn holds every level to having begun no earlier than its timeout after
// the first page of the one before was handed over, or could not be.
func (k *climb) inTurn(t *testing.T, pages []client.Page) {
	t.Helper()
	entries := timeline(t, k.stack.world, k.number)
	for level := range steps {
		begins := first(pages, stepOf(k.service, level))
		if begins.IsZero() {
			require.Greater(t, stepOf(k.service, level), k.person, "%s: level %d was left out", k.number, level+1)
			return
		}
		if level == 0 {
			continue
		}
		before := stepOf(k.service, level-1)
		var tried time.Time
		for _, e := range entries {
			about := slices.Contains([]string{"page.sent", "page.overtaken", "page.retried", "page.failed"}, e.Kind)
			if about && strings.Contains(e.Text, before+" ") && (tried.IsZero() || e.Occurred.Before(tried)) {
				tried = e.Occurred
			}
		}
		require.False(t, tried.IsZero(), "%s: level %d began before %s was paged", k.number, level+1, before)
		require.False(t, begins.Before(tried.Add(stepTimeout)),
			"%s: level %d began at %s, though %s was first tried at %s", k.number, level+1, begins, before, tried)
	}
}

// first is when the first page to a person was due.
func first(pages []client.Page, person string) time.Time {
	var out time.Time
	for _, p := range pages {
		if p.Person == person && (out.IsZero() || p.Due.Before(out)) {
			out = p.Due
		}
	}
	return out
}
