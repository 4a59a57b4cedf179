package api_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/apitest"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/incident/acklink"
	"github.com/tocsinhq/tocsin/store"
)

const pageKey = "INC-1/alert-1/0/0/alice/phone"

// link is the path that alice finds in her page.
func (w *world) link() string {
	return "/ack/" + w.links.Sign(acklink.Claims{Incident: "INC-1", Page: pageKey, Person: "alice"}, night)
}

var asProgram = header("Accept", "application/json")

func TestReadingTheLinkChangesNothing(t *testing.T) {
	w := newWorld(t)
	link := w.link()
	got := w.do("", "GET", link, "").want(200)
	for _, text := range []string{"Checkout fails", "SEV2", `action="` + link + `"`, "Alice", "CET", link + "/incident"} {
		require.Contains(t, string(got.body), text)
	}
	require.Empty(t, w.commands.Sent())
	require.Equal(t, "no-referrer", got.header.Get("Referrer-Policy"))
	require.Equal(t, "no-store", got.header.Get("Cache-Control"))
	require.Contains(t, got.header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
	w.do("", "HEAD", link, "").want(405)
	w.do("", "GET", link+"?utm_source=mail", "").want(200)
	require.Empty(t, w.commands.Sent())
}

func TestTheButtonAcknowledges(t *testing.T) {
	w := newWorld(t)
	got := w.do("", "POST", w.link(), "", header("Content-Type", "application/x-www-form-urlencoded")).want(200)
	require.Contains(t, string(got.body), "INC-1: done.")
	require.NotContains(t, string(got.body), "<button")
	sent := w.commands.Sent()
	require.Len(t, sent, 1)
	require.Equal(t, "acknowledge", sent[0].Name)
	require.Equal(t, incident.Acknowledge{Page: pageKey}, sent[0].Args)
	require.Equal(t, incident.Person("alice"), sent[0].Header.By)
	require.Equal(t, "link", sent[0].Header.Via)
	require.Equal(t, night, sent[0].Header.At)
	require.LessOrEqual(t, len(sent[0].Header.ID), 200)
	require.Contains(t, sent[0].Header.Standings, catalog.Administrator)

	w.do("", "POST", w.link(), "").want(200)
	w.clock.Move(time.Second)
	retried := w.links.Sign(acklink.Claims{Incident: "INC-1", Page: pageKey, Person: "alice"}, w.clock.Now())
	w.do("", "POST", "/ack/"+retried, "").want(200)
	for _, again := range w.commands.Sent()[1:] {
		require.Equal(t, sent[0].Header.ID, again.Header.ID, "a second tap is the same command, from whichever attempt")
	}
	require.NotContains(t, w.log.String(), w.link())
}

func TestAPushActionGetsJSON(t *testing.T) {
	w := newWorld(t)
	var out incident.Outcome
	w.do("", "POST", w.link(), "", asProgram).want(200, &out)
	require.Equal(t, "INC-1", out.Number)
	w.commands.Answer(incident.Outcome{Text: incident.Accepted}, nil)
	w.do("", "POST", w.link(), "", asProgram).want(202)
	require.Contains(t, string(w.do("", "POST", w.link(), "").want(202).body), "counts from now")
}

func TestAcknowledgingWorksWithoutTheStore(t *testing.T) {
	w := newWorld(t)
	w.store.Fail(errDown)
	got := w.do("", "GET", w.link(), "").want(200)
	require.Contains(t, string(got.body), "<button")
	require.NotContains(t, string(got.body), "Show the incident")
	w.do("", "POST", w.link(), "").want(200)
	require.Len(t, w.commands.Sent(), 1)
	w.do("", "GET", w.link()+"/incident", "").want(503)
}

func TestLinksThatDoNotWork(t *testing.T) {
	w := newWorld(t)
	good := w.link()
	forged := acklink.Signer{Key: bytes.Repeat([]byte("x"), acklink.MinKey)}
	for name, tc := range map[string]struct {
		path   string
		later  time.Duration
		status int
		kind   string
		says   string
	}{
		"forged":   {"/ack/" + forged.Sign(acklink.Claims{Incident: "INC-1", Person: "alice"}, night), 0, 403, "forbidden", "not genuine"},
		"cut":      {good[:len(good)-3], 0, 403, "forbidden", "not genuine"},
		"nonsense": {"/ack/x", 0, 403, "forbidden", "not genuine"},
		"expired":  {good, acklink.DefaultTTL, 410, "gone", "INC-1 expired"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.clock.Move(tc.later)
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				got := w.do("", method, tc.path, "").want(tc.status)
				require.Contains(t, got.header.Get("Content-Type"), "text/html")
				require.Contains(t, string(got.body), tc.says)
				require.NotContains(t, string(got.body), "<button")
			}
			w.do("", "GET", tc.path+"/incident", "").want(tc.status)
			w.do("", "POST", tc.path, "", asProgram).problem(tc.status, tc.kind)
			require.Empty(t, w.commands.Sent())
		})
	}
}

func TestUsedLinksSayHowThingsStand(t *testing.T) {
	w := newWorld(t)
	w.store.PutPage(store.Page{Incident: "INC-1", Page: incident.Page{
		Key: pageKey, Person: "alice", State: incident.PageSent, Answered: night.Add(30 * time.Minute),
	}})
	i := sample("INC-1")
	i.Holder = "bob"
	w.store.Put(i)
	w.commands.Answer(incident.Outcome{Number: "INC-1", Revision: i.Revision, Text: "you hold it"}, nil) // a repeat is answered as before
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		got := w.do("", method, w.link(), "").want(200)
		require.Contains(t, string(got.body), "You acknowledged this page at 03:30 CET. INC-1 is now held by bob.")
		require.Equal(t, method == http.MethodGet, strings.Contains(string(got.body), "Acknowledge INC-1 again"))
	}
	i.Holder = "alice"
	w.store.Put(i)
	require.NotContains(t, string(w.do("", "GET", w.link(), "").body), "now held")
	i.Phase = incident.Closed
	w.store.Put(i)
	closed := string(w.do("", "GET", w.link(), "").body)
	require.Contains(t, closed, "INC-1 is closed.")
	require.NotContains(t, closed, "<button")
	w.commands.Answer(incident.Outcome{}, incident.Errorf(incident.Gone, "it has ended"))
	var out incident.Outcome
	w.do("", "POST", w.link(), "", asProgram).want(200, &out)
	require.Contains(t, out.Text, "INC-1 is closed.")
}

func TestAUsedLinkThatDoesSomethingSaysSo(t *testing.T) {
	w := newWorld(t)
	w.store.PutPage(store.Page{Incident: "INC-1", Page: incident.Page{
		Key: pageKey, Person: "alice", State: incident.PageSent, Answered: night,
	}})
	i := sample("INC-1")
	i.Holder = "bob"
	w.store.Put(i)
	w.commands.Answer(incident.Outcome{Number: "INC-1", Revision: i.Revision + 1, Holder: "alice", Text: "you hold it"}, nil)
	require.Contains(t, string(w.do("", "POST", w.link(), "").want(200).body), "INC-1: you hold it.")
}

// TestTheStoreKeepsNoAcknowledgementFromItsIncident: what is recorded may
// never have been decided, when the workflow task that recorded it died.
func TestTheStoreKeepsNoAcknowledgementFromItsIncident(t *testing.T) {
	w := newWorld(t)
	w.store.PutPage(store.Page{Incident: "INC-1", Page: incident.Page{
		Key: pageKey, Person: "alice", State: incident.PageSent, Answered: night,
	}})
	w.do("", "POST", w.link(), "").want(200)
	i := sample("INC-1")
	i.Phase = incident.Cancelled
	w.store.Put(i)
	w.do("", "POST", w.link(), "").want(200)
	sent := w.commands.Sent()
	require.Len(t, sent, 2)
	require.Equal(t, sent[0].Header.ID, sent[1].Header.ID, "as one command")
}

func TestRefusedAcknowledgementIsAPage(t *testing.T) {
	w := newWorld(t)
	w.commands.Answer(incident.Outcome{}, incident.Refusal("INC-1 is cancelled", "an open incident"))
	got := w.do("", "POST", w.link(), "").want(409)
	require.Contains(t, string(got.body), "INC-1 is cancelled")
	require.Contains(t, string(got.body), "<li>an open incident</li>")
	w.commands.Answer(incident.Outcome{}, incident.Errorf(incident.Unavailable, "away"))
	w.do("", "POST", w.link(), "").want(503)
}

func TestIncidentPage(t *testing.T) {
	w := newWorld(t)
	i := full()
	i.Number = "INC-1"
	i.Clocks.Stamps[incident.ResolvedAt] = night
	w.store.Put(i, entries(4, 500)...)
	linked := w.do("", "GET", w.link()+"/incident", "").want(200)
	for _, text := range []string{"Rolling back.", "CheckoutErrors", "Triggered", "PAY-42", "Alert on the queue", "Only the latest", "follow-ups collected", "To resolve (TTR)"} {
		require.Contains(t, string(linked.body), text)
	}
	own := w.do("alice", "GET", "/incidents/INC-1", "").want(200)
	require.Equal(t, string(linked.body), string(own.body))
	require.Contains(t, string(w.do("alice", "GET", "/incidents/INC-42", "").want(404).body), "there is no incident INC-42")
}

// busy answers for other incidents only once INC-1 was heard.
type busy struct {
	*apitest.Commands
	heard chan struct{}
}

func (b busy) Send(ctx context.Context, number, name string, h incident.Header, args any) (incident.Outcome, error) {
	if number == "INC-1" {
		close(b.heard)
	}
	select {
	case <-b.heard:
		return b.Commands.Send(ctx, number, name, h, args)
	case <-ctx.Done():
		return incident.Outcome{}, ctx.Err()
	}
}

func TestTheOthersOfALinkKeepNobodyFromTheFirst(t *testing.T) {
	b := busy{heard: make(chan struct{})}
	w := newWorld(t, func(c *api.Config) {
		b.Commands = c.Commands.(*apitest.Commands)
		c.Commands = b
	})
	link := "/ack/" + w.links.Sign(acklink.Claims{Incident: "INC-1", Page: pageKey, Person: "alice", Also: []string{"INC-7", "INC-8"}}, night)
	require.Contains(t, string(w.do("", "POST", link, "").want(200).body), "Of 2 more, 2 are acknowledged.")
	require.Equal(t, "INC-1", w.commands.Sent()[0].Number)
}

func TestOneLinkAcknowledgesAllThatWerePagedTogether(t *testing.T) {
	w := newWorld(t)
	link := "/ack/" + w.links.Sign(acklink.Claims{Incident: "INC-1", Page: pageKey, Person: "alice", Also: []string{"INC-7", "INC-8"}}, night)
	require.Contains(t, string(w.do("", "GET", link, "").want(200).body), "Acknowledge INC-1 and 2 more")
	got := w.do("", "POST", link, "").want(200)
	require.Contains(t, string(got.body), "Of 2 more, 2 are acknowledged.")
	var numbers, ids []string
	for _, sent := range w.commands.Sent() {
		require.Equal(t, "acknowledge", sent.Name)
		require.Equal(t, incident.Person("alice"), sent.Header.By)
		numbers, ids = append(numbers, sent.Number), append(ids, sent.Header.ID)
	}
	require.ElementsMatch(t, []string{"INC-1", "INC-7", "INC-8"}, numbers)
	w.do("", "POST", link, "").want(200)
	for _, again := range w.commands.Sent()[3:] {
		require.Contains(t, ids, again.Header.ID, "a second tap is the same commands")
	}
}
