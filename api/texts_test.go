package api_test

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/apitest"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

const (
	aliceNumber = "+12025550143"
	frankNumber = "+12025550144"
	publicURL   = "https://tocsin.example.org"
	smsPath     = "/v1/webhooks/twilio/sms"
	statusPath  = "/v1/webhooks/twilio/status"
)

// hook posts a form as Twilio does, signed for the public address.
func (w *world) hook(path string, form url.Values, options ...option) answer {
	w.t.Helper()
	options = append([]option{
		header("Content-Type", "application/x-www-form-urlencoded"), header("X-Twilio-Signature", publicURL+path),
	}, options...)
	return w.do("", "POST", path, form.Encode(), options...)
}

// text sends an SMS and returns what it was answered with.
func (w *world) text(from, body, id string) string {
	w.t.Helper()
	got := w.hook(smsPath, url.Values{"From": {from}, "Body": {body}, "MessageSid": {id}}).want(200)
	require.Equal(w.t, "text/xml", got.header.Get("Content-Type"))
	var twiml struct {
		XMLName xml.Name `xml:"Response"`
		Message string
	}
	require.NoError(w.t, xml.Unmarshal(got.body, &twiml))
	return twiml.Message
}

// paged records an incident whose alerts page somebody.
func (w *world) paged(number, person string, change ...func(*incident.Summons)) *incident.Incident {
	w.t.Helper()
	i := sample(number)
	s := &incident.Summons{ID: "alert-1", Kind: incident.ForAlert, Caused: night}
	for _, f := range change {
		f(s)
	}
	i.Summonses = append(i.Summonses, s)
	w.store.Put(i)
	w.store.PutPage(store.Page{Incident: number, Page: incident.Page{
		Key: number + "/" + s.ID + "/r0/l0/" + person + "/text", Summons: s.ID, Person: person, State: incident.PageSent, Sent: night,
	}})
	return i
}

func (w *world) held(by string) {
	w.commands.Answer(incident.Outcome{Phase: incident.Triaging, Holder: by, Revision: 3, Text: "you hold it"}, nil)
}

func TestABareAckWithOneOpenPage(t *testing.T) {
	w := newWorld(t)
	w.held("alice")
	w.paged("INC-7", "alice")
	w.paged("INC-8", "frank")
	require.Equal(t, "INC-7 is yours.", w.text(aliceNumber, "Ack", "SM1"))
	sent := w.commands.Sent()
	require.Len(t, sent, 1)
	require.Equal(t, "INC-7", sent[0].Number)
	require.Equal(t, incident.AcknowledgeCommand, sent[0].Name)
	require.Equal(t, incident.Acknowledge{Page: "INC-7/alert-1/r0/l0/alice/text"}, sent[0].Args)
	require.Equal(t, incident.Person("alice"), sent[0].Header.By)
	require.Equal(t, "sms", sent[0].Header.Via)
	require.Equal(t, night, sent[0].Header.At)
	require.NotContains(t, w.log.String(), aliceNumber[1:])
}

func TestSeveralOpenPagesNeedTheNumber(t *testing.T) {
	w := newWorld(t)
	w.held("alice")
	for _, number := range []string{"INC-1042", "INC-1043", "INC-1044"} {
		w.paged(number, "alice")
	}
	require.Equal(t, "You have 3 open pages: reply ACK 1042, ACK 1043 or ACK 1044.", w.text(aliceNumber, "ack", "SM1"))
	require.Equal(t, "You have 3 open pages: reply ACK 1042, ACK 1043 or ACK 1044.", w.text(aliceNumber, "no", "SM2"))
	require.Empty(t, w.commands.Sent())
	require.Equal(t, "INC-1043 is yours.", w.text(aliceNumber, "ack 1043", "SM3"))
	require.Equal(t, "INC-1043", w.commands.Sent()[0].Number)
}

func TestDecline(t *testing.T) {
	w := newWorld(t)
	w.commands.Answer(incident.Outcome{Text: "declined; the others are still being paged"}, nil)
	w.paged("INC-7", "alice")
	require.Equal(t, "INC-7: declined; the others are still being paged.", w.text(aliceNumber, "NO 7 on a plane", "SM1"))
	require.Equal(t, incident.DeclineCommand, w.commands.Sent()[0].Name)
	require.Equal(t, incident.Decline{Reason: "on a plane"}, w.commands.Sent()[0].Args)
}

func TestWhatWasDeclinedCanStillBeTakenByItsNumber(t *testing.T) {
	w := newWorld(t)
	w.held("alice")
	w.paged("INC-7", "alice", func(s *incident.Summons) { s.Declined = []string{"alice"} })
	w.paged("INC-8", "alice")
	w.store.PutPage(store.Page{Incident: "INC-7"}, activities.Attempt{Key: "INC-7/alert-1/r0/l0/alice/text", Incident: "INC-7"})
	require.Equal(t, "INC-8 is yours.", w.text(aliceNumber, "ack", "SM1"), "one is left that waits for them")
	require.Equal(t, "INC-7 is yours.", w.text(aliceNumber, "ack 7", "SM2"))
}

func TestWhatPagesNobodyIsNotAnswered(t *testing.T) {
	w := newWorld(t)
	w.paged("INC-7", "alice", func(s *incident.Summons) { s.Ended = night })
	w.paged("INC-8", "alice", func(s *incident.Summons) { s.Kind, s.ID = incident.ForQuestion, "question-1" })
	over := w.paged("INC-9", "alice")
	over.Phase = incident.Cancelled
	w.store.Put(over)
	held := w.paged("INC-10", "frank")
	held.Holder = "bob"
	w.store.Put(held)
	for n, test := range []struct{ body, want string }{
		{"ack", "You have no open page."},
		{"ack 9", "INC-9 is cancelled. There is nothing to answer."},
		{"ack 10", "INC-10 does not wait for you: bob holds it."},
		{"ack 7", "INC-7 does not page you."},
		{"ack 1", "INC-1 does not page you."},
		{"ack 99", "There is no INC-99."},
		{"hello", "Not understood, nothing was done. You have no open page."},
	} {
		require.Equal(t, test.want, w.text(aliceNumber, test.body, "SM"+string(rune('a'+n))), test.body)
	}
	require.Empty(t, w.commands.Sent(), "somebody else's page is not theirs to answer")
}

func TestAPageMayBeReadBeforeItIsRecorded(t *testing.T) {
	w := newWorld(t)
	w.held("alice")
	w.store.PutPage(store.Page{Incident: "INC-6"},
		activities.Attempt{Key: "INC-70/alert-1/r0/l0/alice/text", Incident: "INC-70"},
		activities.Attempt{Key: "INC-71/alert-1/r0/l0/frank/text", Incident: "INC-71"},
		activities.Attempt{Key: "INC-72/alert-1/r0/l0/alice/text", Incident: "INC-72", Error: "away"},
		activities.Attempt{Key: "INC-1/alert-1/r0/l0/alice/text", Incident: "INC-1"})
	require.Equal(t, "INC-70 is yours.", w.text(aliceNumber, "ack 70", "SM1"), "before the incident is")
	require.Equal(t, "INC-1 is yours.", w.text(aliceNumber, "ack 1", "SM2"), "before the page is")
	require.Equal(t, "There is no INC-71.", w.text(aliceNumber, "ack 71", "SM3"), "somebody else's")
	require.Equal(t, "There is no INC-72.", w.text(aliceNumber, "ack 72", "SM4"), "not handed over")
	w.paged("INC-9", "alice")
	w.store.PutPage(store.Page{Incident: "INC-9", Page: incident.Page{Key: "later", Summons: "alert-1", Person: "alice", State: incident.PageDue, Due: night.Add(time.Minute)}})
	require.Equal(t, "INC-9 is yours.", w.text(aliceNumber, "ack", "SM5"))
	require.Equal(t, incident.Acknowledge{Page: "INC-9/alert-1/r0/l0/alice/text"}, w.commands.Sent()[2].Args, "not the one that is not due yet")
}

// patiently lets the record be as far behind as a test needs it to be.
func patiently(c *api.Config) { c.Lag = 10 * time.Second }

func TestAReplyWaitsForTheRecordOfItsPage(t *testing.T) {
	for body, catchUp := range map[string]func(w *world){
		"ack 70": func(w *world) {
			w.store.PutPage(store.Page{Incident: "INC-6"}, activities.Attempt{Key: "INC-70/alert-1/r0/l0/alice/text", Incident: "INC-70"})
		},
		"ack":    func(w *world) { w.paged("INC-70", "alice") },
		"ack 71": func(w *world) { w.paged("INC-71", "alice") }, // which she holds, and is asked about
	} {
		t.Run(body, func(t *testing.T) {
			w := newWorld(t, patiently)
			w.held("alice")
			mine := sample("INC-71")
			mine.Holder = "alice"
			w.store.Put(mine)
			told := make(chan string)
			go func() { told <- w.text(aliceNumber, body, "SM1") }()
			require.Eventually(t, func() bool { return w.store.Looks() > 1 }, 5*time.Second, time.Millisecond, "it looks again")
			catchUp(w)
			require.Regexp(t, `^INC-7. is yours\.$`, <-told)
		})
	}
}

func TestThePageAboutTheAlertsIsAnswered(t *testing.T) {
	w := newWorld(t)
	w.held("alice")
	i := w.paged("INC-7", "alice", func(s *incident.Summons) { s.ID, s.Kind = "commander-1", incident.ForRole })
	i.Summonses = append(i.Summonses, &incident.Summons{ID: "alert-1", Kind: incident.ForAlert})
	w.store.Put(i)
	w.store.PutPage(store.Page{Incident: "INC-7", Page: incident.Page{Key: "INC-7/alert-1/k", Summons: "alert-1", Person: "alice", State: incident.PageSent}})
	require.Equal(t, "INC-7 is yours.", w.text(aliceNumber, "ack", "SM1"), "two pages about one incident are one to answer")
	require.Equal(t, incident.Acknowledge{Page: "INC-7/alert-1/k"}, w.commands.Sent()[0].Args)
}

func TestATextCountsOnce(t *testing.T) {
	w := newWorld(t)
	w.held("alice")
	i := w.paged("INC-7", "alice")
	require.Equal(t, "INC-7 is yours.", w.text(aliceNumber, "ack", "SM1"))
	i.Summonses[0].Ended = night
	w.store.Put(i)
	w.paged("INC-8", "alice")
	require.Equal(t, "INC-7 is yours.", w.text(aliceNumber, "ack", "SM1"), "the same answer, and nothing done to another incident")
	require.Len(t, w.commands.Sent(), 1)
	require.Equal(t, "INC-8 is yours.", w.text(aliceNumber, "ack", "SM2"))
	ids := w.commands.Sent()
	require.NotEqual(t, ids[0].Header.ID, ids[1].Header.ID)
}

func TestATextWhoseOutcomeIsUnknownIsOneCommand(t *testing.T) {
	w := newWorld(t)
	w.paged("INC-7", "alice")
	w.commands.Answer(incident.Outcome{}, errDown)
	require.Equal(t, "Nobody knows whether INC-7 took that: reply once more.", w.text(aliceNumber, "ack", "SM1"))
	w.paged("INC-8", "alice")
	w.held("alice")
	require.Equal(t, "INC-7 is yours.", w.text(aliceNumber, "ack", "SM1"), "it stays about what it was about")
	sent := w.commands.Sent()
	require.Len(t, sent, 2)
	require.Equal(t, sent[0].Header.ID, sent[1].Header.ID)
}

func TestWhatAnIncidentSays(t *testing.T) {
	for want, answer := range map[string]struct {
		out incident.Outcome
		err error
	}{
		"Your acknowledgement of INC-7 counts from now.":                          {incident.Outcome{Text: incident.Accepted}, nil},
		"INC-7: bob holds it already; you are a responder.":                       {incident.Outcome{Holder: "bob", Text: "bob holds it already; you are a responder"}, nil},
		"INC-7: not done, INC-7 is resolved.":                                     {incident.Outcome{}, incident.Refusal("INC-7 is resolved")},
		"INC-7: not done, the workflow of INC-7 is gone: declare a new incident.": {incident.Outcome{}, incident.Errorf(incident.Gone, "x")},
	} {
		w := newWorld(t)
		w.paged("INC-7", "alice")
		w.commands.Answer(answer.out, answer.err)
		require.Equal(t, want, w.text(aliceNumber, "ack", "SM1"))
	}
}

func TestWithoutTheStoreANumberSuffices(t *testing.T) {
	w := newWorld(t)
	w.held("alice")
	w.store.Fail(errDown)
	require.Contains(t, w.text(aliceNumber, "ack", "SM1"), "Reply with the number of the incident")
	require.Contains(t, w.text(aliceNumber, "what?", "SM2"), "such as ACK 1042")
	require.Empty(t, w.commands.Sent())
	require.Equal(t, "INC-7 is yours.", w.text(aliceNumber, "ack 7", "SM3"))
	w.store.Fail(nil)
	require.Equal(t, "INC-x3 is yours.", w.text(aliceNumber, "ack X3", "SM4"), "it may have begun without the store")
}

func TestStrangersAndMachinesAreNotAnswered(t *testing.T) {
	w := newWorld(t)
	w.paged("INC-7", "alice")
	require.Empty(t, w.text("+12025550199", "ack 7", "SM1"))
	require.Empty(t, w.commands.Sent())
	for n := range 10 {
		require.NotEmpty(t, w.text(frankNumber, "I am out of office", "SMf"+string(rune('a'+n))))
	}
	require.Empty(t, w.text(frankNumber, "I am out of office", "SMx"))
	require.NotEmpty(t, w.text(aliceNumber, "what?", "SMy"), "each by themselves")
	w.clock.Move(10 * time.Minute)
	require.NotEmpty(t, w.text(frankNumber, "I am out of office", "SMz"))
}

func TestWhoIsNotAnsweredAnyMoreStillAcknowledges(t *testing.T) {
	w := newWorld(t)
	w.held("frank")
	w.paged("INC-7", "frank")
	for n := range 11 {
		w.text(frankNumber, "hm", "SMf"+string(rune('a'+n)))
	}
	require.Empty(t, w.text(frankNumber, "ack 7", "SMx"))
	require.Len(t, w.commands.Sent(), 1)
}

func TestANumberOfSeveralPeople(t *testing.T) {
	w := newWorld(t)
	w.held("alice")
	w.paged("INC-7", "alice")
	c := w.store.Catalog()
	text := &c.People[5].Contacts[2]
	require.Equal(t, frankNumber, text.Address)
	text.Address, text.Verified = aliceNumber, false
	require.Equal(t, "INC-7 is yours.", w.text(aliceNumber, "ack", "SM1"), "who proved to read it")
	text.Verified = true
	require.Empty(t, w.text(aliceNumber, "ack", "SM2"))
}

func TestANumberThatSomebodyElseAdded(t *testing.T) {
	w := newWorld(t)
	w.held("alice")
	w.paged("INC-7", "alice")
	c := w.store.Catalog()
	alice, frank := methodWith(c, aliceNumber), methodWith(c, frankNumber)
	alice.Verified, frank.Verified = false, false
	frank.Address, frank.Own = aliceNumber, true
	require.Equal(t, "INC-7 is yours.", w.text(aliceNumber, "ack", "SM1"), "the catalog declares it for alice")
	alice.Own = true
	require.Empty(t, w.text(aliceNumber, "ack", "SM2"), "both only say so")
	alice.Own, frank.Own = false, false
	require.Empty(t, w.text(aliceNumber, "ack", "SM3"), "the catalog declares it for both")
	frank.Own, frank.Verified = true, true
	require.NotEqual(t, "INC-7 is yours.", w.text(aliceNumber, "ack", "SM4"), "frank has proved to read it")
}

// methodWith returns the contact method with an address.
func methodWith(c *catalog.Catalog, address string) *catalog.ContactMethod {
	for _, p := range c.People {
		for n := range p.Contacts {
			if p.Contacts[n].Address == address {
				return &p.Contacts[n]
			}
		}
	}
	return nil
}

func TestReceipts(t *testing.T) {
	w := newWorld(t)
	w.store.PutPage(store.Page{Incident: "INC-7"}, activities.Attempt{Key: "INC-7/alert-1/k", Incident: "INC-7", Reference: "SM1"})
	status := func(id, state, query string) answer {
		path := statusPath + query
		return w.hook(path, url.Values{"MessageSid": {id}, "MessageStatus": {state}})
	}
	status("SM1", "sent", "").want(204)
	require.Empty(t, w.store.Receipts(), "nothing is decided yet")
	status("SM1", "delivered", "").want(204)
	require.Equal(t, []store.Receipt{{Reference: "SM1", State: store.Delivered, At: night}}, w.store.Receipts())
	require.Empty(t, w.failures.Heard())
	require.Empty(t, w.commands.Sent(), "a receipt never acknowledges")
	status("SM2", "delivered", "").want(204)
	require.Len(t, w.store.Receipts(), 1, "a code, or a test page")
	status("SM1", "undelivered", "?page=INC-7%2Fx").want(204)
	require.Empty(t, w.failures.Heard(), "what was delivered stays so")

	w.store.PutPage(store.Page{Incident: "INC-7"}, activities.Attempt{Key: "INC-7/alert-1/k", Incident: "INC-7", Reference: "SM3"})
	status("SM3", "undelivered", "?page=INC-9%2Fx").want(204)
	require.Equal(t, []apitest.Failed{{Number: "INC-7", Key: "INC-7/alert-1/k", Reason: "the phone is off"}}, w.failures.Heard(), "the ledger knows best")
	w.failures.Fail(incident.Errorf(incident.NotFound, "its workflow has ended"))
	status("SM3", "undelivered", "").want(204)
	w.failures.Fail(errDown)
	status("SM3", "undelivered", "").problem(503, "unavailable")
	require.Empty(t, w.commands.Sent())
}

func TestAReceiptWaitsForTheLedger(t *testing.T) {
	w := newWorld(t, patiently)
	answered := make(chan answer)
	go func() {
		answered <- w.hook(statusPath, url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"delivered"}})
	}()
	require.Eventually(t, func() bool { return w.store.Strays() > 0 }, 5*time.Second, time.Millisecond)
	w.store.PutPage(store.Page{Incident: "INC-7"}, activities.Attempt{Key: "INC-7/alert-1/k", Incident: "INC-7", Reference: "SM1"})
	(<-answered).want(204)
	require.Len(t, w.store.Receipts(), 1)
}

func TestEveryIncidentOfAMessageHearsThatItFailed(t *testing.T) {
	w := newWorld(t)
	w.store.PutPage(store.Page{Incident: "INC-7"},
		activities.Attempt{Key: "INC-7/k", Reference: "SM1"}, activities.Attempt{Key: "test/k", Reference: "SM1"}, activities.Attempt{Key: "INC-8/k", Reference: "SM1"})
	w.hook(statusPath, url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"undelivered"}}).want(204)
	require.Len(t, w.failures.Heard(), 2)
	require.Equal(t, "INC-8", w.failures.Heard()[1].Number)
}

func TestAFailureReachesTheIncidentWithoutTheStore(t *testing.T) {
	w := newWorld(t)
	w.store.Fail(errDown)
	form := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"undelivered"}, "page": {"INC-7/alert-1/k"}}
	w.hook(statusPath, form).want(204)
	require.Equal(t, "INC-7", w.failures.Heard()[0].Number)
	form.Set("page", "test/1")
	w.hook(statusPath, form).problem(503, "unavailable")
	form.Del("page")
	w.hook(statusPath, form).problem(503, "unavailable")
	require.Len(t, w.failures.Heard(), 1)
}

func TestWebhooksThatAreRefused(t *testing.T) {
	w := newWorld(t)
	w.paged("INC-7", "alice")
	form := url.Values{"From": {aliceNumber}, "Body": {"ack"}, "MessageSid": {"SM1"}, "MessageStatus": {"delivered"}}
	for _, path := range []string{smsPath, statusPath} {
		w.hook(path, form, func(r *http.Request) { r.Header.Del("X-Twilio-Signature") }).problem(403, "forbidden")
		w.hook(path, form, header("X-Twilio-Signature", "http://127.0.0.1"+path)).problem(403, "forbidden")
		w.hook(path+"?x=1", form, header("X-Twilio-Signature", publicURL+path)).problem(403, "forbidden")
		w.hook(path, url.Values{"Body": {strings.Repeat("x", 64<<10)}}).problem(413, "too-large")
		w.do("", "POST", path, "a=%zz", header("Content-Type", "application/x-www-form-urlencoded")).problem(400, "invalid")
		w.do("", "POST", path, `{"a":1}`, header("X-Twilio-Signature", "x")).problem(403, "forbidden")
	}
	require.Empty(t, w.commands.Sent())
	require.Empty(t, w.store.Receipts())
}

func TestWithoutTwilioThereAreNoWebhooks(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Texts = nil })
	w.hook(smsPath, url.Values{}).problem(404, "not-found")
	w.hook(statusPath, url.Values{}).problem(404, "not-found")
}

// TestTheAppsCallbackAcknowledges posts what Pushover does when somebody
// acknowledges in its app.
func TestTheAppsCallbackAcknowledges(t *testing.T) {
	w := newWorld(t)
	form := url.Values{"receipt": {"someone-elses"}, "acknowledged": {"1"}, "acknowledged_by": {"uMalloryMalloryMalloryMalloryMa"}}
	w.do("", "POST", w.link(), form.Encode(), header("Content-Type", "application/x-www-form-urlencoded")).want(200)
	sent := w.commands.Sent()
	require.Len(t, sent, 1)
	require.Equal(t, incident.Person("alice"), sent[0].Header.By, "the address says whose page it is, and nothing else does")
	require.Equal(t, incident.Acknowledge{Page: pageKey}, sent[0].Args)
	cut := w.link()
	w.do("", "POST", cut[:len(cut)-2], form.Encode(), header("Content-Type", "application/x-www-form-urlencoded")).want(403)
	require.Len(t, w.commands.Sent(), 1)
}
