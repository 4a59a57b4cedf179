package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/incident"
)

const (
	// lookEvery is the time between two looks at a run that is waited for.
	lookEvery = time.Second
	// maxUnseen is how many looks the record may lag behind the answer that the
	// run was started: it does while the database is away.
	maxUnseen = 60
)

// started returns a function that shows what starting a run was answered, and
// then, where that is wanted, what the run says.
func (p *parameters) started(ctx context.Context, c *call, number string) func([]byte, error) error {
	return func(data []byte, err error) error {
		if err := show(c, c.outcome)(data, err); err != nil {
			return err
		}
		out, _, err := read[client.Outcome](data, err)
		if err != nil || !p.wait || out.ID == "" {
			return err
		}
		return (&follower{call: c, number: number, run: out.ID, clock: c.clock(ctx), asked: map[string]bool{}}).follow(ctx)
	}
}

// follower shows what a run says.
type follower struct {
	*call
	number, run string
	clock       clock
	// cursor leads to the page of the timeline that was read last, whose entries
	// were shown up to a sequence; asked are the questions that were.
	cursor string
	shown  int
	asked  map[string]bool
	// seen says that the run was on record; unseen is how often it was not before.
	seen   bool
	unseen int
}

// follow shows what a run says until it ends. It fails when it did not end as it
// should.
func (f *follower) follow(ctx context.Context) error {
	for {
		i, _, err := read[client.Incident](content(f.GetIncident(ctx, f.number)))
		if err != nil {
			return err
		}
		if err := f.lines(ctx); err != nil {
			return err
		}
		n := slices.IndexFunc(i.Runs, func(r client.Run) bool { return r.ID == f.run })
		switch {
		case n < 0:
			if err := f.missing(); err != nil {
				return err
			}
		case !i.Runs[n].Ended.IsZero():
			return ended(i.Runs[n])
		default:
			f.seen = true
		}
		f.questions(i)
		select {
		case <-ctx.Done():
			return nil // the person has enough
		case <-time.After(lookEvery):
		}
	}
}

// missing fails when a run that is not on record is not waited for any longer.
func (f *follower) missing() error {
	f.unseen++
	switch {
	case f.seen:
		return fmt.Errorf("%s carries %s no more: incident timeline shows it", f.number, f.run)
	case f.unseen > maxUnseen:
		return fmt.Errorf("%s was started, and is not on record of %s yet: incident show and incident timeline will have it", f.run, f.number)
	}
	return nil
}

func ended(r client.Run) error {
	if r.State == incident.RunDone {
		return nil
	}
	return fmt.Errorf("%s %s: %s", r.ID, r.State, r.Outcome)
}

// lines shows what the timeline has of the run since it was read last.
func (f *follower) lines(ctx context.Context) error {
	for {
		page, _, err := read[client.Timeline](content(f.ListTimeline(ctx, f.number, &client.ListTimelineParams{Cursor: f.cursor, Limit: 200})))
		if err != nil {
			return err
		}
		for _, e := range page.Entries {
			if e.Source == f.run && e.Sequence > f.shown {
				f.say("%s  %s", f.clock.at(e.Occurred), f.clock.in(textOf(e)))
			}
			f.shown = max(f.shown, e.Sequence)
		}
		if page.Next == "" {
			return nil
		}
		f.cursor = page.Next
	}
}

// questions shows what the run asks, once, and how it is answered.
func (f *follower) questions(i client.Incident) {
	for _, q := range i.Questions {
		if q.Run != f.run || !q.Answered.IsZero() || f.asked[q.ID] {
			continue
		}
		f.asked[q.ID] = true
		f.say("%s  asks: %s", f.clock.at(q.Asked), q.Text)
		for _, call := range q.Calls {
			f.say("  %s", call)
		}
		f.say("  tocsin incident answer %s %s --choice %s, until %s", f.number, q.ID, strings.Join(q.Choices, "|"), f.clock.at(q.Until))
	}
}
