package activities

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/incident/acklink"
)

const (
	// BundleSpan is the time over which pages are counted that go each by
	// itself.
	BundleSpan = time.Minute
	// BundleWait is the longest that a page waits for others to go with it.
	BundleWait = 30 * time.Second
	// handsOver bounds one hand-over.
	handsOver = 10 * time.Second
)

// waits is how long the first, second and further bundles in a row gather: the
// longer more comes, the less often somebody is told.
func waits(urgency catalog.Urgency, before int) time.Duration {
	steps := []time.Duration{3 * time.Second, 10 * time.Second, BundleWait}
	if urgency == catalog.Ordinary {
		steps = steps[1:]
	}
	return steps[min(before, len(steps)-1)]
}

// lane is where pages may be bundled: those of one urgency to one contact
// method of one person. An urgent page is never in the lane of ordinary ones.
type lane struct {
	person, contact string
	urgency         catalog.Urgency
	// answerable pages have an acknowledge link; a question has none.
	answerable bool
}

// bundler keeps a person to whom many incidents turn at once from being
// flooded. It remembers nothing that matters: the page of each incident is
// tried again until it was handed over, alone or with others.
type bundler struct {
	mu    sync.Mutex
	lanes map[lane]*traffic
}

// traffic is what went through a lane lately, and what gathers in it.
type traffic struct {
	alone     []time.Time
	gathering *bundle
	// row counts the bundles that followed one another, last is when the last
	// one went.
	row  int
	last time.Time
}

// bundle is a message for several pages.
type bundle struct {
	members []*member
	done    chan struct{}
	over    incident.HandOver
	err     error
}

// sender hands one message over for several pages.
type sender func(context.Context, []PageOrder) (incident.HandOver, error)

// member is one page of a bundle. It is gone once nobody waits for it, and going
// once the message is on its way.
type member struct {
	order       PageOrder
	gone, going bool
}

// admit reports whether a page goes by itself: the first one always does, and so
// many within a span.
func (b *bundler) admit(l lane, now time.Time, limit int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.lane(l, now)
	if len(t.alone) >= limit {
		return false
	}
	t.alone = append(t.alone, now)
	return true
}

// withdraw takes back an admission at a time by which nothing was handed over.
func (b *bundler) withdraw(l lane, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.lane(l, at)
	if n := slices.Index(t.alone, at); n >= 0 {
		t.alone = slices.Delete(t.alone, n, n+1)
	}
}

// lane returns the traffic of a lane, and forgets lanes that are quiet.
func (b *bundler) lane(l lane, now time.Time) *traffic {
	if b.lanes == nil {
		b.lanes = map[lane]*traffic{}
	}
	if len(b.lanes) > memorySize {
		for other, t := range b.lanes {
			if t.recent(now); len(t.alone) == 0 && t.gathering == nil && now.Sub(t.last) >= BundleSpan {
				delete(b.lanes, other)
			}
		}
	}
	t := b.lanes[l]
	if t == nil {
		t = &traffic{}
		b.lanes[l] = t
	}
	t.recent(now)
	return t
}

// recent drops what went by longer ago than is counted.
func (t *traffic) recent(now time.Time) {
	for len(t.alone) > 0 && now.Sub(t.alone[0]) >= BundleSpan {
		t.alone = t.alone[1:]
	}
}

// join adds a page to the bundle that gathers in a lane, and returns when that
// was handed over, with its result. Whoever stops waiting leaves the bundle,
// until it is on its way: then its result is waited for, lest it be sent again.
func (b *bundler) join(ctx context.Context, l lane, o PageOrder, send sender) (incident.HandOver, error) {
	m := &member{order: o}
	mine := b.enter(ctx, l, m, send)
	select {
	case <-mine.done:
		return mine.over, mine.err
	case <-ctx.Done():
	}
	if b.leave(m) {
		return incident.HandOver{}, incident.Errorf(incident.Unavailable, "the bundle was not handed over in time: %w", ctx.Err())
	}
	<-mine.done
	return mine.over, mine.err
}

// leave takes a page out of its bundle, unless that is on its way.
func (b *bundler) leave(m *member) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	m.gone = !m.going
	return m.gone
}

func (b *bundler) enter(ctx context.Context, l lane, m *member, send sender) *bundle {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.lane(l, time.Now())
	if t.gathering == nil {
		t.gathering = &bundle{done: make(chan struct{})}
		if now := time.Now(); now.Sub(t.last) >= BundleSpan {
			t.row = 0
		}
		// It is for all who join, and outlives whoever came first.
		go b.handOver(context.WithoutCancel(ctx), gathering{l, t.gathering, waits(l.urgency, t.row)}, send)
	}
	t.gathering.members = append(t.gathering.members, m)
	return t.gathering
}

// gathering is a bundle that others may still join.
type gathering struct {
	lane lane
	mine *bundle
	wait time.Duration
}

// handOver sends a bundle once it has gathered.
func (b *bundler) handOver(ctx context.Context, g gathering, send sender) {
	defer close(g.mine.done)
	gathered := time.NewTimer(g.wait)
	defer gathered.Stop()
	<-gathered.C
	orders := b.close(g)
	if len(orders) == 0 {
		return
	}
	g.mine.over, g.mine.err = send(ctx, orders)
}

// close lets nobody else join, and returns whose page still waits.
func (b *bundler) close(g gathering) []PageOrder {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	t := b.lane(g.lane, now)
	t.gathering, t.last = nil, now
	t.row++
	var out []PageOrder
	for _, m := range g.mine.members {
		if !m.gone {
			m.going = true
			out = append(out, m.order)
		}
	}
	return out
}

// listed bounds the incidents that a bundle names one by one.
const listed = 20

// bundled writes one message for several pages: how many, which, and one link
// to acknowledge them all.
func (p *Pager) bundled(orders []PageOrder) incident.Message {
	first := orders[0]
	numbers := make([]string, len(orders))
	var body strings.Builder
	for n, o := range orders {
		numbers[n] = o.Incident
		if n < listed {
			fmt.Fprintf(&body, "%s %s %s: %s\n", o.Incident, cmp.Or(o.Severity, "unknown"), o.Service, o.Why)
		}
	}
	if more := len(orders) - listed; more > 0 {
		fmt.Fprintf(&body, "and %d more\n", more)
	}
	m := incident.Message{
		Key: bundleKey(orders), Incident: first.Incident, Title: andMore(len(orders) - 1),
		Urgent: first.Urgency == catalog.Urgent, Severity: first.Severity, Service: first.Service, At: first.Due,
	}
	claims := first.claims()
	if claims.Also = acklink.Fitting(numbers[1:]); first.Answerable {
		m.AckURL = p.Links.Acknowledge(claims)
		m.AckAction = m.AckURL
		if left := len(numbers) - 1 - len(claims.Also); left > 0 {
			fmt.Fprintf(&body, "\nThe link acknowledges all but the last %d.\n", left)
		}
	}
	m.Links = []incident.MessageLink{{Title: "Incidents", URL: p.Links.Linked(claims)}}
	m.Body = body.String()
	return m
}

func andMore(n int) string {
	if n == 1 {
		return "and one more incident page you"
	}
	return fmt.Sprintf("and %d more incidents page you", n)
}

// bundleKey is the same for the same pages.
func bundleKey(orders []PageOrder) string {
	keys := make([]string, len(orders))
	for n, o := range orders {
		keys[n] = o.Key
	}
	slices.Sort(keys)
	sum := sha256.Sum256([]byte(strings.Join(keys, "\n")))
	return "bundle/" + hex.EncodeToString(sum[:12])
}
