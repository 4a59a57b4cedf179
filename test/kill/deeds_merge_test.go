package kill_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/test/scene"
)

// merges has the holder of one incident make another one a part of it: their
// acknowledgement covers both, and what was paged for the other is told.
// What its alerts say from then on is heard where it went.
func (d *deed) merges(ctx context.Context) error {
	kept, gone := d.alarm(0, "first"), d.alarm(1, "first")
	into, err := d.fire(ctx, kept)
	if err != nil {
		return err
	}
	if _, err := d.acknowledge(ctx, into, d.person(0, 0), time.Time{}); err != nil {
		return err
	}
	from, err := d.fire(ctx, gone)
	if err != nil {
		return err
	}
	if _, err := d.paged(ctx, from, d.person(1, 0), time.Time{}); err != nil {
		return err
	}
	if err := d.merge(ctx, from, into, d.person(0, 0)); err != nil {
		return err
	}
	d.rests = append(d.rests, rest{number: into, from: time.Now()})
	if err := d.told(ctx, d.person(1, 0), from, from+" is part of "+into); err != nil {
		return err
	}
	late := d.alarm(1, "second")
	if _, err := late.Deliver(ctx, d.stack.world, "firing"); err != nil {
		return err
	}
	if err := d.fires(ctx, into, 3); err != nil {
		return err
	}
	return d.end(ctx, into, kept, gone, late)
}

// joins has somebody merge two incidents that nobody holds: the one that goes
// on pages as before, and the next level too.
func (d *deed) joins(ctx context.Context) error {
	kept, gone := d.alarm(0, "first"), d.alarm(1, "first")
	into, err := d.fire(ctx, kept)
	if err != nil {
		return err
	}
	from, err := d.fire(ctx, gone)
	if err != nil {
		return err
	}
	if err := d.fires(ctx, into, 1); err != nil { // nobody merges into what they do not see
		return err
	}
	if err := d.merge(ctx, from, into, d.person(1, 0)); err != nil {
		return err
	}
	if err := d.fires(ctx, into, 2); err != nil {
		return err
	}
	if _, err := d.paged(ctx, into, d.person(0, 1), time.Time{}); err != nil {
		return err
	}
	if err := d.hold(ctx, into, d.person(0, 1)); err != nil {
		return err
	}
	return d.end(ctx, into, kept, gone)
}

// merge makes one incident a part of another, and returns when that is done.
// One that was opened without the database takes no other before its own key is
// settled: whoever asked is told, and asks again.
func (d *deed) merge(ctx context.Context, from, into, by string) error {
	for refused := 0; ; refused++ {
		err := d.stack.world.Insist(ctx, by, "merge "+from+" into "+into, func(ctx context.Context, c *client.ClientWithResponses, key string) error {
			_, err := c.MergeWithResponse(ctx, from, &client.MergeParams{IdempotencyKey: key}, incident.MergeInto{Into: into, Reason: "one cause"})
			return err
		})
		if err != nil {
			return err
		}
		merged, err := d.merged(ctx, from, refused)
		if err != nil {
			return err
		}
		if merged {
			d.rests = append(d.rests, rest{number: from, from: time.Now()})
			return nil
		}
	}
}

// merged waits until an incident is merged, or refused once more than before.
func (d *deed) merged(ctx context.Context, number string, before int) (bool, error) {
	return scene.Until(ctx, d.stack.world, "the end of the merge of "+number, func(ctx context.Context) (merged, known bool) {
		entries, err := d.stack.world.Timeline(ctx, number)
		refused := 0
		for _, e := range entries {
			switch e.Kind {
			case string(incident.Merged):
				merged = true
			case "not-merged":
				refused++
			}
		}
		return merged, err == nil && (merged || refused > before)
	})
}

// told waits for words to a person about an incident.
func (d *deed) told(ctx context.Context, person, number, words string) error {
	k := d.climb(number, person)
	_, err := scene.Until(ctx, d.stack.world, words+" to "+person, func(context.Context) (struct{}, bool) {
		return struct{}{}, slices.ContainsFunc(k.words(person), func(text string) bool { return strings.Contains(text, words) })
	})
	return err
}

// splits has the holder split one of two alerts off: it becomes one incident,
// which pages anew, and each alert is heard where it belongs.
func (d *deed) splits(ctx context.Context) error {
	stays, goes := d.alarm(0, "first"), d.alarm(0, "second")
	number, err := d.fire(ctx, stays)
	if err != nil {
		return err
	}
	if _, err := d.fire(ctx, goes); err != nil {
		return err
	}
	if err := d.hold(ctx, number, d.person(0, 0)); err != nil {
		return err
	}
	other, err := d.split(ctx, number, "second")
	if err != nil {
		return err
	}
	if err := d.hold(ctx, other, d.person(0, 0)); err != nil {
		return err
	}
	if err := d.end(ctx, other, goes); err != nil {
		return err
	}
	if err := d.fires(ctx, number, 1); err != nil {
		return err
	}
	if err := d.end(ctx, number, stays); err != nil {
		return err
	}
	return d.open(ctx, number, other)
}

// split splits the alert of an instance off, and returns the new number.
func (d *deed) split(ctx context.Context, number, instance string) (string, error) {
	w := d.stack.world
	whole, err := w.Incident(ctx, number, "both alerts", func(i *client.Incident) bool { return i.Counts.Firing == 2 })
	if err != nil {
		return "", err
	}
	n := slices.IndexFunc(whole.Alerts, func(a client.AlertState) bool { return strings.HasPrefix(a.Summary, instance) })
	if n < 0 {
		return "", fmt.Errorf("%s carries no alert of %s", number, instance)
	}
	err = w.Insist(ctx, d.person(0, 0), "split "+number, func(ctx context.Context, c *client.ClientWithResponses, key string) error {
		order := incident.Split{Alerts: []string{whole.Alerts[n].Fingerprint}, Reason: "another cause"}
		_, err := c.SplitWithResponse(ctx, number, &client.SplitParams{IdempotencyKey: key}, order)
		return err
	})
	if err != nil {
		return "", err
	}
	other, err := scene.Until(ctx, w, "the incident that was split off "+number, func(ctx context.Context) (string, bool) {
		open, err := w.Open(ctx, d.service(0))
		open = slices.DeleteFunc(open, func(n string) bool { return n == number })
		return slices.Concat(open, []string{""})[0], err == nil && len(open) > 0
	})
	d.numbers = append(d.numbers, other)
	return other, err
}

// open holds the deed's first service to having just these incidents.
func (d *deed) open(ctx context.Context, numbers ...string) error {
	open, err := scene.Until(ctx, d.stack.world, "the incidents of "+d.service(0), func(ctx context.Context) ([]string, bool) {
		open, err := d.stack.world.Open(ctx, d.service(0))
		return open, err == nil
	})
	slices.Sort(open)
	slices.Sort(numbers)
	if err == nil && !slices.Equal(open, numbers) {
		err = fmt.Errorf("%s has the incidents %v, not %v", d.service(0), open, numbers)
	}
	return err
}
