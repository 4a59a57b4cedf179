package kill_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/test/scene"
)

// TestWhatPeopleDoHoldsWhileEverythingDies has people merge, split, silence,
// snooze and answer together, and heartbeats fall silent, while our processes
// are killed. No alert and no page is lost, none is doubled without a reason,
// and whoever need not answer any more is left in peace.
func TestWhatPeopleDoHoldsWhileEverythingDies(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, s *stack) play {
		s.services, s.longRun = nil, shortRun
		all := deeds(s, rounds(t)*turns)
		s.declare = stages(all, s.world.Sandbox.URL()+"/phone/hook/")
		return func(seed uint64) { perform(t, s, all, seed) }
	})
}

const (
	// turns is how often each deed is done, on services of its own.
	turns = 3
	// shortRun is after how many events an incident continues as a new run: it
	// does so in the middle of what people do.
	shortRun = 40
	// onset is the longest time until one begins.
	onset = 30 * time.Second
)

// deed is something that people do.
type deed struct {
	stack   *stack
	catalog *catalog.Catalog
	// name is what its services are called, but for a letter.
	name string
	// services is how many it needs, and everyone how many people its first
	// level has, who must all acknowledge; zero is one person.
	services, everyone int
	// heartbeat says that each of its services is to be heard of.
	heartbeat bool
	act       func(*deed, context.Context) error

	numbers []string
	rests   []rest
}

// rest is a time during which somebody must not be paged about an incident.
type rest struct {
	number string
	// person is everybody when empty, and until for ever when zero.
	person      string
	from, until time.Time
}

func deeds(s *stack, times int) []*deed {
	var out []*deed
	for n := range times {
		for _, d := range []deed{
			{name: "merges", services: 2, act: (*deed).merges},
			{name: "joins", services: 2, act: (*deed).joins},
			{name: "splits", services: 1, act: (*deed).splits},
			{name: "silences", services: 1, act: (*deed).silences},
			{name: "beats", services: 1, heartbeat: true, act: (*deed).beats},
			{name: "snoozes", services: 1, act: (*deed).snoozes},
			{name: "everyone", services: 1, everyone: 3, act: (*deed).all},
		} {
			d.stack, d.name = s, fmt.Sprintf("%s%d", d.name, n)
			out = append(out, &d)
		}
	}
	return out
}

// perform does every deed while processes die, and looks at what came of it.
func perform(t *testing.T, s *stack, all []*deed, seed uint64) {
	t.Cleanup(func() {
		for _, d := range all {
			keepHistories(t, s, d.numbers)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	k := newKiller(s, seed, t.Logf)
	var killing, doing errgroup.Group
	killing.Go(func() error { return k.harass(ctx) })
	dice := rand.New(rand.NewPCG(seed, 1))
	for _, d := range all {
		starts := between(dice, 0, onset)
		if d.heartbeat {
			starts = 0 // it is waited for already
		}
		doing.Go(func() error {
			err := wait(ctx, starts)
			if err == nil {
				err = d.act(d, ctx)
			}
			if err != nil {
				err = fmt.Errorf("%s: %w", d.name, err)
			}
			return err
		})
	}
	require.NoError(t, doing.Wait())
	done := time.Now()
	cancel()
	require.NoError(t, killing.Wait())
	require.NoError(t, wait(t.Context(), time.Until(done.Add(quiet))))
	sum := newTally()
	for _, d := range all {
		d.look(t, sum)
	}
	t.Log(k)
	t.Log(sum)
}

// look holds the incidents of a deed to what is promised.
func (d *deed) look(t *testing.T, sum *tally) {
	t.Helper()
	for _, number := range d.numbers {
		k := d.climb(number, "")
		pages := k.ledger(t)
		require.NotEmpty(t, pages, number)
		sum.incidents++
		for _, p := range pages {
			arrived := k.arrivals(p)
			sum.pages++
			sum.arrived += len(arrived)
			require.NotEqual(t, client.PageStateFailed, p.State, "%s: %s", p.Key, p.Error)
			if p.State == client.PageStateSent {
				require.NotEmpty(t, arrived, "%s is recorded as handed over, and did not arrive", p.Key)
			}
			k.notDoubled(t, p, sum)
			d.leftInPeace(t, number, p, arrived, sum)
		}
		k.onlyRecorded(t, pages)
		timeline(t, d.stack.world, number)
		requireReplay(t, d.stack, number)
	}
}

func (d *deed) leftInPeace(t *testing.T, number string, p client.Page, arrived []time.Time, sum *tally) {
	t.Helper()
	for _, r := range d.rests {
		if r.number != number || (r.person != "" && r.person != p.Person) {
			continue
		}
		for _, at := range arrived {
			if r.until.IsZero() || at.Before(r.until) {
				sum.after(t, p, at, r.from)
			}
		}
	}
}

// service names one of the deed's services, and person whom a level of it
// pages, both counted from zero.
func (d *deed) service(n int) string { return fmt.Sprintf("%s-%c", d.name, 'a'+n) }

func (d *deed) person(service, level int) string { return stepOf(d.service(service), level) }

// climb looks at an incident from where one person stands.
func (d *deed) climb(number, person string) *climb {
	return &climb{stack: d.stack, catalog: d.catalog, number: number, person: person}
}

// alarm is an alert of one of the deed's services; alerts of different
// instances belong to one incident.
func (d *deed) alarm(service int, instance string) scene.Webhook {
	return scene.Webhook{
		Service: d.service(service), Alertname: "Trouble", Instance: instance, Summary: instance + " is in trouble", Since: time.Now(),
	}
}

// fire has an alert open an incident.
func (d *deed) fire(ctx context.Context, a scene.Webhook) (string, error) {
	number, err := a.Fire(ctx, d.stack.world)
	if err == nil && !slices.Contains(d.numbers, number) {
		d.numbers = append(d.numbers, number)
	}
	return number, err
}

// paged waits until the ledger says that a person was paged about what arose
// since a time, and the page is there to be answered.
func (d *deed) paged(ctx context.Context, number, person string, since time.Time) (answer, error) {
	k := d.climb(number, person)
	return scene.Until(ctx, d.stack.world, "a page to "+person+" about "+number, func(ctx context.Context) (answer, bool) {
		list, err := d.stack.world.Pages(ctx, number)
		known := slices.ContainsFunc(list, func(p client.Page) bool {
			return p.Person == person && p.State == client.PageStateSent && !p.Due.Before(since)
		})
		ways := k.answers()
		if err != nil || !known || len(ways) == 0 {
			return answer{}, false
		}
		last := slices.MaxFunc(ways, func(a, b answer) int { return a.at.Compare(b.at) })
		return last, !last.at.Before(since)
	})
}

// acknowledge has a person answer, and returns when they heard that it was
// taken.
func (d *deed) acknowledge(ctx context.Context, number, person string, since time.Time) (time.Time, error) {
	way, err := d.paged(ctx, number, person, since)
	if err != nil {
		return time.Time{}, err
	}
	k := d.climb(number, person)
	err = k.insist(ctx, way)
	return k.accepted, err
}

// hold has a person acknowledge an incident, and be left in peace from then
// on.
func (d *deed) hold(ctx context.Context, number, person string) error {
	at, err := d.acknowledge(ctx, number, person, time.Time{})
	d.rests = append(d.rests, rest{number: number, from: at})
	return err
}

// fires waits until an incident knows that so many alerts fire.
func (d *deed) fires(ctx context.Context, number string, alerts int) error {
	_, err := d.stack.world.Incident(ctx, number, fmt.Sprintf("%d firing alerts", alerts), func(i *client.Incident) bool {
		return i.Counts.Firing == alerts
	})
	return err
}

// end clears alerts, and waits until the incident knows that none fires.
func (d *deed) end(ctx context.Context, number string, list ...scene.Webhook) error {
	for _, a := range list {
		if _, err := a.Deliver(ctx, d.stack.world, "resolved"); err != nil {
			return err
		}
	}
	return d.fires(ctx, number, 0)
}
