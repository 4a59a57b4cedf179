package activities

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/coverage"
	"github.com/tocsinhq/tocsin/incident"
)

// Lookout looks ahead for times at which a page would reach nobody, and tells
// the teams whose services they are. Its exported method is an activity.
type Lookout struct {
	Pager *Pager
	Told  Told
}

// Told remembers which gaps a team was told of.
type Told interface {
	ToldGaps(ctx context.Context, team string) ([]string, error)
	// KeepToldGaps remembers that a team knows of these gaps, and forgets all
	// others.
	KeepToldGaps(ctx context.Context, team string, marks []string, at time.Time) error
}

// Ahead says what one look found: how many gaps, and which teams were told.
type Ahead struct {
	Gaps int      `json:"gaps"`
	Told []string `json:"told,omitempty"`
}

// LookAhead looks 14 days ahead, and tells each team of what it was not told
// before: a gap that was there yesterday is no news. It may be tried again:
// each notice goes out once.
func (l *Lookout) LookAhead(ctx context.Context) (Ahead, error) {
	c, err := l.Pager.Catalogs.Current(ctx)
	if err != nil {
		// Also while none was ever applied: one that is must be looked at.
		return Ahead{}, Fail(incident.Errorf(incident.Unavailable, "look ahead: %w", err))
	}
	now := l.Pager.now()
	report := coverage.Check(c, coverage.Question{From: now, Channels: slices.Collect(maps.Keys(l.Pager.Channels))})
	var out Ahead
	for _, team := range c.Teams {
		part := report.Of(team.ID)
		marks := part.Marks()
		out.Gaps += len(marks)
		news, err := l.news(ctx, team.ID, marks)
		if err == nil && news {
			out.Told = append(out.Told, team.ID)
			err = l.tell(ctx, c, team, part)
		}
		if err == nil {
			err = l.Told.KeepToldGaps(ctx, team.ID, marks, now)
		}
		if err != nil {
			return out, Fail(fmt.Errorf("tell team %s of its coverage: %w", team.ID, err))
		}
	}
	return out, nil
}

// news reports whether a team was not told of some of these gaps.
func (l *Lookout) news(ctx context.Context, team string, marks []string) (bool, error) {
	told, err := l.Told.ToldGaps(ctx, team)
	return slices.ContainsFunc(marks, func(mark string) bool { return !slices.Contains(told, mark) }), err
}

// tell sends the leads of a team its gaps, or its members where there are no
// leads whom a notice reaches, or else the last resort: somebody has to know.
// It fails when some of it should be tried again, and not when nobody can be
// reached at all: the report is there to be read.
func (l *Lookout) tell(ctx context.Context, c *catalog.Catalog, team catalog.Team, report coverage.Report) error {
	for _, people := range [][]string{team.Leads, team.Members, c.LastResort} {
		reached := false
		var owed error
		for _, person := range people {
			ok, err := l.notify(ctx, c, person, l.notice(c, team, person, report))
			reached, owed = reached || ok, cmp.Or(owed, err)
		}
		if reached || owed != nil {
			return owed
		}
	}
	return nil
}

// notify sends a notice by every contact method that ordinary pages use.
func (l *Lookout) notify(ctx context.Context, c *catalog.Catalog, person string, m incident.Message) (reached bool, owed error) {
	for _, rule := range c.Contacts(person, catalog.Ordinary) {
		key := m.Key + "/" + rule.Contact
		_, err := l.Pager.once(ctx, effect{key: key, incident: "coverage", what: "notice"}, func() (incident.HandOver, error) {
			sent := m
			sent.Key = key
			return l.Pager.send(ctx, c, person, rule.Contact, sent)
		})
		switch err = Known(err); {
		case err == nil:
			reached = true
		case !final(incident.KindOf(err)):
			owed = err
		}
	}
	return reached, owed
}

// notice writes what is missing, with its times as the person reads them.
func (l *Lookout) notice(c *catalog.Catalog, team catalog.Team, person string, report coverage.Report) incident.Message {
	lines := report.Lines(zoneOf(c, person))
	sum := sha256.Sum256([]byte(strings.Join(report.Marks(), " ")))
	days := int(report.Until.Sub(report.From).Hours() / 24)
	body := fmt.Sprintf("Pages would not reach whom they should:\n\n- %s\n\nMend the schedule, add an override, or "+
		"add a contact method. \"tocsin coverage\" shows what is left.\n", strings.Join(lines, "\n- "))
	return incident.Message{
		// What was mended and comes back another day is told again.
		Key:   fmt.Sprintf("coverage/%s/%s/%s/%s", team.ID, hex.EncodeToString(sum[:8]), report.From.UTC().Format(time.DateOnly), person),
		Title: fmt.Sprintf("On-call coverage of team %s: gaps in the next %d days", cmp.Or(team.Name, team.ID), days),
		Body:  body, At: report.From,
	}
}
