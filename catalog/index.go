package catalog

import (
	"encoding/json"
	"fmt"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/oncall"
)

// index answers look-ups without a search. It points into the catalog's
// lists.
type index struct {
	people      map[string]*Person
	teams       map[string]*Team
	services    map[string]*Service
	severities  map[Level]*Severity
	escalations policies
	schedules   map[string]*oncall.Schedule
	hours       map[string]*oncall.Hours
	clocks      map[string]*oncall.Clock
	webhooks    map[string]*Webhook
	audiences   map[string]*Audience
	machines    map[string]*Machine
	calendars   map[string]*oncall.Calendar
	// routes holds the services that match alerts, in their order.
	routes []route
	// rules are the catalog's routes, in their order.
	rules    []rule
	silences []silencing
	runbooks map[string][]runbookRoute
	// splits are the keys of alerts that were split off.
	splits map[alertID]string
}

// alertID names an alert of a service within its key.
type alertID struct{ service, key, fingerprint string }

type route struct {
	service  string
	matchers alerts.Matchers
}

type runbookRoute struct {
	use      RunbookUse
	matchers alerts.Matchers
}

func newIndex(c *Catalog) (*index, error) {
	x := &index{
		people:      byID(c.People, func(p Person) string { return p.ID }),
		teams:       byID(c.Teams, func(t Team) string { return t.ID }),
		services:    byID(c.Services, func(s Service) string { return s.ID }),
		severities:  byID(c.Severities, func(s Severity) Level { return s.Level }),
		escalations: byID(c.Escalations, func(p oncall.EscalationPolicy) string { return p.ID }),
		schedules:   byID(c.Schedules, func(s oncall.Schedule) string { return s.ID }),
		hours:       byID(c.AllHours, func(h oncall.Hours) string { return h.ID }),
		webhooks:    byID(c.Webhooks, func(w Webhook) string { return w.ID }),
		audiences:   byID(c.Audiences, func(a Audience) string { return a.ID }),
		machines:    byID(c.Machines, func(m Machine) string { return m.ID }),
		calendars:   make(map[string]*oncall.Calendar, len(c.Schedules)),
		clocks:      make(map[string]*oncall.Clock, len(c.AllHours)),
		runbooks:    make(map[string][]runbookRoute, len(c.Services)),
		splits:      map[alertID]string{},
	}
	x.people[Watchdog] = watchdog()
	for _, s := range c.Schedules {
		x.calendars[s.ID] = s.Calendar()
	}
	for _, h := range c.AllHours {
		x.clocks[h.ID] = h.Clock()
	}
	for _, s := range c.Services {
		if err := x.addService(s); err != nil {
			return nil, fmt.Errorf("service %s: %w", s.ID, err)
		}
	}
	x.addSilences(c)
	return x, x.addRules(c)
}

func byID[K comparable, T any](list []T, id func(T) K) map[K]*T {
	out := make(map[K]*T, len(list))
	for i := range list {
		out[id(list[i])] = &list[i]
	}
	return out
}

// addService reads the service's matchers. A service without any is left out
// of the routes: only hands and the catch-all lead to it.
func (x *index) addService(s Service) error {
	matchers, err := alerts.ParseMatchers(s.Match)
	if err != nil {
		return err
	}
	if len(matchers) > 0 {
		x.routes = append(x.routes, route{s.ID, matchers})
	}
	for _, use := range s.Runbooks {
		matchers, err := alerts.ParseMatchers(use.Match)
		if err != nil {
			return fmt.Errorf("runbook %s: %w", use.Name, err)
		}
		x.runbooks[s.ID] = append(x.runbooks[s.ID], runbookRoute{use, matchers})
	}
	return nil
}

// look returns the index. A Catalog that was put together by hand has none,
// and pays for one at each question; in one whose matchers cannot be read
// nothing is found.
func (c *Catalog) look() *index {
	if c.index != nil {
		return c.index
	}
	x, err := newIndex(c)
	if err != nil {
		return &index{}
	}
	return x
}

func find[K comparable, T any](from map[K]*T, id K) (T, bool) {
	if found := from[id]; found != nil {
		return *found, true
	}
	var none T
	return none, false
}

// Person returns the person with that id.
func (c *Catalog) Person(id string) (Person, bool) { return find(c.look().people, id) }

// Team returns the team with that id.
func (c *Catalog) Team(id string) (Team, bool) { return find(c.look().teams, id) }

// Service returns the service with that id.
func (c *Catalog) Service(id string) (Service, bool) { return find(c.look().services, id) }

// Severity returns what the catalog says of a level.
func (c *Catalog) Severity(level Level) (Severity, bool) { return find(c.look().severities, level) }

// Escalation returns the escalation policy with that id.
func (c *Catalog) Escalation(id string) (oncall.EscalationPolicy, bool) {
	return find(c.look().escalations, id)
}

// Schedule returns the schedule with that id.
func (c *Catalog) Schedule(id string) (oncall.Schedule, bool) { return find(c.look().schedules, id) }

// Calendar returns the schedule with that id, ready to be asked often.
func (c *Catalog) Calendar(id string) (*oncall.Calendar, bool) {
	found, ok := c.look().calendars[id]
	return found, ok
}

// Hours returns the hours with that id.
func (c *Catalog) Hours(id string) (oncall.Hours, bool) { return find(c.look().hours, id) }

// Clock returns the hours with that id, ready to be asked often.
func (c *Catalog) Clock(id string) (*oncall.Clock, bool) {
	found, ok := c.look().clocks[id]
	return found, ok
}

// Webhook returns the webhook with that id.
func (c *Catalog) Webhook(id string) (Webhook, bool) { return find(c.look().webhooks, id) }

// Audience returns the audience with that id.
func (c *Catalog) Audience(id string) (Audience, bool) { return find(c.look().audiences, id) }

// Machine returns the machine with that id.
func (c *Catalog) Machine(id string) (Machine, bool) { return find(c.look().machines, id) }

// Encode returns the catalog as JSON, without its version.
func (c *Catalog) Encode() ([]byte, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode catalog: %w", err)
	}
	return data, nil
}

// Decode returns the catalog that Encode wrote. It does not validate again:
// what an earlier release accepted must stay readable.
func Decode(data []byte) (*Catalog, error) {
	c := new(Catalog)
	if err := json.Unmarshal(data, c); err != nil {
		return nil, fmt.Errorf("decode catalog: %w", err)
	}
	x, err := newIndex(c)
	if err != nil {
		return nil, fmt.Errorf("decode catalog: %w", err)
	}
	c.index = x
	return c, nil
}
