package activities_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// handOffAt is when ann goes and ben comes.
var handOffAt = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// dutyDesk keeps notices in memory, and hears of hand-offs.
type dutyDesk struct {
	catalog  *catalog.Catalog
	kept     map[string]activities.DutyNotice
	over     map[string]bool
	offered  []string
	away     error
	incident []string
}

func (d *dutyDesk) Current(context.Context) (*catalog.Catalog, error) { return d.catalog, nil }

func (d *dutyDesk) InForce(_ context.Context, from, until time.Time) (catalog.History, error) {
	return catalog.History{{Catalog: d.catalog, From: from, Until: until}}, d.away
}

func (d *dutyDesk) OpenOf(_ context.Context, services, holders []string) ([]string, error) {
	if slices.Contains(services, "pay") && slices.Contains(holders, "ann") {
		return d.incident, nil
	}
	return nil, nil
}

func (d *dutyDesk) KnownNotices(_ context.Context, keys []string) ([]string, error) {
	return slices.DeleteFunc(slices.Clone(keys), func(k string) bool { _, known := d.kept[k]; return !known }), nil
}

func (d *dutyDesk) AddNotices(_ context.Context, list ...activities.DutyNotice) error {
	for _, n := range list {
		if _, known := d.kept[n.Key]; !known {
			d.kept[n.Key] = n
			d.over[n.Key] = n.Person == ""
		}
	}
	return nil
}

func (d *dutyDesk) DueNotices(_ context.Context, at time.Time, _ int) ([]activities.DutyNotice, error) {
	var out []activities.DutyNotice
	for key, n := range d.kept {
		if !d.over[key] && !n.Due.After(at) {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b activities.DutyNotice) int { return strings.Compare(a.Key, b.Key) })
	return out, nil
}

func (d *dutyDesk) PutOffNotice(_ context.Context, key string, due time.Time, tried bool) error {
	n := d.kept[key]
	n.Due = due
	if tried {
		n.Tries++
	}
	d.kept[key] = n
	return nil
}

func (d *dutyDesk) EndNotice(_ context.Context, key string, _ time.Time, _ bool) error {
	d.over[key] = true
	return nil
}

func (d *dutyDesk) HandOff(_ context.Context, number string, h incident.HandOff) error {
	if number == "INC-over" {
		return incident.Errorf(incident.NotFound, "no workflow")
	}
	d.offered = append(d.offered, number+" to "+h.Incoming)
	return nil
}

// handOffWorld is a schedule of ann and ben, a moment after ben came on call.
func handOffWorld(t *testing.T, change ...func(*catalog.Catalog)) (*activities.Herald, *dutyDesk, *phone) {
	t.Helper()
	person := func(id, zone string) catalog.Person {
		return catalog.Person{ID: id, Name: id, Zone: zone, Contacts: []catalog.ContactMethod{{ID: "phone", Kind: "push", Address: id}}}
	}
	c := &catalog.Catalog{
		People:   []catalog.Person{person("ann", "UTC"), person("ben", "Asia/Tokyo")},
		Services: []catalog.Service{{ID: "pay", Escalation: "pay"}},
		Schedules: []oncall.Schedule{{ID: "pay", Zone: "UTC", Rotations: []oncall.Rotation{{
			Name: "primary", Layer: oncall.Layer{Every: oncall.Daily, HandOff: "09:00", Start: "2026-03-01", Participants: []string{"ann", "ben"}},
		}}}},
		Escalations: []oncall.EscalationPolicy{{ID: "pay", Levels: []oncall.Level{{Targets: []oncall.Target{{Schedule: "pay"}}}}}},
	}
	for _, f := range change {
		f(c)
	}
	desk := &dutyDesk{catalog: c, kept: map[string]activities.DutyNotice{}, over: map[string]bool{}, incident: []string{"INC-7", "INC-over"}}
	p := &phone{began: time.Now()}
	return &activities.Herald{
		Pager:   &activities.Pager{Catalogs: desk, Channels: map[string]activities.Channel{"push": p}, Ledger: quietLedger{}},
		Notices: desk, Offers: desk, Now: func() time.Time { return handOffAt.Add(30 * time.Second) },
	}, desk, p
}

func TestHandOffIsToldOnceAndOffersIncidents(t *testing.T) {
	h, desk, p := handOffWorld(t)
	out, err := h.Herald(t.Context())
	require.NoError(t, err)
	require.Equal(t, activities.Heralded{HandOffs: 1, Offered: 2, Told: 2}, out)
	require.Equal(t, []string{"INC-7 to ben"}, desk.offered, "what is over is left out")
	titles := map[string]string{}
	for _, m := range p.got {
		titles[m.Title] = m.Body
		require.False(t, m.Urgent)
	}
	require.Contains(t, titles["You are on call now: pay/primary"], "Since 2026-03-02 18:00:00 JST.\nBefore you: ann.\n")
	require.Contains(t, titles["You are on call now: pay/primary"], "INC-7")
	require.Contains(t, titles["You are off call now: pay/primary"], "After you: ben.")

	out, err = h.Herald(t.Context())
	require.NoError(t, err)
	require.Zero(t, out)
	require.Len(t, p.got, 2)
	require.Len(t, desk.offered, 1)
}

func TestSilentHandOffsStillOffer(t *testing.T) {
	h, desk, p := handOffWorld(t, func(c *catalog.Catalog) { c.Schedules[0].SilentHandOffs = true })
	out, err := h.Herald(t.Context())
	require.NoError(t, err)
	require.Equal(t, activities.Heralded{HandOffs: 1, Offered: 2}, out)
	require.Len(t, desk.offered, 1)
	require.Empty(t, p.got)
}

// Two changes within a second are two hand-offs, and told as far as they still
// hold: ben came at the first, and went at the second.
func TestHandOffsAreToldAsFarAsTheyHold(t *testing.T) {
	h, desk, p := handOffWorld(t, func(c *catalog.Catalog) {
		cai := c.People[0]
		cai.ID, cai.Name = "cai", "cai"
		c.People = append(c.People, cai)
		*c = *c.With(catalog.Overlay{Overrides: []oncall.Override{{
			Schedule: "pay", Rotation: "primary", Kind: oncall.Replace, Person: "cai",
			From: handOffAt.Add(300 * time.Millisecond), Until: handOffAt.Add(time.Hour),
		}}})
	})
	_, err := h.Herald(t.Context())
	require.NoError(t, err)
	var told []string
	for _, m := range p.got {
		told = append(told, m.Title+", "+strings.Split(m.Body, "\n")[1])
	}
	require.ElementsMatch(t, []string{
		"You are off call now: pay/primary, After you: ben.", "You are off call now: pay/primary, After you: cai.",
		"You are on call now: pay/primary, Before you: ben.",
	}, told)
	require.Equal(t, []string{"INC-7 to cai"}, desk.offered, "whoever is on call by now")
}

// After an outage that was longer than the hand-off held, nobody is offered
// anything by it.
func TestAHandOffThatWasUndoneOffersNothing(t *testing.T) {
	h, desk, p := handOffWorld(t, func(c *catalog.Catalog) {
		*c = *c.With(catalog.Overlay{Overrides: []oncall.Override{{
			Schedule: "pay", Rotation: "primary", Kind: oncall.Replace, Person: "ann",
			From: handOffAt.Add(5 * time.Minute), Until: handOffAt.Add(time.Hour),
		}}})
	})
	h.Now = func() time.Time { return handOffAt.Add(20 * time.Minute) }
	_, err := h.Herald(t.Context())
	require.NoError(t, err)
	require.Empty(t, desk.offered, "ann holds it, and is on call")
	require.Len(t, p.got, 2)
	require.ElementsMatch(t, []string{"You are on call now: pay/primary", "You are off call now: pay/primary"}, []string{p.got[0].Title, p.got[1].Title})
}

func TestNoticesWaitForTheEndOfQuietHours(t *testing.T) {
	h, desk, p := handOffWorld(t, func(c *catalog.Catalog) {
		c.People[1].Rules.Quiet = []oncall.Window{{From: "17:00", Until: "20:00"}}
	})
	out, err := h.Herald(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, out.Waiting)
	require.Equal(t, "You are off call now: pay/primary", p.got[0].Title)
	due, err := desk.DueNotices(t.Context(), handOffAt.Add(2*time.Hour), 10)
	require.NoError(t, err)
	require.Len(t, due, 1)
	require.True(t, due[0].Due.Equal(time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC)), "at 20:00 in Tokyo")
	require.Zero(t, due[0].Tries)
}

func TestNoticesAreTriedAgainAndGivenUp(t *testing.T) {
	h, desk, p := handOffWorld(t)
	p.dead = errors.New("no line")
	out, err := h.Herald(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, out.Waiting)
	now := handOffAt.Add(time.Minute)
	h.Now = func() time.Time { return now }
	for range 10 {
		now = now.Add(5 * time.Hour)
		_, _ = h.Herald(t.Context())
	}
	due, err := desk.DueNotices(t.Context(), now.Add(100*time.Hour), 100)
	require.NoError(t, err)
	for _, n := range due {
		require.Less(t, n.Tries, 8)
	}
	require.True(t, desk.over["hand-off/pay/primary/"+"1772442000000000000"+"/ben"], "after eight tries it is given up")
}

// hanging answers nobody.
type hanging struct{}

func (hanging) Send(ctx context.Context, _ string, _ incident.Message) error {
	<-ctx.Done()
	return ctx.Err()
}

// attentive is a phone that is not reached when there is no time left.
type attentive struct{ *phone }

func (a attentive) Send(ctx context.Context, address string, m incident.Message) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return a.phone.Send(ctx, address, m)
}

func TestAChannelThatHangsKeepsNobodyElseFromBeingTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _, p := handOffWorld(t, func(c *catalog.Catalog) { c.People[0].Contacts[0].Kind = "pigeon" })
		h.Pager.Channels["pigeon"], h.Pager.Channels["push"] = hanging{}, attentive{p}
		for range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			out, err := h.Herald(ctx)
			cancel()
			require.NoError(t, err)
			if out.Told == 1 {
				break
			}
		}
		require.Len(t, p.got, 1)
		require.Equal(t, "You are on call now: pay/primary", p.got[0].Title)
	})
}

func TestHeraldGoesOnWithoutTheStore(t *testing.T) {
	h, desk, p := handOffWorld(t)
	desk.away = errors.New("away")
	desk.kept["k"] = activities.DutyNotice{Key: "k", Person: "ann", Title: "T", Due: handOffAt}
	_, err := h.Herald(t.Context())
	require.Error(t, err)
	require.Len(t, p.got, 1, "what is known to be due is told")
}

func TestCodesGoByTheChannelOfTheContactMethod(t *testing.T) {
	p := &phone{began: time.Now()}
	pager := &activities.Pager{Channels: map[string]activities.Channel{"push": p}}
	m := catalog.ContactMethod{ID: "phone", Kind: "push", Address: "secret-topic"}
	require.NoError(t, activities.SendCode(t.Context(), pager, m, "123456"))
	require.Contains(t, p.got[0].Title, "123456")
	m.Kind = "pigeon"
	err := activities.SendCode(t.Context(), pager, m, "123456")
	require.Equal(t, incident.Permanent, incident.KindOf(err))
	require.NotContains(t, err.Error(), "secret-topic")
}
