package incident

import (
	"slices"
	"strings"
	"time"
)

// answeredEarly keeps the key of a page by which a summons was answered before
// its people were looked up: a workflow task that was lost had handed it over.
func (i *Incident) answeredEarly(s *Summons, key string) {
	if !s.Begun && strings.HasPrefix(key, i.levelKey(s)) {
		s.Answer = key
	}
}

// Recall makes the pages of a level that was answered before it was looked up,
// so that it can be asked which of them were handed over all the same. None is
// handed over any more; Recalled must follow.
func (i *Incident) Recall(s *Summons, roster Roster, now time.Time) []*Page {
	s.Begun = true
	i.layOut(s, roster.Reach, now)
	return s.Pages
}

// Recalled records those pages of a level that had been handed over, by their
// keys and times, with the look-up behind them, and forgets the others: they
// had no reason to be. Whom they reached is told who answered.
func (i *Incident) Recalled(s *Summons, roster Roster, handed map[string]time.Time, now time.Time) {
	at := func(p *Page) time.Time {
		if at := handed[p.Key]; p.Key != s.Answer || (!at.IsZero() && !at.After(s.Ended)) {
			return at
		}
		return s.Ended // whoever answered by it had it by then
	}
	s.Pages = slices.DeleteFunc(s.Pages, func(p *Page) bool { return at(p).IsZero() })
	if len(s.Pages) == 0 {
		return
	}
	var reached []string
	for _, p := range s.Pages {
		if !slices.Contains(reached, p.Person) {
			reached = append(reached, p.Person)
		}
	}
	i.lookedUp(s, roster, "begun", "paged "+join(reached)+", and was answered before that was recorded.", now)
	for _, p := range s.Pages {
		if at := at(p); p.Due.After(at) {
			p.Due = at
		}
		i.HandedOver(s, p, at(p), now)
	}
}
