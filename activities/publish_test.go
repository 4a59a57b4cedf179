package activities_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/incident/acklink"
)

// outside is everything beyond the activities of paging and publishing.
type outside struct {
	// broken maps "push", "mail", "ticket", "catalog", "ledger" to why it
	// does not work.
	broken   map[string]error
	pages    []incident.Message
	mails    []incident.Mail
	opened   []incident.Ticket
	patient  int
	statuses []incident.TicketStatus
	made     map[string]bool
	attempts []activities.Attempt
	outputs  []incident.Output
}

func newOutside() *outside {
	return &outside{broken: map[string]error{}, made: map[string]bool{}}
}

// noon is when the ledger says that something was made.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

var (
	errAway = incident.Errorf(incident.Unavailable, "away")
	errDead = incident.Errorf(incident.Permanent, "refused for good")
)

func (o *outside) Current(context.Context) (*catalog.Catalog, error) {
	return &catalog.Catalog{
		People: []catalog.Person{
			{ID: "alice", Contacts: []catalog.ContactMethod{{ID: "phone", Kind: "push", Address: "secret-topic"}}, Rules: catalog.Rules{
				Urgent: []catalog.Rule{{Contact: "phone"}}, Ordinary: []catalog.Rule{{Contact: "phone"}},
			}},
		},
		Audiences: []catalog.Audience{
			{ID: "staff", Address: "staff@example.org"}, {ID: "customers", Address: "all@example.org", External: true},
		},
	}, o.broken["catalog"]
}

func (o *outside) Send(_ context.Context, _ string, m incident.Message) error {
	if err := o.broken["push"]; err != nil {
		return err
	}
	o.pages = append(o.pages, m)
	return nil
}

func (o *outside) SendMail(_ context.Context, m incident.Mail) error {
	if err := o.broken["mail"]; err != nil {
		return err
	}
	o.mails = append(o.mails, m)
	return nil
}

func (o *outside) Ensure(_ context.Context, t incident.Ticket) (incident.TicketRef, error) {
	if err := o.broken["ticket"]; err != nil {
		return incident.TicketRef{}, err
	}
	o.opened = append(o.opened, t)
	return incident.TicketRef{ID: t.Label, Key: "OPS-1"}, nil
}

func (o *outside) EnsureAgain(ctx context.Context, t incident.Ticket) (incident.TicketRef, error) {
	o.patient++
	return o.Ensure(ctx, t)
}

func (o *outside) Update(context.Context, incident.TicketRef, incident.Ticket) error {
	return o.broken["ticket"]
}

func (o *outside) Read(context.Context, []incident.TicketRef) ([]incident.TicketStatus, error) {
	return o.statuses, o.broken["ticket"]
}

func (o *outside) Incident(context.Context, string) (*incident.Incident, error) {
	return &incident.Incident{Number: "INC-1", Title: "Payments fail", Revision: 5}, o.broken["store"]
}

func (o *outside) Highlights(context.Context, string, int) ([]incident.Entry, error) { return nil, nil }

func (o *outside) Outputs(context.Context, string, int) ([]incident.Output, error) {
	return o.outputs, nil
}

func (o *outside) Made(_ context.Context, key string) (activities.Attempt, bool, error) {
	return activities.Attempt{Key: key, At: noon, Provider: "bells", Reference: "bell-1"}, o.made[key], o.broken["ledger"]
}

func (o *outside) Attempt(_ context.Context, list ...activities.Attempt) error {
	o.attempts = append(o.attempts, list...)
	return o.broken["ledger"]
}

func (o *outside) pager() *activities.Pager {
	return &activities.Pager{
		Catalogs: o, Channels: map[string]activities.Channel{"push": o}, Ledger: o,
		Links: activities.Links{Base: "https://tocsin.example.org", Signer: acklink.Signer{Key: []byte("0123456789abcdef0123456789abcdef"), TTL: time.Hour}},
	}
}

func (o *outside) publisher() *activities.Publisher {
	return &activities.Publisher{Pager: o.pager(), Mailer: o, Tracker: o, Incidents: o}
}

// publish runs the activity as a worker would.
func publish(t *testing.T, p *activities.Publisher, o activities.Publication) (activities.Published, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(p)
	value, err := env.ExecuteActivity(p.Publish, o)
	var out activities.Published
	if err == nil {
		require.NoError(t, value.Get(&out))
	}
	return out, err
}

func publication() activities.Publication {
	return activities.Publication{
		Number: "INC-1", Title: "Payments fail", Service: "payments", Phase: incident.Triaging,
		Notices: []incident.Notice{{Key: "notice-1", To: []string{"alice"}, Text: "bob acknowledged", Urgency: catalog.Ordinary}},
		Updates: []incident.StatusUpdate{{Ordinal: 1, Kind: incident.HumanUpdate, Audiences: []string{"staff"}, Opens: []string{"staff"}}},
		Ticket:  &activities.TicketOrder{Revision: 5, FollowUps: []incident.FollowUp{{ID: "1", Title: "learn"}}},
	}
}

func TestPublishMakesEverythingOfAMoment(t *testing.T) {
	o := newOutside()
	out, err := publish(t, o.publisher(), publication())
	require.NoError(t, err)
	require.Empty(t, out.Owed)
	require.Len(t, o.pages, 1)
	require.Len(t, o.mails, 1)
	require.Equal(t, "OPS-1", out.Ticket.Key)
	require.Contains(t, out.FollowUps, "1")
}

func TestPublishGoesOnWithTheRest(t *testing.T) {
	for what, owed := range map[string]string{"push": "notice-1", "mail": "update-1", "ticket": activities.TicketKey} {
		t.Run(what, func(t *testing.T) {
			o := newOutside()
			o.broken[what] = errAway
			out, err := publish(t, o.publisher(), publication())
			require.NoError(t, err)
			require.Equal(t, []string{owed}, out.Owed)
			require.Empty(t, out.Failed)

			o.broken[what] = errDead
			out, err = publish(t, o.publisher(), publication())
			require.NoError(t, err)
			require.Empty(t, out.Owed, "what can never succeed is not owed")
			require.Len(t, out.Failed, 1)
			require.Contains(t, out.Failed[0], "refused for good")
		})
	}
}

func TestPublishFailsWhenNothingCouldBeMade(t *testing.T) {
	o := newOutside()
	o.broken = map[string]error{"push": errAway, "mail": errAway, "ticket": errAway}
	_, err := publish(t, o.publisher(), publication())
	require.Error(t, err)
	require.Equal(t, incident.Unavailable, incident.KindOf(activities.Known(err)))
}

func TestPublishLooksLongerAfterAnUnknownOutcome(t *testing.T) {
	o, order := newOutside(), publication()
	order.Ticket.Again = true
	out, err := publish(t, o.publisher(), order)
	require.NoError(t, err)
	require.Equal(t, 2, o.patient, "the ticket and that of its follow-up")
	require.True(t, out.Unheard, "they may have been there")

	out, err = publish(t, newOutside().publisher(), publication())
	require.NoError(t, err)
	require.False(t, out.Unheard)
}

func TestPublishWaitsUntilTheRecordIsThere(t *testing.T) {
	o, order := newOutside(), publication()
	order.Ticket.Revision = 6
	out, err := publish(t, o.publisher(), order)
	require.NoError(t, err)
	require.Equal(t, []string{activities.TicketKey}, out.Owed)
}

func TestPublishSendsNoAutomaticUpdateOutside(t *testing.T) {
	o, order := newOutside(), publication()
	order.Updates[0].Kind, order.Updates[0].Audiences = incident.AutomaticUpdate, []string{"staff", "customers"}
	_, err := publish(t, o.publisher(), order)
	require.NoError(t, err)
	require.Len(t, o.mails, 1)
	require.Equal(t, []string{"staff@example.org"}, o.mails[0].To)
}

func TestAnUpdateTellsOnlyOurOwnThatTheTimeToMitigateIsOver(t *testing.T) {
	o, order := newOutside(), publication()
	order.Updates[0].Audiences = []string{"staff", "customers"}
	order.Updates[0].Overdue, order.Updates[0].OverdueSince = "1 h", noon
	_, err := publish(t, o.publisher(), order)
	require.NoError(t, err)
	require.Len(t, o.mails, 2)
	for _, m := range o.mails {
		const words = "The time to mitigate (1 h) has been over since 2026-03-02 12:00 UTC."
		require.Equal(t, m.To[0] == "staff@example.org", strings.Contains(m.Text, words), m.To)
	}
}

func TestPublishedOnceAKey(t *testing.T) {
	o := newOutside()
	p := o.publisher()
	for range 2 {
		_, err := publish(t, p, publication())
		require.NoError(t, err)
	}
	require.Len(t, o.pages, 1, "this process remembers")
	o.made["INC-1/notice-1/alice/phone"] = true
	_, err := publish(t, o.publisher(), publication())
	require.NoError(t, err)
	require.Len(t, o.pages, 1, "and so does the ledger")
}

func TestPagesWithoutALedger(t *testing.T) {
	o := newOutside()
	o.broken["ledger"] = errAway
	p := o.pager()
	order := activities.PageOrder{Key: "INC-1/alert-1/r0/l0/alice/phone", Incident: "INC-1", Person: "alice", Contact: "phone", Answerable: true}
	for range 2 {
		_, err := p.Page(t.Context(), order)
		require.NoError(t, err)
	}
	require.Len(t, o.pages, 1)
	require.Contains(t, o.pages[0].AckURL, "https://tocsin.example.org/ack/")
	require.Equal(t, "page", o.attempts[0].What)
}

// slow is a channel that lets nobody go before it is told to.
type slow struct {
	entered, free chan struct{}
	sent          atomic.Int32
}

func (s *slow) Send(context.Context, string, incident.Message) error {
	s.entered <- struct{}{}
	<-s.free
	s.sent.Add(1)
	return nil
}

func TestTwoTriesAtOnceSendOnce(t *testing.T) {
	o := newOutside()
	p := o.pager()
	s := &slow{entered: make(chan struct{}, 2), free: make(chan struct{})}
	p.Channels = map[string]activities.Channel{"push": s}
	order := activities.PageOrder{Key: "INC-1/alert-1/r0/l0/alice/phone", Incident: "INC-1", Person: "alice", Contact: "phone"}
	type answer struct {
		sent activities.Sent
		err  error
	}
	answers := make(chan answer, 2)
	page := func() {
		sent, err := p.Page(context.WithoutCancel(t.Context()), order)
		answers <- answer{sent, err}
	}
	go page()
	<-s.entered
	go page()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.Page(gone, order)
	require.ErrorIs(t, err, context.Canceled, "whoever does not wait is not told that it was sent")
	close(s.free)
	first, second := <-answers, <-answers
	require.NoError(t, errors.Join(first.err, second.err))
	require.NotEqual(t, first.sent.Before, second.sent.Before)
	require.EqualValues(t, 1, s.sent.Load())
}

func TestPageFailsForGoodWithoutItsContactMethod(t *testing.T) {
	p := newOutside().pager()
	_, err := p.Page(t.Context(), activities.PageOrder{Key: "k", Person: "alice", Contact: "gone"})
	require.Equal(t, incident.Permanent, incident.KindOf(activities.Known(err)))
}

func TestAwaitTicketsTellsWhatMatters(t *testing.T) {
	ref := incident.TicketRef{ID: "1", Key: "OPS-1"}
	done := incident.TicketStatus{Ref: ref, Found: true, Done: true, Status: "Done", Resolution: "Done"}
	for name, c := range map[string]struct {
		now  incident.TicketStatus
		news bool
	}{
		"as opened":   {incident.TicketStatus{Ref: ref, Found: true, Status: "To Do"}, false},
		"in progress": {incident.TicketStatus{Ref: ref, Found: true, Status: "In Progress"}, false},
		"done":        {done, true},
		"gone":        {incident.TicketStatus{Ref: ref}, true},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOutside()
			o.statuses = []incident.TicketStatus{c.now}
			out, err := o.publisher().AwaitTickets(t.Context(), activities.TicketWatch{Refs: []incident.TicketRef{ref}, Every: time.Minute})
			require.Equal(t, c.news, err == nil)
			require.Equal(t, c.news, len(out) == 1)
		})
	}
	o := newOutside()
	o.statuses = []incident.TicketStatus{done}
	_, err := o.publisher().AwaitTickets(t.Context(), activities.TicketWatch{
		Refs: []incident.TicketRef{ref}, Known: []incident.TicketStatus{done}, Every: time.Minute,
	})
	require.Error(t, err, "what was said before is no news")
}
