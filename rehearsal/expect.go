package rehearsal

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
)

// Expectation is what a rehearsal has to show, as a check of a catalog
// repository demands it.
type Expectation struct {
	// Reach are people who must see a page.
	Reach []string
	// Within is how soon after the alert: each of Reach, or anybody when
	// there are none. Zero means before the end.
	Within time.Duration
}

// Check says why the plan cannot show whether it is met.
func (e Expectation) Check(p Plan) error {
	if e.Within < 0 || e.Within > p.For {
		return fmt.Errorf("what is expected within %s is not seen in a rehearsal of %s", catalog.FormatDuration(e.Within), catalog.FormatDuration(p.For))
	}
	return p.checkPeople(e.Reach...)
}

// Unmet says in plain words which expectations were not met.
func (t *Transcript) Unmet(e Expectation) []string {
	limit := t.Until
	when := "until the end of the rehearsal"
	if e.Within > 0 {
		limit, when = t.From.Add(e.Within), "within "+catalog.FormatDuration(e.Within)
	}
	var out []string
	for _, person := range e.Reach {
		i := slices.IndexFunc(t.Reached, func(r Reached) bool { return r.Person == person })
		switch {
		case i < 0:
			out = append(out, fmt.Sprintf("%s is not reached at all", person))
		case t.Reached[i].At.After(limit):
			out = append(out, fmt.Sprintf("%s is not reached %s, but after %s", person, when, catalog.FormatDuration(t.Reached[i].At.Sub(t.From))))
		}
	}
	switch {
	case len(e.Reach) > 0 || e.Within == 0:
	case len(t.Reached) == 0:
		out = append(out, "nobody is reached at all")
	case t.Reached[0].At.After(limit):
		out = append(out, fmt.Sprintf("nobody is reached %s; %s is the first, after %s", when, t.Reached[0].Person, catalog.FormatDuration(t.Reached[0].At.Sub(t.From))))
	}
	return out
}
