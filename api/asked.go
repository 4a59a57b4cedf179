package api

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// asking is an incident that pages somebody, and the page to answer.
type asking struct{ number, page string }

// meaning is what a text is about, or what to answer instead.
type meaning struct {
	asking
	answer string
	// unsure says that the page may be so new that it is not recorded.
	unsure bool
}

func about(number string) meaning { return meaning{asking: asking{number: number}} }

// instead is the answer where no page is known that could be meant.
func instead(format string, args ...any) meaning {
	return meaning{answer: fmt.Sprintf(format, args...), unsure: true}
}

// askedOf lists the incidents that page a person and wait for an answer, in
// the order in which they began to.
func (s *server) askedOf(ctx context.Context, person string) ([]asking, error) {
	ctx, cancel := context.WithTimeout(ctx, glancePatience)
	defer cancel()
	var out []asking
	f := store.PageFilter{Person: person, States: []incident.PageState{incident.PageSent, incident.PageDue}, Open: true, Limit: 200}
	seen := map[string]*incident.Incident{}
	for {
		pages, next, err := s.Store.Pages(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, p := range pages {
			if seen[p.Incident] == nil {
				if seen[p.Incident], err = s.Store.Incident(ctx, p.Incident); err != nil {
					return nil, err
				}
			}
			if !p.Due.After(s.Now()) { // a page may be read before it is recorded as sent
				out = waiting(out, seen[p.Incident], p)
			}
		}
		if f.After = next; next == "" {
			return out, nil
		}
	}
}

// waiting adds the incident of a page that still wants an answer: what its
// person has declined does not. Of several pages about one incident, the one
// about its alerts is answered.
func waiting(list []asking, i *incident.Incident, p store.Page) []asking {
	about := i.Summons(p.Summons)
	if i.Phase.Over() || about == nil || !about.Open() || about.Kind == incident.ForQuestion ||
		slices.Contains(about.Declined, p.Person) {
		return list
	}
	n := slices.IndexFunc(list, func(a asking) bool { return a.number == p.Incident })
	switch {
	case n < 0:
		return append(list, asking{p.Incident, p.Key})
	case about.Kind == incident.ForAlert:
		list[n].page = p.Key
	}
	return list
}

// unasked says why an incident is not for this person to answer. It is, when
// the ledger has a page to them that the record has not caught up with; and one
// that may have begun without the store is asked itself.
func (s *server) unasked(ctx context.Context, person, number string) meaning {
	i, err := s.Store.Incident(ctx, number)
	unknown := incident.KindOf(err) == incident.NotFound
	switch {
	case (unknown || err == nil && i.Holder == "" && !i.Phase.Over()) && s.handed(ctx, person, number):
		return about(number)
	case unknown && !strings.HasPrefix(number, incident.AwayPrefix):
		return instead("There is no %s.", number)
	case err != nil:
		return about(number)
	case i.Phase.Over():
		return meaning{answer: fmt.Sprintf("%s is %s. There is nothing to answer.", number, i.Phase)}
	case i.Holder == person:
		return instead("%s is yours already.", number)
	case i.Holder != "":
		return instead("%s does not wait for you: %s holds it.", number, i.Holder)
	}
	return instead("%s does not page you.", number)
}

// handed reports whether a page about an incident was handed over to a person.
func (s *server) handed(ctx context.Context, person, number string) bool {
	attempts, err := s.Store.Attempts(ctx, number)
	return err == nil && slices.ContainsFunc(attempts, func(a activities.Attempt) bool {
		return a.Error == "" && incident.PersonOf(a.Key) == person
	})
}

const maxChoices = 5

// choices lists what a person can answer.
func choices(open []asking) string {
	var codes []string
	for _, a := range open {
		codes = append(codes, "ACK "+strings.TrimPrefix(a.number, incident.NumberPrefix))
	}
	switch n := len(codes); {
	case n == 0:
		return "You have no open page."
	case n == 1:
		return fmt.Sprintf("You have one open page: reply %s, or NO to decline.", codes[0])
	case n > maxChoices:
		return fmt.Sprintf("You have %d open pages: reply %s, or another number.", n, strings.Join(codes[:maxChoices], ", "))
	default:
		return fmt.Sprintf("You have %d open pages: reply %s or %s.", n, strings.Join(codes[:n-1], ", "), codes[n-1])
	}
}
