package kill_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/sandbox/phone"
	"github.com/tocsinhq/tocsin/test/scene"
)

const (
	// everywhere is how long a change of what people own may take until every
	// process knows of it.
	everywhere = 5 * time.Second
	// silent is how long a silence lasts, and asleep how long a snooze.
	silent, asleep = 30 * time.Second, 30 * time.Second
	// noticed is how late what time alone changes may be noticed: a look every
	// ten seconds, and one that died with its process is missed after as long.
	noticed = 2*10*time.Second + kept
)

// silences has an alert fire under a silence: it pages when the silence ends,
// without a new delivery, and not before.
func (d *deed) silences(ctx context.Context) error {
	var until time.Time
	w := d.stack.world
	err := w.Insist(ctx, d.person(0, 0), "silence "+d.name, func(ctx context.Context, c *client.ClientWithResponses, _ string) error {
		until = time.Now().Add(silent)
		_, err := c.AddSilenceWithResponse(ctx, client.SilenceOrder{Service: d.service(0), Until: until, Reason: "we know"})
		return err
	})
	if err != nil {
		return err
	}
	if err := wait(ctx, everywhere); err != nil {
		return err
	}
	a := d.alarm(0, "first")
	if err := a.Hush(ctx, w); err != nil {
		return err
	}
	return d.waken(ctx, until, func(number string) error {
		return errors.Join(d.end(ctx, number, a), d.open(ctx, number))
	})
}

// beats has a heartbeat fall silent: somebody is paged when it is missed and
// not before, and its return ends the alert. It is missed too when whoever
// takes it is away for as long.
func (d *deed) beats(ctx context.Context) error {
	missed, late := time.Now().Add(2*beatEvery), false
	for range 15 {
		sent := time.Now()
		if err := d.beat(ctx); err != nil {
			return err
		}
		if late = time.Now().After(missed); late {
			break
		}
		missed = sent.Add(2 * beatEvery)
		if err := wait(ctx, ruleStep); err != nil {
			return err
		}
	}
	return d.waken(ctx, missed, func(number string) error {
		rested := &d.rests[len(d.rests)-1]
		rested.until = time.Now().Add(2 * beatEvery) // it falls silent again
		if err := d.returns(ctx, number); err != nil || late {
			return err // the late beat was a return too: it may have ended the incident before anybody answered
		}
		return d.open(ctx, number)
	})
}

// returns beats until the incident knows of it: a heartbeat that has fallen
// silent again before anybody looked is missed still.
func (d *deed) returns(ctx context.Context, number string) error {
	_, err := scene.Until(ctx, d.stack.world, "the return of the heartbeat to "+number, func(ctx context.Context) (struct{}, bool) {
		if d.beat(ctx) != nil || wait(ctx, ruleStep) != nil {
			return struct{}{}, false
		}
		i, err := d.stack.world.Incident(ctx, number, "its alerts", func(*client.Incident) bool { return true })
		return struct{}{}, err == nil && i.Counts.Firing == 0
	})
	return err
}

func (d *deed) beat(ctx context.Context) error {
	return d.stack.world.Insist(ctx, "alertmanager", "beat", func(ctx context.Context, c *client.ClientWithResponses, _ string) error {
		_, err := c.BeatWithResponse(ctx, d.service(0))
		return err
	})
}

// waken waits for an incident that opens by itself at a time, and holds its
// first page to coming then. Its person answers, and it ends.
func (d *deed) waken(ctx context.Context, due time.Time, end func(number string) error) error {
	w := d.stack.world
	open, err := scene.Until(ctx, w, "an incident of "+d.service(0), func(ctx context.Context) ([]string, bool) {
		open, err := w.Open(ctx, d.service(0))
		return open, err == nil && len(open) > 0
	})
	if err != nil {
		return err
	}
	number := open[0]
	d.numbers = append(d.numbers, number)
	if err := d.hold(ctx, number, d.person(0, 0)); err != nil {
		return err
	}
	pages := w.Sandbox.Phone.Pages(d.person(0, 0))
	for _, p := range pages {
		if p.Received.Before(due) {
			return fmt.Errorf("%s was paged at %s, before %s", d.person(0, 0), p.Received, due)
		}
	}
	first := slices.MinFunc(pages, func(a, b phone.Page) int { return a.Received.Compare(b.Received) }).Received
	if late := first.Sub(d.stack.counted("push", due, first)); late > noticed {
		return fmt.Errorf("%s was paged %s late", d.person(0, 0), late)
	}
	d.stack.world.Say("%s: noticed %s after its time", number, first.Sub(due).Round(time.Millisecond))
	return end(number)
}

// snoozes has the holder sleep for a while: nobody is paged meanwhile, and the
// holder again at its end.
func (d *deed) snoozes(ctx context.Context) error {
	a := d.alarm(0, "first")
	number, err := d.fire(ctx, a)
	if err != nil {
		return err
	}
	if _, err := d.acknowledge(ctx, number, d.person(0, 0), time.Time{}); err != nil {
		return err
	}
	until := time.Now().Add(asleep)
	err = d.stack.world.Insist(ctx, d.person(0, 0), "snooze "+number, func(ctx context.Context, c *client.ClientWithResponses, key string) error {
		_, err := c.SnoozeWithResponse(ctx, number, &client.SnoozeParams{IdempotencyKey: key}, incident.Snooze{Until: until, Reason: "later"})
		return err
	})
	if err != nil {
		return err
	}
	d.rests = append(d.rests, rest{number: number, from: time.Now(), until: until})
	accepted, err := d.acknowledge(ctx, number, d.person(0, 0), until)
	if err != nil {
		return err
	}
	d.rests = append(d.rests, rest{number: number, from: accepted})
	return d.end(ctx, number, a)
}

// all has the people of one level, who must all acknowledge, do so one after
// the other: the first answer stops the escalation, and whoever has not
// answered is paged on by each of their rules.
func (d *deed) all(ctx context.Context) error {
	a := d.alarm(0, "first")
	number, err := d.fire(ctx, a)
	if err != nil {
		return err
	}
	for n := range d.everyone {
		if n > 0 {
			if err := d.byEveryRule(ctx, number, d.person(0, n)); err != nil {
				return err
			}
		}
		accepted, err := d.acknowledge(ctx, number, d.person(0, n), time.Time{})
		if err != nil {
			return err
		}
		d.rests = append(d.rests, rest{number: number, person: d.person(0, n), from: accepted})
		if n == 0 {
			d.rests = append(d.rests, rest{number: number, person: d.person(0, d.everyone), from: accepted})
		}
	}
	held, err := d.stack.world.Incident(ctx, number, "the last answer", func(i *client.Incident) bool { return len(i.Awaited) == 0 && i.Holder != "" })
	if err != nil {
		return err
	}
	if held.Holder != d.person(0, 0) {
		return fmt.Errorf("%s is held by %s", number, held.Holder)
	}
	return d.end(ctx, number, a)
}

// byEveryRule waits until a person was paged by each of their contact methods.
func (d *deed) byEveryRule(ctx context.Context, number, person string) error {
	_, err := scene.Until(ctx, d.stack.world, "every page to "+person+" about "+number, func(ctx context.Context) (struct{}, bool) {
		list, err := d.stack.world.Pages(ctx, number)
		kinds := map[string]bool{}
		for _, p := range list {
			if p.Person == person && p.State == client.PageStateSent {
				kinds[p.Kind] = true
			}
		}
		return struct{}{}, err == nil && len(kinds) == 3
	})
	return err
}
