package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Early is an answer to a summons from before its people were looked up: the
// workflow task that had looked them up, and paged them, was lost.
type Early struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
	// Page is the key of the page that was answered, if one was.
	Page string `json:"page,omitempty"`
}

// answerEarly keeps an answer to a summons that has not begun, and reports
// whether it did: who else must acknowledge, and what had been handed over, is
// known once its people are looked up. An answer that needs to know neither is
// not kept.
func (i *Incident) answerEarly(s *Summons, e Early) bool {
	if s.Begun || s.Level+s.Round > 0 || (!s.everyone() && !strings.HasPrefix(e.Page, i.levelKey(s))) {
		return false
	}
	s.Early, s.Stopped = append(s.Early, e), e.At
	i.Revision++
	return true
}

// answerEarlyToo keeps the answer of somebody who must acknowledge too.
func (i *Incident) answerEarlyToo(e Early) {
	same := func(known Early) bool { return known.By == e.By }
	for _, s := range i.open(func(s *Summons) bool { return !s.Begun && s.everyone() && len(s.Early) > 0 }) {
		if !slices.ContainsFunc(s.Early, same) {
			s.Early = append(s.Early, e)
			i.Revision++
		}
	}
}

// Recall begins a summons that was answered before its people were looked up.
// It returns the pages that nobody need answer any more, so that it can be asked
// which of them were handed over all the same; Recalled must follow.
func (i *Incident) Recall(s *Summons, roster Roster, now time.Time) []*Page {
	s.Begun = true
	i.layOut(s, roster.Reach, now)
	for n, e := range s.Early {
		if n == 0 {
			i.answerFirst(s, e.By, e.At, now)
		} else {
			i.answerToo(e.By, e.At)
		}
	}
	return slices.DeleteFunc(slices.Clone(s.Pages), s.Wants)
}

// Recalled records those pages that nobody need answer any more and that had
// been handed over, by their keys and times, with the look-up behind them, and
// forgets the others of them: they had no reason to be. Whom they reached is
// told who answered, and whoever must acknowledge too that they must.
func (i *Incident) Recalled(s *Summons, roster Roster, handed map[string]time.Time, now time.Time) {
	s.Pages = slices.DeleteFunc(s.Pages, func(p *Page) bool { return !s.Wants(p) && s.had(p, handed).IsZero() })
	var reached []string
	for _, p := range s.Pages {
		if !s.Wants(p) && !slices.Contains(reached, p.Person) {
			reached = append(reached, p.Person)
		}
	}
	var did []string
	if len(reached) > 0 {
		did = append(did, "paged "+join(reached)+", and was answered before that was recorded")
	}
	if len(s.Awaited) > 0 {
		did = append(did, "pages "+join(s.Awaited))
		i.tell(now, s.Awaited, "", fmt.Sprintf("%s acknowledged %s. You are asked to acknowledge it too.", s.Early[0].By, i.Number))
	}
	if len(did) > 0 {
		i.lookedUp(s, roster, "begun", strings.Join(did, "; ")+".", now)
	}
	for _, p := range s.Pages {
		if s.Wants(p) {
			continue
		}
		at := s.had(p, handed)
		if p.Due.After(at) {
			p.Due = at
		}
		i.HandedOver(s, p, at, now)
	}
}

// had is when somebody was handed a page, or the zero time when they were not:
// whoever answered by it had it by then.
func (s *Summons) had(p *Page, handed map[string]time.Time) time.Time {
	at := handed[p.Key]
	for _, e := range s.Early {
		if e.Page == p.Key && (at.IsZero() || at.After(e.At)) {
			return e.At
		}
	}
	return at
}
