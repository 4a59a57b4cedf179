package incident

import (
	"cmp"
	"slices"
	"time"
)

// Woken is what the noise report has to know of one incident.
type Woken struct {
	// Rule is the name of the alert that opened the incident.
	Rule    string
	Service string
	// Unanswered says that it was over before anybody acknowledged.
	Unanswered bool
	// Flapped says that one of its alerts flapped.
	Flapped  bool
	Feedback Given
	// Pages are those that were handed over to people.
	Pages []HandedPage
}

// HandedPage is a page that was handed over.
type HandedPage struct {
	Person string
	At     time.Time
}

// WokenBy returns what the noise report has to know of an incident but for its
// pages, and false for what no alert rule stands for: what people declared,
// drills, of which beats are some, and what became part of another incident.
func WokenBy(i *Incident) (Woken, bool) {
	if len(i.Alerts) == 0 || i.Drill || i.Phase == Merged {
		return Woken{}, false
	}
	return Woken{
		Rule: i.Alerts[0].Name, Service: i.Service, Feedback: i.Feedback, Flapped: i.Flapped,
		Unanswered: i.Phase.Over() && i.Stamp(FirstAck).IsZero(),
	}, true
}

// useless says that nobody had to do anything: so people said, or, where
// nobody said anything, it was over before anybody acknowledged.
func (w Woken) useless() bool {
	if w.Feedback.By != "" {
		return !w.Feedback.Actionable
	}
	return w.Unanswered
}

// NoiseReport ranks alert rules by how often they woke people for nothing.
type NoiseReport struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	// Rules are sorted, the noisiest first.
	Rules []NoisyRule `json:"rules"`
}

// NoisyRule is what one alert rule of one service did.
type NoisyRule struct {
	Rule    string `json:"rule"`
	Service string `json:"service"`
	// Incidents counts those that its alerts opened.
	Incidents int `json:"incidents"`
	// Pages counts what was handed over to people about them, and Night the
	// pages among them that came between 22:00 and 06:00 of that person's clock.
	Pages int `json:"pages"`
	Night int `json:"night"`
	// NotActionable counts the incidents of which people said so, and
	// Unanswered those that were over before anybody acknowledged.
	NotActionable int `json:"not_actionable"`
	Unanswered    int `json:"unanswered"`
	// Flapping counts the incidents in which an alert flapped.
	Flapping int `json:"flapping"`
	// Score is what the rule is ranked by.
	Score int `json:"score"`
}

// nightly is how much more a page at night weighs than one by day.
const nightly = 2

// Noise reports on the incidents that were opened in [from, until). Zone gives
// the zone of a person.
//
// The score of a rule is the sum over its useless incidents of their pages
// plus twice their pages at night: a useless page by day counts one, a useless
// page at night three. An incident is useless when the last feedback says that
// it was not actionable, or, without feedback, when it was over before anybody
// acknowledged. Equal scores are ranked by pages, then by incidents.
func Noise(from, until time.Time, list []Woken, zone func(person string) *time.Location) NoiseReport {
	type key struct{ rule, service string }
	found := map[key]int{}
	out := NoiseReport{From: from.UTC(), Until: until.UTC(), Rules: []NoisyRule{}}
	for _, w := range list {
		k := key{w.Rule, w.Service}
		n, known := found[k]
		if !known {
			n = len(out.Rules)
			found[k] = n
			out.Rules = append(out.Rules, NoisyRule{Rule: w.Rule, Service: w.Service})
		}
		out.Rules[n].add(w, zone)
	}
	slices.SortFunc(out.Rules, func(a, b NoisyRule) int {
		return cmp.Or(
			cmp.Compare(b.Score, a.Score), cmp.Compare(b.Pages, a.Pages), cmp.Compare(b.Incidents, a.Incidents),
			cmp.Compare(a.Service, b.Service), cmp.Compare(a.Rule, b.Rule),
		)
	})
	return out
}

func (r *NoisyRule) add(w Woken, zone func(person string) *time.Location) {
	night := 0
	for _, p := range w.Pages {
		if hour := p.At.In(zone(p.Person)).Hour(); hour >= 22 || hour < 6 {
			night++
		}
	}
	r.Incidents++
	r.Pages += len(w.Pages)
	r.Night += night
	if w.Feedback.By != "" && !w.Feedback.Actionable {
		r.NotActionable++
	}
	if w.Unanswered {
		r.Unanswered++
	}
	if w.Flapped {
		r.Flapping++
	}
	if w.useless() {
		r.Score += len(w.Pages) + nightly*night
	}
}
