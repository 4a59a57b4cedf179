package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Reach is one person to page at a level, by one contact method with its
// delay.
type Reach struct {
	Person  string
	Reason  string
	Contact string
	Kind    string
	After   time.Duration
	// Unverified says that nobody has proved to read it.
	Unverified bool
}

// why says why this person, and flags a contact method that may be wrong.
func (r Reach) why() string {
	if r.Unverified {
		return r.Reason + ", by a contact method that is not verified"
	}
	return r.Reason
}

// Roster is whom a level reaches, as it was looked up.
type Roster struct {
	Reach []Reach
	// Skipped says why the level does not hold now.
	Skipped string
	// Missing says which of its targets reach nobody, and why.
	Missing []string
	// Catalog is the version of the catalog that was asked.
	Catalog int
	// Stale says that the look-up failed: it is the last good answer.
	Stale bool
}

// WebhookPrefix marks a webhook among the people of a page: it is told, and
// answers nothing.
const WebhookPrefix = "webhook:"

// Looked is what the look-up of a level said: from it can be told later why
// somebody was paged, or was not.
type Looked struct {
	Summons string `json:"summons"`
	Round   int    `json:"round"`
	// Level is counted as the policy does, from zero: below is the holder, and
	// behind the last one the last resort.
	Level   int      `json:"level"`
	Targets []string `json:"targets,omitempty"`
	// Found maps people to the reason why it is them.
	Found   map[string]string `json:"found,omitempty"`
	Skipped string            `json:"skipped,omitempty"`
	Missing []string          `json:"missing,omitempty"`
	Catalog int               `json:"catalog,omitempty"`
	Stale   bool              `json:"stale,omitempty"`
}

// BeginLevel makes the pages of the present level. A level that does not hold
// now, or that reaches nobody, is recorded and skipped at once. Of a stale
// answer it is not known whether the level holds: it is walked.
func (i *Incident) BeginLevel(s *Summons, roster Roster, now time.Time) {
	s.Begun, s.Due = true, time.Time{}
	s.Present, s.Declined = nil, nil
	if roster.Stale {
		roster.Skipped = ""
	}
	if roster.Skipped == "" {
		i.layOut(s, roster.Reach, now)
	}
	switch {
	case roster.Skipped == "" && len(roster.Reach) > 0:
		i.lookedUp(s, roster, "begun", "pages "+join(people(roster.Reach))+"."+butFor(roster.Missing), now)
	case i.AtLastResort(s):
		s.Due = now.Add(RestartAfter)
		i.lookedUp(s, roster, "empty", "reaches nobody"+because(strings.Join(roster.Missing, "; "))+"; starting over at "+moment(s.Due)+".", now)
	case roster.Skipped != "":
		i.lookedUp(s, roster, "skipped", "is left out: "+roster.Skipped+".", now)
		i.NextLevel(s, now)
	default:
		i.lookedUp(s, roster, "empty", "reaches nobody"+because(strings.Join(roster.Missing, "; "))+"; going on at once.", now)
		i.NextLevel(s, now)
	}
}

// layOut makes the pages of a level.
func (i *Incident) layOut(s *Summons, reach []Reach, now time.Time) {
	for _, r := range reach {
		s.Pages = append(s.Pages, &Page{
			Key: i.pageKey(s, r), Summons: s.ID, Person: r.Person, Contact: r.Contact, Kind: r.Kind,
			Reason: r.why(), Due: now.Add(r.After), State: PageDue,
		})
	}
	s.Present = slices.DeleteFunc(people(reach), func(p string) bool { return strings.HasPrefix(p, WebhookPrefix) })
}

// people lists whom a level reaches, each once.
func people(reach []Reach) []string {
	var out []string
	for _, r := range reach {
		if !slices.Contains(out, r.Person) {
			out = append(out, r.Person)
		}
	}
	return out
}

// butFor says what is missing, as a sentence behind another.
func butFor(missing []string) string {
	if len(missing) == 0 {
		return ""
	}
	return " But " + strings.Join(missing, "; ") + "."
}

// lookedUp records what became of a level, with the look-up behind it.
func (i *Incident) lookedUp(s *Summons, roster Roster, kind, text string, now time.Time) {
	l := &Looked{
		Summons: s.ID, Round: s.Round, Level: s.PolicyLevel(),
		Skipped: roster.Skipped, Missing: roster.Missing, Catalog: roster.Catalog, Stale: roster.Stale,
	}
	for _, t := range i.Targets(s) {
		l.Targets = append(l.Targets, t.String())
	}
	for _, r := range roster.Reach {
		if l.Found == nil {
			l.Found = map[string]string{}
		}
		l.Found[r.Person] = r.Reason
	}
	i.record(Entry{Kind: "level." + kind, Recorded: now, Actor: Self(), Text: i.LevelName(s) + " " + text, Looked: l})
}

// pageKey names a page by what it is for. A rule that uses one contact method
// twice makes two pages: the later ones are numbered.
func (i *Incident) pageKey(s *Summons, r Reach) string {
	key := i.levelKey(s) + r.Person + "/" + r.Contact
	known := func(k string) bool { return slices.ContainsFunc(s.Pages, func(p *Page) bool { return p.Key == k }) }
	out := key
	for n := 2; known(out); n++ {
		out = fmt.Sprintf("%s/%d", key, n)
	}
	return out
}

// levelKey is what the keys of the present level's pages begin with.
func (i *Incident) levelKey(s *Summons) string {
	return fmt.Sprintf("%s/%s/r%d/l%d/", i.Number, s.ID, s.Round, s.Level)
}

// LevelName names the present level of a summons for people.
func (i *Incident) LevelName(s *Summons) string {
	switch n := s.PolicyLevel(); {
	case i.AtLastResort(s):
		return "Last resort (" + s.ID + ")"
	case n < 0:
		return "The holder (" + s.ID + ")"
	default:
		return fmt.Sprintf("Level %d (%s)", n+1, s.ID)
	}
}
