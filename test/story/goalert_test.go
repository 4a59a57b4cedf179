package story_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/test/scene"
)

// What GoAlert promises of paging is worth promising too: each of it is held on
// everything real. What it promises of contact methods, a code before
// one is used, is held by the tests of the API; and what it has a database with
// a clock of its own for, by the stories of workflows.
func TestWhatGoAlertPromises(t *testing.T) {
	t.Parallel()
	s, w := start(t, devstack.Config{Adjust: unhurried})
	p := &promises{stack: s, w: w}
	t.Run("on call is who is on call at the moment of escalation", p.atTheMoment)
	t.Run("an edit of the policy changes no page under way", p.snapshot)
	t.Run("nobody on call is said, and not silent", p.nobody)
	t.Run("who was told hears who acknowledged", p.told)
	t.Run("one contact method gets so many messages a minute", p.rate)
	t.Run("a service has so many incidents that nobody answers", p.unanswered)
}

type promises struct {
	stack *devstack.Stack
	w     *scene.World
}

// unhurried leaves time to change something before the second level.
func unhurried(c *catalog.Catalog) {
	hasten(c)
	for n := range c.Escalations {
		for l := range c.Escalations[n].Levels {
			c.Escalations[n].Levels[l].Timeout = 10 * time.Second
		}
	}
}

// paged waits until somebody was paged about an incident, and returns all who
// were until then.
func (p *promises) paged(t *testing.T, number, person string) []string {
	t.Helper()
	people, err := scene.Until(t.Context(), p.w, person+" paged about "+number, func(ctx context.Context) ([]string, bool) {
		pages, err := p.w.Pages(ctx, number)
		var people []string
		for _, page := range pages {
			if !page.Sent.IsZero() && !slices.Contains(people, page.Person) {
				people = append(people, page.Person)
			}
		}
		return people, err == nil && slices.Contains(people, person)
	})
	require.NoError(t, err)
	return people
}

// override changes who is on call in the secondary of payments, until the test
// ends.
func (p *promises) override(t *testing.T, o client.OverrideOrder) {
	t.Helper()
	o.Schedule, o.Rotation, o.Until = "payments", "secondary", time.Now().Add(time.Hour)
	c := as(t, p.w, scene.Primary)
	made, err := c.AddOverrideWithResponse(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, made.StatusCode(), string(made.Body))
	t.Cleanup(func() {
		_, err := c.RemoveOverrideWithResponse(context.WithoutCancel(t.Context()), made.JSON201.Id)
		require.NoError(t, err)
	})
}

// end ends an incident that has served its purpose.
func (p *promises) end(t *testing.T, number string) {
	t.Helper()
	_, err := as(t, p.w, scene.Primary).CancelWithResponse(t.Context(), number, &client.CancelParams{IdempotencyKey: number}, incident.Cancel{Reason: "a test"})
	require.NoError(t, err)
}

func (p *promises) atTheMoment(t *testing.T) {
	number := fire(t, p.w, "payments", "AtTheMoment")
	require.Equal(t, []string{scene.Primary}, p.paged(t, number, scene.Primary))
	p.override(t, client.OverrideOrder{Kind: oncall.Replace, Person: "erin"})
	require.NotContains(t, p.paged(t, number, "erin"), scene.Secondary)
	p.end(t, number)
}

func (p *promises) snapshot(t *testing.T) {
	number := fire(t, p.w, "payments", "Snapshot")
	p.paged(t, number, scene.Primary)
	c, version, err := p.stack.Store.CurrentCatalog(t.Context())
	require.NoError(t, err)
	n := slices.IndexFunc(c.Escalations, func(e oncall.EscalationPolicy) bool { return e.ID == "payments" })
	before := c.Escalations[n].Levels[1].Targets
	c.Escalations[n].Levels[1].Targets = []oncall.Target{{Person: "frank"}}
	version, err = p.stack.Store.SaveCatalog(t.Context(), c, version, scene.Primary)
	require.NoError(t, err)
	require.NotContains(t, p.paged(t, number, scene.Secondary), "frank")
	p.end(t, number)
	c.Escalations[n].Levels[1].Targets = before
	_, err = p.stack.Store.SaveCatalog(t.Context(), c, version, scene.Primary)
	require.NoError(t, err)
}

func (p *promises) nobody(t *testing.T) {
	p.override(t, client.OverrideOrder{Kind: oncall.Remove, Of: scene.Secondary})
	number := fire(t, p.w, "payments", "Nobody")
	_, err := scene.Until(t.Context(), p.w, "the empty level", func(ctx context.Context) (bool, bool) {
		entries, err := p.w.Timeline(ctx, number)
		return true, err == nil && slices.ContainsFunc(entries, func(e client.Entry) bool {
			return e.Kind == "level.empty" && strings.Contains(e.Text, "schedule payments/secondary means nobody now")
		})
	})
	require.NoError(t, err)
	p.end(t, number)
}

func (p *promises) told(t *testing.T) {
	number := fire(t, p.w, "payments", "Told")
	p.paged(t, number, scene.Secondary)
	i := &scene.Incident{World: p.w, Number: number}
	page, err := p.w.Push(t.Context(), scene.Secondary, number, "Told")
	require.NoError(t, err)
	require.NoError(t, i.Tap(t.Context(), page))
	_, err = p.w.Push(t.Context(), scene.Primary, number, scene.Secondary+" acknowledged "+number)
	require.NoError(t, err)
	p.end(t, number)
}

func (p *promises) rate(t *testing.T) {
	on := p.onCall(t, "storefront")
	before := len(p.w.Sandbox.Phone.Pages(on))
	var numbers []string
	for n := range 15 {
		numbers = append(numbers, fire(t, p.w, "checkout", fmt.Sprint("Rate", n)))
	}
	for _, number := range numbers {
		p.paged(t, number, on)
	}
	require.Less(t, len(p.w.Sandbox.Phone.Pages(on))-before, 15, "one message is for several")
	for _, number := range numbers {
		p.end(t, number)
	}
}

// onCall returns who is on call in the first rotation of a schedule now.
func (p *promises) onCall(t *testing.T, schedule string) string {
	t.Helper()
	c, _, err := p.stack.Store.CurrentCatalog(t.Context())
	require.NoError(t, err)
	duty := c.OnCall(oncall.Target{Schedule: schedule}, time.Now())
	require.NotEmpty(t, duty)
	return duty[0].Person
}

func (p *promises) unanswered(t *testing.T) {
	seen := map[string]bool{}
	for n := range 40 {
		seen[fire(t, p.w, "platform", fmt.Sprint("Unanswered", n))] = true
	}
	require.LessOrEqual(t, len(seen), catalog.DefaultStormKeys+1, "what is beyond joins one incident, and nothing is refused")
}
