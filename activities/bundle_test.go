package activities_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// phone is a channel that keeps what it gets, with the time since it was made.
type phone struct {
	began time.Time
	dead  error

	mu  sync.Mutex
	got []received
}

type received struct {
	after time.Duration
	incident.Message
}

func (p *phone) Send(_ context.Context, _ string, m incident.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead != nil {
		return p.dead
	}
	p.got = append(p.got, received{time.Since(p.began), m})
	return nil
}

// quietLedger remembers nothing, and may be asked by many at once.
type quietLedger struct{}

func (quietLedger) Made(context.Context, string) (activities.Attempt, bool, error) {
	return activities.Attempt{}, false, nil
}
func (quietLedger) Attempt(context.Context, ...activities.Attempt) error { return nil }

// flood pages alice from so many incidents at once, and returns the errors.
func flood(t *testing.T, p *phone, n int, urgency catalog.Urgency) []error {
	t.Helper()
	pager := newOutside().pager()
	pager.Channels, pager.Ledger = map[string]activities.Channel{"push": p}, quietLedger{}
	return pageAll(t.Context(), pager, n, urgency)
}

func pageAll(ctx context.Context, pager *activities.Pager, n int, urgency catalog.Urgency) []error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { _, errs[i] = pager.Page(ctx, order(i, urgency)) })
	}
	all.Wait()
	return errs
}

func order(i int, urgency catalog.Urgency) activities.PageOrder {
	number := fmt.Sprintf("INC-%d", i+1)
	return activities.PageOrder{
		Key: number + "/alert-1/r0/l0/alice/phone", Incident: number, Person: "alice", Contact: "phone", Why: "Shard fails",
		Service: "search", Severity: "SEV3", Urgency: urgency, Answerable: true, Patient: true,
	}
}

func TestAThousandIncidentsAreFewMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &phone{began: time.Now()}
		for _, err := range flood(t, p, 1000, catalog.Urgent) {
			require.NoError(t, err, "each incident knows that its page was handed over")
		}
		require.Len(t, p.got, catalog.DefaultPagesPerMinute+1)
		for _, alone := range p.got[:catalog.DefaultPagesPerMinute] {
			require.Zero(t, alone.after, "the first ones never wait")
			require.Contains(t, alone.Body, "Shard fails")
		}
		together := p.got[catalog.DefaultPagesPerMinute]
		require.Equal(t, 3*time.Second, together.after)
		require.Equal(t, "and 994 more incidents page you", together.Title)
		require.Equal(t, 20, strings.Count(together.Body, "Shard fails"))
		require.Contains(t, together.Body, "and 975 more")
		require.NotEmpty(t, together.AckURL)
		require.True(t, together.Urgent)
	})
}

func TestUrgentPagesAreNeverBehindOrdinaryOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &phone{began: time.Now()}
		pager := newOutside().pager()
		pager.Channels, pager.Ledger = map[string]activities.Channel{"push": p}, quietLedger{}
		var both sync.WaitGroup
		both.Go(func() { pageAll(t.Context(), pager, 50, catalog.Ordinary) })
		synctest.Wait() // the ordinary ones gather
		_, err := pager.Page(t.Context(), order(77, catalog.Urgent))
		require.NoError(t, err)
		p.mu.Lock()
		last := p.got[len(p.got)-1]
		p.mu.Unlock()
		require.Equal(t, "INC-78", last.Incident)
		require.Zero(t, last.after)
		both.Wait()
	})
}

func TestTheLongerItGoesOnTheLessOftenSomebodyIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &phone{began: time.Now()}
		pager := newOutside().pager()
		pager.Channels, pager.Ledger = map[string]activities.Channel{"push": p}, quietLedger{}
		var all sync.WaitGroup
		for i := range 150 { // one a second
			all.Go(func() {
				o := order(i, catalog.Urgent)
				_, err := pager.Page(t.Context(), o)
				require.NoError(t, err)
			})
			time.Sleep(time.Second) //nolint:forbidigo // the clock of a bubble, which takes no time
		}
		all.Wait()
		require.Less(t, len(p.got), 25)
		for _, m := range p.got[:catalog.DefaultPagesPerMinute] {
			require.NotContains(t, m.Title, "incidents")
		}
	})
}

func TestWhoHasNoTimeToWaitIsToldLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &phone{began: time.Now()}
		pager := newOutside().pager()
		pager.Channels, pager.Ledger = map[string]activities.Channel{"push": p}, quietLedger{}
		pageAll(t.Context(), pager, catalog.DefaultPagesPerMinute, catalog.Urgent)
		o := order(50, catalog.Urgent)
		o.Patient = false
		sent, err := pager.Page(t.Context(), o)
		require.NoError(t, err)
		require.True(t, sent.Later)
		require.Len(t, p.got, catalog.DefaultPagesPerMinute)
	})
}

func TestPagesGoByThemselvesAgainAfterAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &phone{began: time.Now()}
		pager := newOutside().pager()
		pager.Channels, pager.Ledger = map[string]activities.Channel{"push": p}, quietLedger{}
		pageAll(t.Context(), pager, catalog.DefaultPagesPerMinute, catalog.Urgent)
		time.Sleep(activities.BundleSpan) //nolint:forbidigo // the clock of a bubble, which takes no time
		_, err := pager.Page(t.Context(), order(99, catalog.Urgent))
		require.NoError(t, err)
		require.Equal(t, activities.BundleSpan, p.got[len(p.got)-1].after)
	})
}

func TestABundleThatFailsFailsForEachOfIts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &phone{began: time.Now(), dead: errAway}
		for _, err := range flood(t, p, 20, catalog.Urgent) {
			require.Equal(t, incident.Unavailable, incident.KindOf(activities.Known(err)), "and is tried again by each")
		}
	})
}

func TestWhoStopsWaitingIsNotInTheBundle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &phone{began: time.Now()}
		pager := newOutside().pager()
		pager.Channels, pager.Ledger = map[string]activities.Channel{"push": p}, quietLedger{}
		pageAll(t.Context(), pager, catalog.DefaultPagesPerMinute, catalog.Urgent)
		ctx, cancel := context.WithCancel(t.Context())
		var answered sync.WaitGroup
		answered.Go(func() {
			_, err := pager.Page(ctx, order(50, catalog.Urgent))
			require.Error(t, err)
		})
		answered.Go(func() {
			_, err := pager.Page(t.Context(), order(51, catalog.Urgent))
			require.NoError(t, err)
		})
		synctest.Wait()
		cancel()
		answered.Wait()
		require.Equal(t, "INC-52", p.got[len(p.got)-1].Incident)
		require.NotContains(t, p.got[len(p.got)-1].Title, "incidents")
	})
}

func TestEveryBeatGoesByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &phone{began: time.Now()}
		pager := newOutside().pager()
		pager.Channels, pager.Ledger = map[string]activities.Channel{"push": p}, quietLedger{}
		for n := range 3 * catalog.DefaultPagesPerMinute {
			o := order(0, catalog.Urgent)
			o.Incident = incident.BeatNumber(p.began.Add(time.Duration(n) * time.Second))
			o.Key = o.Incident + "/page"
			sent, err := pager.Page(t.Context(), o)
			require.NoError(t, err)
			require.False(t, sent.Later)
		}
		require.Len(t, p.got, 3*catalog.DefaultPagesPerMinute)
		require.Zero(t, p.got[len(p.got)-1].after)
	})
}

func TestTriesThatFailDoNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &phone{began: time.Now(), dead: errAway}
		pager := newOutside().pager()
		pager.Channels, pager.Ledger = map[string]activities.Channel{"push": p}, quietLedger{}
		for range 2 * catalog.DefaultPagesPerMinute {
			_, err := pager.Page(t.Context(), order(0, catalog.Urgent))
			require.Error(t, err)
		}
		p.dead = nil
		for n := range catalog.DefaultPagesPerMinute {
			_, err := pager.Page(t.Context(), order(n, catalog.Urgent))
			require.NoError(t, err)
			_, err = pager.Page(t.Context(), order(n, catalog.Urgent))
			require.NoError(t, err, "and neither does what was handed over before")
		}
		require.Len(t, p.got, catalog.DefaultPagesPerMinute)
		require.Zero(t, p.got[len(p.got)-1].after, "the outage is over, and nothing waits for others")
	})
}

func TestEveryPageToAWebhookGoesByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &phone{began: time.Now()}
		pager := newOutside().pager()
		c, err := catalog.Parse(catalog.File{Name: "catalog.yaml", Data: []byte(team)})
		require.NoError(t, err)
		pager.Catalogs, pager.Channels, pager.Ledger = fixed{c}, map[string]activities.Channel{"webhook": p}, quietLedger{}
		for n := range 3 * catalog.DefaultPagesPerMinute {
			o := order(n, catalog.Urgent)
			o.Person, o.Contact, o.Patient = "webhook:wall", "webhook", false
			sent, err := pager.Page(t.Context(), o)
			require.NoError(t, err)
			require.False(t, sent.Later, "it is a machine that reads them")
		}
		require.Len(t, p.got, 3*catalog.DefaultPagesPerMinute)
	})
}

func TestWhoLeavesWhileTheBundleGoesIsNotToldTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &hesitant{phone: phone{began: time.Now()}, takes: time.Second}
		pager := newOutside().pager()
		pager.Channels, pager.Ledger = map[string]activities.Channel{"push": p}, quietLedger{}
		pageAll(t.Context(), pager, catalog.DefaultPagesPerMinute, catalog.Urgent)
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond) // the bundle goes after 3 seconds
		defer cancel()
		_, err := pager.Page(ctx, order(50, catalog.Urgent))
		require.NoError(t, err, "nobody waits for it, but it is on its way")
		sent, err := pager.Page(t.Context(), order(50, catalog.Urgent))
		require.NoError(t, err)
		require.True(t, sent.Before)
		require.Len(t, p.got, catalog.DefaultPagesPerMinute+1)
	})
}

// hesitant is a phone that takes its time.
type hesitant struct {
	phone
	takes time.Duration
}

func (s *hesitant) Send(ctx context.Context, address string, m incident.Message) error {
	time.Sleep(s.takes) //nolint:forbidigo // the clock of a bubble, which takes no time
	return s.phone.Send(ctx, address, m)
}
