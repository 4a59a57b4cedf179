// Package rehearsal plays an incident that has not happened: the real workflow
// and paging code over a catalog, with time skipped and channels that only
// write down what they were given. It needs neither server nor database, and
// reaches nobody.
package rehearsal

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
)

// Plan says what is rehearsed: one alert, when it fires, and what does not
// work then.
type Plan struct {
	Catalog *catalog.Catalog
	// Service is whose alert it is; when empty, the labels route it.
	Service string
	// Labels are those of the alert; "severity" decides how it pages.
	Labels map[string]string
	// From is when the alert fires, For how long it is watched.
	From time.Time
	For  time.Duration
	// Channels are the kinds of contact methods that are configured; empty
	// means all.
	Channels []string
	// Down lists channels that do not answer.
	Down []Outage
	// Unreachable are people who never see a page, though it leaves.
	Unreachable []string
	// NobodyAcks says that nobody answers anything. Otherwise somebody
	// acknowledges as Ack says, and whoever is reached for any other reason
	// answers a minute later.
	NobodyAcks bool
	Ack        Ack
}

// Outage is a channel that does not answer.
type Outage struct {
	Kind string
	// For counts from when the alert fires; zero means to the end.
	For time.Duration
}

// Ack is the first acknowledgement of the alert.
type Ack struct {
	// By is who acknowledges, paged or not; when empty it is whoever was
	// reached first, as soon as somebody was.
	By string
	// After counts from when the alert fires.
	After time.Duration
}

// maxFor bounds a rehearsal, and the years what clocks can count.
const (
	maxFor              = 7 * 24 * time.Hour
	firstYear, lastYear = 1970, 2199
)

// check says what is wrong with the plan, and what to do.
func (p Plan) check() error {
	if p.Service != "" {
		if _, ok := p.Catalog.Service(p.Service); !ok {
			return fmt.Errorf("there is no service %q in the catalog; there is %s", p.Service, services(p.Catalog))
		}
	}
	if p.From.IsZero() {
		return errors.New("say when the alert fires")
	}
	if y := p.From.Year(); y < firstYear || y > lastYear {
		return fmt.Errorf("the alert fires in one of the years %d to %d, not in %d", firstYear, lastYear, y)
	}
	if p.For <= 0 || p.For > maxFor {
		return fmt.Errorf("a rehearsal lasts more than nothing and at most %s, not %s", catalog.FormatDuration(maxFor), catalog.FormatDuration(p.For))
	}
	if p.Ack.After < 0 {
		return errors.New("nobody acknowledges before the alert fires")
	}
	if err := p.checkPeople(append(slices.Clone(p.Unreachable), p.Ack.By)...); err != nil {
		return err
	}
	return p.checkKinds()
}

func (p Plan) checkPeople(people ...string) error {
	for _, person := range people {
		if _, ok := p.Catalog.Person(person); !ok && person != "" {
			return fmt.Errorf("there is no person %q in the catalog", person)
		}
	}
	return nil
}

func (p Plan) checkKinds() error {
	kinds := slices.Clone(p.Channels)
	for _, o := range p.Down {
		kinds = append(kinds, o.Kind)
	}
	return catalog.CheckKinds(kinds...)
}

func services(c *catalog.Catalog) string {
	var ids []string
	for _, s := range c.Services {
		ids = append(ids, s.ID)
	}
	return strings.Join(ids, ", ")
}

// alert is the one that fires.
func (p Plan) alert() alerts.Alert {
	labels := maps.Clone(p.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	if labels["alertname"] == "" {
		labels["alertname"] = "Rehearsal"
	}
	return alerts.Alert{
		Source: "rehearsal", Service: p.Service, Status: alerts.Firing, Labels: labels, StartsAt: p.From.UTC(), Fingerprint: "rehearsal",
	}
}

// routed says where the alert belongs and how it pages.
func (p Plan) routed() catalog.Routed {
	out := p.Catalog.Route(p.alert(), p.From)
	if p.Service != "" && p.Service != out.Service {
		service, _ := p.Catalog.Service(p.Service)
		out.Service, out.Hold = service.ID, service.Hold
	}
	return out
}

// Zone returns the zone in which the service is spoken of: that of the first
// schedule or person that its escalation names, else UTC.
func (p Plan) Zone() *time.Location {
	policy, _ := p.Catalog.Policy(p.routed().Service)
	for _, level := range policy.Escalation.Levels {
		for _, t := range level.Targets {
			id, _ := t.ScheduleRotation()
			schedule, _ := p.Catalog.Schedule(id)
			person, _ := p.Catalog.Person(t.Person)
			name := cmp.Or(schedule.Zone, person.Zone)
			if zone, err := time.LoadLocation(name); err == nil && name != "" {
				return zone
			}
		}
	}
	return time.UTC
}
