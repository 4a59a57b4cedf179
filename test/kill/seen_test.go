package kill_test

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/test/scene"
)

// seen is what the world outside has of one incident, in words that are the
// same for every incident that is played alike.
type seen struct {
	// Pages lists pushes and webhooks by key, Mails by recipient and subject,
	// Tickets by label, each once however often it arrived.
	Pages, Mails, Tickets []string
	// Rollbacks counts operations at the deploy target, Acks those who hold it.
	Rollbacks, Acks int
	// Kinds counts entries of the timeline.
	Kinds map[string]int
	// Phase is where it ended.
	Phase string
}

// look looks at everything outside, and at the record.
func look(t *testing.T, w *scene.World, i *scene.Incident) seen {
	t.Helper()
	out := seen{Pages: pages(w, i.Number), Mails: mails(w, i.Number), Tickets: tickets(w, i.Number), Kinds: map[string]int{}}
	for _, o := range w.Sandbox.Deployer.Operations() {
		if o.Service == i.Service {
			out.Rollbacks++
		}
	}
	for _, e := range timeline(t, w, i.Number) {
		if !ofTrouble(e.Kind) {
			out.Kinds[e.Kind]++
		}
	}
	out.Acks = out.Kinds["acknowledged"]
	closed, err := w.Incident(t.Context(), i.Number, "the end", func(*client.Incident) bool { return true })
	require.NoError(t, err)
	out.Phase = string(closed.Phase)
	return out
}

// ofTrouble reports whether an entry says only that something was away for a
// while.
func ofTrouble(kind string) bool {
	return slices.Contains([]string{"lookup.failed", "page.retried", "publish.failed"}, kind)
}

// timeline reads until the store answers, and holds what it reads to being
// whole.
func timeline(t *testing.T, w *scene.World, number string) []client.Entry {
	t.Helper()
	entries, err := scene.Until(t.Context(), w, "the timeline of "+number, func(ctx context.Context) ([]client.Entry, bool) {
		entries, err := w.Timeline(ctx, number)
		return entries, err == nil
	})
	require.NoError(t, err)
	for n, e := range entries {
		require.Equal(t, n+1, e.Sequence, "%s: the timeline has no gap and nothing twice", number)
	}
	return entries
}

// anonymous replaces what differs from incident to incident.
func anonymous(text, number string) string {
	text = strings.ReplaceAll(text, number, "INC")
	text = strings.ReplaceAll(text, strings.ToLower(number), "inc")
	return regexp.MustCompile(`shop[0-9]{2}`).ReplaceAllString(text, "shop")
}

func distinct(list map[string]string) []string { return slices.Sorted(maps.Values(list)) }

func pages(w *scene.World, number string) []string {
	out := map[string]string{}
	for _, p := range w.Sandbox.Phone.Pages("") {
		if scene.About(p.Key, number) {
			out[p.Topic+" "+p.Key] = p.Topic + " " + anonymous(p.Key, number)
		}
	}
	for _, h := range w.Sandbox.Phone.Hooks("") {
		if scene.About(h.Key, number) {
			out[h.Name+" "+h.Key] = h.Name + " " + anonymous(h.Key, number)
		}
	}
	return distinct(out)
}

func mails(w *scene.World, number string) []string {
	out := map[string]string{}
	for _, m := range w.Mails(number) {
		out[m.MessageID] = fmt.Sprintf("%v %s", m.To, anonymous(m.Subject, number))
	}
	return distinct(out)
}

func tickets(w *scene.World, number string) []string {
	out := map[string]string{}
	for _, i := range w.Sandbox.Jira.Issues() {
		for _, label := range i.Labels {
			if scene.About(label, "tocsin-"+strings.ToLower(number)) {
				out[i.Key] = fmt.Sprintf("%s %s %d links", anonymous(label, number), i.Resolution, len(i.Links))
			}
		}
	}
	return distinct(out)
}

// promised is how long a page may take from the later of its due time and the
// recovery.
const promised = 10 * time.Second

// lateness returns how late each page of an incident was, by its key: from the
// latest of its due time and the recoveries before it arrived.
func lateness(t *testing.T, s *stack, number string) map[string]time.Duration {
	t.Helper()
	arrived := map[string]time.Time{}
	note := func(key string, at time.Time) {
		if first, ok := arrived[key]; !ok || at.Before(first) {
			arrived[key] = at
		}
	}
	for _, p := range s.world.Sandbox.Phone.Pages("") {
		note(p.Key, p.Received)
	}
	for _, h := range s.world.Sandbox.Phone.Hooks("") {
		note(h.Key, h.Received)
	}
	list, err := scene.Until(t.Context(), s.world, "the pages of "+number, func(ctx context.Context) ([]client.Page, bool) {
		list, err := s.world.Pages(ctx, number)
		return list, err == nil
	})
	require.NoError(t, err)
	out := map[string]time.Duration{}
	for _, p := range list {
		at, ok := arrived[p.Key]
		if !ok {
			continue // a mail, or never handed over
		}
		out[p.Key] = at.Sub(s.counted(p.Kind, p.Due, at))
	}
	return out
}

// counted is from when a page by a kind of contact method that arrived at a
// time counts as late.
func (s *stack) counted(kind string, due, arrived time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := due
	for _, o := range s.outages {
		switch {
		case !o.concerns(kind), o.mute: // it kept nothing from arriving
		case o.to.Before(arrived) && o.to.After(from):
			from = o.to
		case o.from.Before(arrived) && o.to.After(arrived):
			return arrived // something was away: not late yet
		}
	}
	return from
}
