package incident_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
)

// looked walks an incident whose first level finds bob, and cora nowhere.
func looked(t *testing.T) (*incident.Incident, []incident.Entry, []incident.Page) {
	t.Helper()
	i := opened(t)
	s := i.Summons("alert-1")
	i.NextLevel(s, after(5*time.Minute))
	i.BeginLevel(s, incident.Roster{
		Reach:   []incident.Reach{{Person: "bob", Contact: "phone", Kind: "push", Reason: "on call in shop/secondary"}},
		Missing: []string{"dora (on call in shop/third) has no contact method"}, Catalog: 12,
	}, after(5*time.Minute))
	var pages []incident.Page
	for _, p := range s.Pages {
		if p.Person == "bob" {
			i.HandedOver(s, p, after(5*time.Minute), after(5*time.Minute))
		}
		pages = append(pages, *p)
	}
	return i, i.Drain(), pages
}

func texts(x incident.Explanation) []string {
	var out []string
	for _, why := range x.Reasons {
		out = append(out, why.Text)
	}
	return out
}

func TestWhySomebodyWasPaged(t *testing.T) {
	i, entries, pages := looked(t)
	x := incident.Explain(i, entries, pages, "bob")
	require.True(t, x.Paged)
	require.Contains(t, texts(x), "Level 2 of alert-1 (schedule shop/secondary) meant bob: on call in shop/secondary. Catalog version 12.")
	require.Contains(t, texts(x), "A page by push (phone, alert-1) was due: on call in shop/secondary. It was handed over at 2026-03-02 12:05:00 UTC.")
}

func TestWhySomebodyWasNotPaged(t *testing.T) {
	i, entries, pages := looked(t)
	x := incident.Explain(i, entries, pages, "cora")
	require.False(t, x.Paged)
	require.Contains(t, texts(x), "Level 2 of alert-1 (schedule shop/secondary) did not mean cora: it found bob (on call in shop/secondary). Catalog version 12.")
	require.Contains(t, texts(incident.Explain(i, entries, pages, "dora")), "dora (on call in shop/third) has no contact method.")
}

func TestWhyCallsTheLastResortByItsName(t *testing.T) {
	i := opened(t)
	s := i.Summons("alert-1")
	i.NextLevel(s, after(5*time.Minute))
	i.BeginLevel(s, incident.Roster{Missing: []string{"schedule shop/secondary means nobody now"}, Catalog: 12}, after(5*time.Minute))
	for !i.AtLastResort(s) {
		i.NextLevel(s, after(10*time.Minute))
	}
	i.BeginLevel(s, incident.Roster{Reach: []incident.Reach{{Person: "heidi", Contact: "phone", Kind: "push", Reason: i.Named(s)}}, Catalog: 12}, after(10*time.Minute))
	entries := i.Drain()
	require.Contains(t, texts(incident.Explain(i, entries, nil, "heidi")), "The last resort of alert-1 (heidi, ivan) meant heidi: of the last resort. Catalog version 12.")
	require.True(t, slices.ContainsFunc(entries, func(e incident.Entry) bool {
		return e.Text == "Level 2 (alert-1) reaches nobody: schedule shop/secondary means nobody now; going on at once."
	}))
}

func TestWhyNamesTheLevelsThatWereNeverBegun(t *testing.T) {
	i := opened(t)
	x := incident.Explain(i, i.Drain(), nil, "bob")
	require.Equal(t, "Never begun so far: level 2 (schedule shop/secondary).", texts(x)[len(x.Reasons)-1])
}

func TestWhyTellsWhatBecameOfAPage(t *testing.T) {
	for state, want := range map[incident.PageState]string{
		incident.PageFailed:     "It failed: the address is dead.",
		incident.PageSuperseded: "It was not handed over: somebody answered before, or a later page took its place.",
		incident.PageDue:        "It was not handed over yet.",
	} {
		p := incident.Page{Person: "bob", Kind: "sms", Contact: "mobile", Summons: "alert-1", Reason: "on call", Due: noon, State: state, Error: "the address is dead"}
		x := incident.Explain(opened(t), nil, []incident.Page{p}, "bob")
		require.Contains(t, texts(x)[0], want)
		require.False(t, x.Paged)
	}
}

func TestWhyTellsInOrderHowSomebodyWasTriedAndHowTheyAnswered(t *testing.T) {
	i := opened(t)
	s := i.Summons("alert-1")
	i.NextLevel(s, after(time.Minute))
	i.BeginLevel(s, incident.Roster{Reach: []incident.Reach{{Person: "bob", Contact: "text", Kind: "sms", Reason: "on call"}}}, after(time.Minute))
	p := s.Pages[len(s.Pages)-1]
	i.FirstTryFailed(s, p, after(time.Minute))
	due := *p
	_, err := i.Acknowledge(incident.Header{By: incident.Person("bob"), At: after(2 * time.Minute), Via: "sms"}, incident.Acknowledge{}, after(2*time.Minute))
	require.NoError(t, err)
	told := texts(incident.Explain(i, i.Drain(), []incident.Page{due}, "bob"))
	require.Equal(t, []string{
		"Level 2 of alert-1 (schedule shop/secondary) meant bob: on call. Catalog version 0.",
		"bob could not be reached by sms yet; trying on.",
		"A page by sms (text, alert-1) was due: on call. It was not handed over yet.",
		"bob acknowledged. It came by sms.",
	}, told[len(told)-4:])
}

func TestTheHolderIsPagedAheadOfTheLevelsOfThePolicy(t *testing.T) {
	i := mitigated(t)
	i.TakeAlerts([]alerts.Alert{since(firing("a"), 25*time.Minute)}, 0, after(25*time.Minute))
	s := only(t, i, incident.ForAlert)
	page(t, i, s, after(25*time.Minute), "alice")
	entries := i.Drain()
	require.Equal(t, -1, entries[len(entries)-2].Looked.Level)
	require.Equal(t, "The holder (alert-2) pages alice.", entries[len(entries)-2].Text)
	x := incident.Explain(i, entries, nil, "bob")
	require.Contains(t, texts(x), "The holder of alert-2 (alice) did not mean bob: it found alice (on call). Catalog version 0.")
	require.Contains(t, texts(x)[len(texts(x))-1], "Never begun so far: level 2 (schedule shop/secondary).")

	i.NextLevel(s, after(30*time.Minute))
	page(t, i, s, after(30*time.Minute), "alice")
	entries = append(entries, i.Drain()...)
	require.Equal(t, "Level 1 (alert-2) pages alice.", entries[len(entries)-2].Text)
	require.Contains(t, texts(incident.Explain(i, entries, nil, "bob")), "Never begun so far: level 2 (schedule shop/secondary).")
}
