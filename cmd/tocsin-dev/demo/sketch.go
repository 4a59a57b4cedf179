package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/sandbox/phone"
)

// Sketch is a short scene of one thing that can happen to an incident.
type Sketch struct {
	Name string
	act  func(ctx context.Context, s *sketch) error
	// levels names the people of each level, who belong to the sketch.
	levels [][]string
	// everyone and turns say how the first level is paged.
	everyone, turns bool
	hold            time.Duration
}

// Sketches lists all there are.
func Sketches() []Sketch {
	one := [][]string{{"1"}, {"2"}}
	return []Sketch{
		{Name: "snooze", act: snooze, levels: one},
		{Name: "merge", act: merge, levels: one},
		{Name: "split", act: split, levels: one},
		{Name: "everyone", act: everyone, levels: [][]string{{"1", "2", "3"}, {"4"}}, everyone: true},
		{Name: "turns", act: turns, levels: [][]string{{"1", "2", "3"}}, turns: true},
		{Name: "flapping", act: flap, levels: one},
		{Name: "bundle", act: bundle, levels: one},
		{Name: "transient", act: transient, levels: one, hold: time.Second},
	}
}

// Prepare adds what sketches need to a catalog, and hastens it: a service each,
// with people who are in no other.
func Prepare(c *catalog.Catalog) {
	Hasten(c)
	c.Settings.Bundle.PagesPerMinute = 2
	c.Settings.Flapping = catalog.Flapping{Changes: 2, Within: 3 * time.Second}
	for n := range c.Severities {
		c.Severities[n].Response.Snooze = time.Hour
		c.Severities[n].Response.Authority.Cancel = []catalog.Standing{catalog.Anyone}
	}
	for _, s := range Sketches() {
		policy := oncall.EscalationPolicy{ID: s.service()}
		for n, names := range s.levels {
			level := oncall.Level{Timeout: 5 * time.Second, Everyone: s.everyone && n == 0, RoundRobin: s.turns && n == 0}
			for _, name := range names {
				c.People = append(c.People, catalog.Person{ID: s.person(name), Name: s.person(name), Zone: "Europe/Berlin", Contacts: []catalog.ContactMethod{
					{ID: "phone", Kind: "push", Address: s.person(name), Verified: true},
				}})
				level.Targets = append(level.Targets, oncall.Target{Person: s.person(name)})
			}
			policy.Levels = append(policy.Levels, level)
		}
		c.Escalations = append(c.Escalations, policy)
		service := catalog.Service{
			ID: s.service(), Name: s.service(), Team: "payments", Escalation: policy.ID, Hold: s.hold,
			Match: []string{fmt.Sprintf("service=%q", s.service())},
		}
		c.Services = append([]catalog.Service{service}, c.Services...)
	}
}

func (s Sketch) service() string { return "sketch-" + s.Name }

func (s Sketch) person(name string) string { return s.service() + "-" + name }

// Play plays the sketch on a stack whose catalog was prepared, and returns the
// numbers of its incidents, all of which are over then.
func (s Sketch) Play(ctx context.Context, stack *devstack.Stack, out io.Writer) ([]string, error) {
	p := &play{stack: stack, out: out, began: time.Now(), people: map[string]*client.ClientWithResponses{}}
	p.cast()
	p.say("\n%s", s.Name)
	k := &sketch{play: p, Sketch: s}
	if err := s.act(ctx, k); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	for _, number := range k.numbers {
		if err := k.end(ctx, number); err != nil {
			return nil, fmt.Errorf("%s: end %s: %w", s.Name, number, err)
		}
	}
	return k.numbers, nil
}

// sketch is one performance of a Sketch.
type sketch struct {
	*play
	Sketch
	numbers []string
	// since is when the last alert began to fire.
	since time.Time
}

// end cancels an incident that is not over yet.
func (k *sketch) end(ctx context.Context, number string) error {
	i, err := k.shows(ctx, number, "the incident", func(*client.Incident) bool { return true })
	if err != nil || i.Phase.Over() {
		return err
	}
	_, err = k.as(k.person("1")).CancelWithResponse(ctx, number, nil, incident.Cancel{Reason: "the sketch is over"})
	if err != nil {
		return err
	}
	_, err = k.shows(ctx, number, "the end", func(i *client.Incident) bool { return i.Phase.Over() })
	return err
}

// shows waits until an incident, as the API shows it, is as wanted.
func (k *sketch) shows(ctx context.Context, number, what string, fits func(*client.Incident) bool) (*client.Incident, error) {
	k.number = number
	return k.incident(ctx, what, fits)
}

// fire has an alert fire anew, and keeps the incident's number.
func (k *sketch) fire(ctx context.Context, name, instance string) (string, error) {
	k.since = time.Now()
	number, err := k.says(ctx, name, instance, alerts.Firing)
	if err == nil && !slices.Contains(k.numbers, number) {
		k.numbers = append(k.numbers, number)
	}
	return number, err
}

// clear has the alert clear that fired last.
func (k *sketch) clear(ctx context.Context, name, instance string) error {
	_, err := k.says(ctx, name, instance, alerts.Resolved)
	return err
}

func (k *sketch) says(ctx context.Context, name, instance string, status alerts.Status) (string, error) {
	return k.deliver(ctx, alerts.Alert{
		Labels: map[string]string{"alertname": name, "instance": instance, "service": k.service(), "severity": "error"},
		Status: status, StartsAt: k.since,
	})
}

// rings waits until a person's phone has rung so many times for an incident.
func (k *sketch) rings(ctx context.Context, person, number string, times int) (phone.Page, error) {
	return until(ctx, fmt.Sprintf("page %d to %s about %s", times, person, number), func() (phone.Page, bool) {
		rung := slices.DeleteFunc(k.stack.Sandbox.Phone.Pages(person), func(p phone.Page) bool {
			return !strings.HasPrefix(p.Key, number+"/alert-")
		})
		if len(rung) < times {
			return phone.Page{}, false
		}
		return rung[times-1], true
	})
}

// answers has a person acknowledge the page that their phone rings for the
// n-th time with.
func (k *sketch) answers(ctx context.Context, person, number string, times int) error {
	page, err := k.rings(ctx, person, number, times)
	if err != nil {
		return err
	}
	tap, err := k.stack.Sandbox.Phone.Tap(ctx, page.ID, 0)
	if err != nil || tap.Status >= http.StatusBadRequest {
		return fmt.Errorf("the tap was answered with %d: %w", tap.Status, err)
	}
	k.see("%s acknowledges %s", person, number)
	return nil
}
