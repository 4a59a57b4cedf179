package changes

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// Suspect is a change that may be the cause of an incident.
type Suspect struct {
	Change
	// Score ranks it among the others, from 0 to 1.
	Score float64 `json:"score"`
	// Reasons say in words what speaks for it.
	Reasons []string `json:"reasons"`
}

// Brief is what an incident carries of a suspect.
func (s Suspect) Brief() incident.Suspect {
	return incident.Suspect{
		Source: s.Source, ID: s.ID, Service: s.Service, What: s.Change.String(), At: s.At, Score: s.Score, Reasons: s.Reasons,
	}
}

// String is the suspect in one line, with what speaks for it.
func (s Suspect) String() string { return s.Brief().String() }

// Scene is what is known of an incident that a cause is sought for.
type Scene struct {
	// Began is when its impact began, as far as it is known.
	Began   time.Time
	Service string
	// Affected are other services that its alerts have named.
	Affected []string
	// DependsOn are the services that Service cannot do without.
	DependsOn []string
}

// SceneOf is the scene of an incident as it stands, by a catalog. It began when
// a person says that its impact did, else when the first of its alerts fired.
func SceneOf(inc *incident.Incident, c *catalog.Catalog) Scene {
	began := inc.Stamp(incident.TriggeredAt)
	for _, a := range inc.Alerts {
		if !a.StartsAt.IsZero() && a.StartsAt.Before(began) {
			began = a.StartsAt
		}
	}
	if at := inc.Stamp(incident.ImpactStarted); !at.IsZero() {
		began = at
	}
	service, _ := c.Service(inc.Service)
	return Scene{Began: began, Service: inc.Service, Affected: inc.Affected, DependsOn: service.DependsOn}
}

// Services lists the services whose changes may be the cause, each once.
func (scene Scene) Services() []string {
	out := slices.Concat([]string{scene.Service}, scene.Affected, scene.DependsOn)
	slices.Sort(out)
	return slices.Compact(out)
}

// Span is when a change took effect that may be the cause: in [since, until).
func (scene Scene) Span() (since, until time.Time) {
	return scene.Began.Add(-Window), scene.Began.Add(slack + time.Second)
}

// Briefs is what an incident carries of suspects.
func Briefs(list []Suspect) []incident.Suspect {
	var out []incident.Suspect
	for _, s := range list {
		out = append(out, s.Brief())
	}
	return out
}

const (
	// Window is how long before its incident a suspect took effect at most.
	Window = 24 * time.Hour
	// slack is how much later than the first alert a change may be dated and be
	// its cause all the same: clocks differ, and deployments are reported when
	// they are over.
	slack = 2 * time.Minute
	// Most is how many suspects are worth a person's look.
	Most = 5
	// halfLife is in which time a change loses half of its suspicion.
	halfLife = 30 * time.Minute
	// large is how many lines make a change twice as suspect as an unknown one
	// would be at most.
	large = 10_000
)

// Suspects ranks the changes that may be the cause, the likeliest first, and
// returns at most so many.
//
// The score is the product of three: how near the change is to the service (1
// for the service itself, 0.8 for another that is affected, 0.6 for one that it
// depends on; any other is no suspect), how near in time (halved every 30
// minutes), and how large it is (from 0.7 for a few lines to 1 for 10,000; 0.85
// when it is unknown). These weights are a rule of thumb that says what it
// weighed, and no statistics.
func Suspects(list []Change, scene Scene, most int) []Suspect {
	var out []Suspect
	for _, c := range list {
		if s, is := scene.suspect(c); is {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Suspect) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), b.At.Compare(a.At), cmp.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), most)]
}

func (scene Scene) suspect(c Change) (Suspect, bool) {
	before := scene.Began.Sub(c.At)
	near, why := scene.nearness(c.Service)
	if near == 0 || before < -slack || before > Window {
		return Suspect{}, false
	}
	recent := math.Exp2(-float64(max(before, 0)) / float64(halfLife))
	size, lines := sizeOf(c)
	s := Suspect{Change: c, Score: near * recent * size, Reasons: []string{when(before), why}}
	if lines != "" {
		s.Reasons = append(s.Reasons, lines)
	}
	return s, true
}

func (scene Scene) nearness(service string) (weight float64, why string) {
	switch {
	case service == scene.Service:
		return 1, "the same service"
	case slices.Contains(scene.Affected, service):
		return 0.8, "a service that is affected too"
	case slices.Contains(scene.DependsOn, service):
		return 0.6, scene.Service + " depends on it"
	}
	return 0, ""
}

func when(before time.Duration) string {
	if before < time.Second {
		return "as it began"
	}
	return catalog.FormatDuration(before.Round(time.Second)) + " before it began"
}

func sizeOf(c Change) (weight float64, why string) {
	if c.Lines == 0 {
		return 0.85, ""
	}
	weight = 0.7 + 0.3*min(1, math.Log1p(float64(c.Lines))/math.Log1p(large))
	return weight, fmt.Sprintf("%d lines", c.Lines)
}
