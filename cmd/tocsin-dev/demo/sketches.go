package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/incident"
)

// snooze lets the holder rest, who is paged again at the end.
func snooze(ctx context.Context, k *sketch) error {
	number, err := k.fire(ctx, "Snooze", "first")
	if err != nil {
		return err
	}
	holder := k.person("1")
	if err := k.answers(ctx, holder, number, 1); err != nil {
		return err
	}
	_, err = k.as(holder).SnoozeWithResponse(ctx, number, nil, incident.Snooze{Until: time.Now().Add(3 * time.Second), Reason: "later"})
	if err != nil {
		return err
	}
	return k.answers(ctx, holder, number, 2)
}

// merge has the holder of one incident make another one a part of it.
func merge(ctx context.Context, k *sketch) error {
	into, err := k.fire(ctx, "Cause", "first")
	if err != nil {
		return err
	}
	if err := k.answers(ctx, k.person("1"), into, 1); err != nil {
		return err
	}
	from, err := k.fire(ctx, "Effect", "first")
	if err != nil {
		return err
	}
	if _, err := k.rings(ctx, k.person("1"), from, 1); err != nil {
		return err
	}
	if _, err := k.shows(ctx, into, "the incident", func(*client.Incident) bool { return true }); err != nil {
		return err
	}
	_, err = k.as(k.person("1")).MergeWithResponse(ctx, from, nil, incident.MergeInto{Into: into, Reason: "one cause"})
	if err != nil {
		return err
	}
	if _, err := k.shows(ctx, from, "the merge", func(i *client.Incident) bool { return i.Phase == incident.Merged }); err != nil {
		return err
	}
	k.see("%s is part of %s", from, into)
	if _, err := k.fire(ctx, "Effect", "second"); err != nil {
		return err
	}
	_, err = k.shows(ctx, into, "all alerts", func(i *client.Incident) bool { return i.Counts.Firing == 3 })
	return err
}

// split makes an incident of one of two alerts.
func split(ctx context.Context, k *sketch) error {
	number, err := k.fire(ctx, "Two", "first")
	if err != nil {
		return err
	}
	if _, err := k.fire(ctx, "Two", "second"); err != nil {
		return err
	}
	if err := k.answers(ctx, k.person("1"), number, 1); err != nil {
		return err
	}
	whole, err := k.shows(ctx, number, "both alerts", func(i *client.Incident) bool { return len(i.Alerts) == 2 })
	if err != nil {
		return err
	}
	_, err = k.as(k.person("1")).SplitWithResponse(ctx, number, nil, incident.Split{Alerts: []string{whole.Alerts[1].Fingerprint}, Reason: "another cause"})
	if err != nil {
		return err
	}
	other, err := until(ctx, "the incident that was split off", func() (string, bool) {
		open, err := k.as(k.person("1")).ListIncidentsWithResponse(ctx, &client.ListIncidentsParams{Service: k.service(), Open: true})
		if err != nil {
			return "", false
		}
		n := slices.IndexFunc(open.JSON200.Incidents, func(i client.IncidentSummary) bool { return i.Number != number })
		if n < 0 {
			return "", false
		}
		return open.JSON200.Incidents[n].Number, true
	})
	if err != nil {
		return err
	}
	k.see("%s was split off %s", other, number)
	k.numbers = append(k.numbers, other)
	return k.answers(ctx, k.person("1"), other, 1)
}

// everyone has all who are paged acknowledge, one after the other.
func everyone(ctx context.Context, k *sketch) error {
	number, err := k.fire(ctx, "Everyone", "first")
	if err != nil {
		return err
	}
	for _, name := range k.levels[0] {
		if err := k.answers(ctx, k.person(name), number, 1); err != nil {
			return err
		}
	}
	return nil
}

// turns pages another person for each incident.
func turns(ctx context.Context, k *sketch) error {
	for n, name := range k.levels[0] {
		number, err := k.fire(ctx, fmt.Sprint("Turn", n), "first")
		if err != nil {
			return err
		}
		if err := k.answers(ctx, k.person(name), number, 1); err != nil {
			return err
		}
	}
	return nil
}

// flap has an alert clear and fire again and again, until it is quiet.
func flap(ctx context.Context, k *sketch) error {
	number, err := k.fire(ctx, "Flaps", "first")
	if err != nil {
		return err
	}
	if err := k.answers(ctx, k.person("1"), number, 1); err != nil {
		return err
	}
	for range 2 {
		if err := k.clear(ctx, "Flaps", "first"); err != nil {
			return err
		}
		if _, err := k.fire(ctx, "Flaps", "first"); err != nil {
			return err
		}
	}
	for _, flaps := range []bool{true, false} {
		what := fmt.Sprintf("an alert that flaps (%t)", flaps)
		_, err := k.shows(ctx, number, what, func(i *client.Incident) bool { return (len(i.Flapping) > 0) == flaps })
		if err != nil {
			return err
		}
	}
	return nil
}

// bundle pages one person so often that pages go together.
func bundle(ctx context.Context, k *sketch) error {
	for n := range k.stack.Catalog().Settings.Bundle.Limit() + 2 {
		if _, err := k.fire(ctx, fmt.Sprint("Many", n), "first"); err != nil {
			return err
		}
	}
	for _, number := range k.numbers {
		_, err := until(ctx, "a page about "+number, func() (struct{}, bool) {
			answer, err := k.as(k.person("1")).ListPagesWithResponse(ctx, number, nil)
			return struct{}{}, err == nil && len(answer.JSON200.Pages) > 0 && answer.JSON200.Pages[0].State == client.PageStateSent
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// transient has an alert clear before anybody is paged.
func transient(ctx context.Context, k *sketch) error {
	number, err := k.fire(ctx, "Short", "first")
	if err != nil {
		return err
	}
	if err := k.clear(ctx, "Short", "first"); err != nil {
		return err
	}
	_, err = k.shows(ctx, number, "the end", func(i *client.Incident) bool { return i.Phase == incident.Transient })
	return err
}
