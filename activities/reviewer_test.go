package activities_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// past is a week that people were woken in.
type past struct {
	*ahead
	asked [2]time.Time
	woken []incident.Woken
	err   error
}

func newPast() *past {
	p := &past{ahead: newAhead()}
	p.now = time.Date(2026, 10, 19, 8, 0, 0, 0, time.UTC) // a Monday
	p.catalog.Audiences = []catalog.Audience{{ID: "ops", Address: "ops@example.org"}}
	p.catalog.Settings.NoiseReport.Audience = "ops"
	night := time.Date(2026, 10, 12, 20, 30, 0, 0, time.UTC) // 22:30 of alice's clock
	p.woken = []incident.Woken{
		{Rule: "Disk", Service: "shop", Unanswered: true, Flapped: true, Pages: []incident.HandedPage{{Person: "alice", At: night}, {Person: "bob", At: night}}},
		{Rule: "Errors", Service: "shop"},
	}
	return p
}

func (p *past) Woken(_ context.Context, from, until time.Time) ([]incident.Woken, error) {
	p.asked = [2]time.Time{from, until}
	return p.woken, p.err
}

// Made remembers as the ledger does, whatever process asks.
func (p *past) Made(_ context.Context, key string) (activities.Attempt, bool, error) {
	n := slices.IndexFunc(p.attempts, func(a activities.Attempt) bool { return a.Key == key && a.Error == "" })
	if n < 0 {
		return activities.Attempt{}, false, nil
	}
	return p.attempts[n], true, nil
}

func (p *past) report(t *testing.T) (activities.Reported, error) {
	t.Helper()
	pager := p.pager()
	pager.Catalogs, pager.Ledger, pager.Now = p, p, func() time.Time { return p.now }
	return (&activities.Reviewer{Pager: pager, Mailer: p, Past: p}).ReportNoise(t.Context())
}

func TestTheNoiseReportIsMailedOnceAWeek(t *testing.T) {
	p := newPast()
	got, err := p.report(t)
	require.NoError(t, err)
	require.Equal(t, activities.Reported{Week: "2026-W42", Audience: "ops", Rules: 2}, got)
	require.Equal(t, time.Date(2026, 10, 12, 0, 0, 0, 0, time.UTC), p.asked[0], "the last whole week")
	require.Equal(t, time.Date(2026, 10, 19, 0, 0, 0, 0, time.UTC), p.asked[1])
	require.Len(t, p.mails, 1)
	require.Equal(t, []string{"ops@example.org"}, p.mails[0].To)
	require.Equal(t, "Noise report of week 2026-W42", p.mails[0].Subject)
	require.Contains(t, p.mails[0].Text, "1. Disk (shop), score 4: incidents 1, pages 2, at night 1, not actionable 0, unanswered 1, flapping 1\n")
	require.Contains(t, p.mails[0].Text, "2. Errors (shop), score 0:")

	p.now = p.now.Add(6*24*time.Hour + 15*time.Hour) // Sunday, 23:00
	_, err = p.report(t)
	require.NoError(t, err)
	require.Len(t, p.mails, 1, "it is still the same week")

	p.now = p.now.Add(time.Hour)
	p.woken = nil
	got, err = p.report(t)
	require.NoError(t, err)
	require.Equal(t, "2026-W43", got.Week)
	require.Len(t, p.mails, 2)
	require.Contains(t, p.mails[1].Text, "No alert opened an incident.")
}

func TestALongNoiseReportIsCut(t *testing.T) {
	p := newPast()
	for n := range 25 {
		p.woken = append(p.woken, incident.Woken{Rule: string(rune('a' + n)), Service: "shop"})
	}
	_, err := p.report(t)
	require.NoError(t, err)
	require.Contains(t, p.mails[0].Text, "And 7 more: tocsin report noise shows them all.")
}

func TestNobodyIsMailedWhereNoAudienceIsNamed(t *testing.T) {
	p := newPast()
	p.catalog.Settings.NoiseReport.Audience = ""
	got, err := p.report(t)
	require.NoError(t, err)
	require.Equal(t, activities.Reported{Week: "2026-W42"}, got)
	require.Empty(t, p.mails)
}

func TestANoiseReportThatFailsIsTriedAgain(t *testing.T) {
	p := newPast()
	p.err = incident.Errorf(incident.Unavailable, "away")
	_, err := p.report(t)
	require.ErrorContains(t, err, "away")
	p.err = nil
	p.broken["catalog"] = errors.New("away")
	_, err = p.report(t)
	require.Error(t, err)
	delete(p.broken, "catalog")
	_, err = p.report(t)
	require.NoError(t, err)
	require.Len(t, p.mails, 1)
}
