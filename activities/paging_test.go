package activities_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/twilio"
)

func TestAPageSaysEachThingOnce(t *testing.T) {
	page := activities.PageOrder{
		Key: "INC-1/alert-1/r0/l0/alice/phone", Incident: "INC-1", Person: "alice", Contact: "phone", Title: "Shard fails",
		Why: "Shard fails", Reason: "on call in search/primary", Service: "search", Severity: "SEV3", Urgency: catalog.Urgent,
	}
	asked := page
	asked.Why, asked.Reason = "Roll search back?", "one of those who may answer"
	asked.Also, asked.Runbooks = []string{"bob", "carol"}, []string{"rollback", "drain"}
	how := page
	how.Calls = "roll search back to r41; undone by: roll search back to r42"
	how.Answer = "Answer approve or refuse: tocsin incident answer INC-1 q-1 --choice CHOICE"
	for name, tc := range map[string]struct {
		page activities.PageOrder
		body string
	}{
		"how a question is answered, and what it calls": {how, "Why you: on call in search/primary.\n" + how.Answer + "\n(It calls: " + how.Calls + ".)\n"},
		"the title is reason enough":                    {page, "Why you: on call in search/primary.\n"},
		"all that there is to say": {
			asked, "Roll search back?\nWhy you: one of those who may answer.\nAlso paged: bob, carol.\nRunbooks: rollback, drain.\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := &phone{}
			pager := newOutside().pager()
			pager.Channels, pager.Ledger = map[string]activities.Channel{"push": p}, quietLedger{}
			_, err := pager.Page(t.Context(), tc.page)
			require.NoError(t, err)
			require.Equal(t, tc.body, p.got[0].Body)
			require.Equal(t, "INC-1 Shard fails", p.got[0].Headline())
		})
	}
}

// The call takes the room of how to answer, and its mark of being cut has the
// whole text sent in an alphabet with less than half the room.
func TestAnApprovalBySMSSaysHowItIsAnswered(t *testing.T) {
	for name, call := range map[string]string{
		"none": "",
		// What the kit shows of kubernetes-rollback and of rollback.
		"as long as it is": "roll back payments: roll back payments to r41, expecting r42; provided that the revision of payments is r42; undone by: roll back payments to r42, expecting r41",
		"longer than shown": "roll back prod/shop/payments: set the template of prod/shop/payments to that of revision 41 (payments:1.41.0), expecting revision 42 (payments:1.42.0); " +
			"provided that the template of prod/shop/payments is 7c9d8f; touching 12 of 12 pods; undone by: set the template of prod/shop/payments to that of revision 42",
	} {
		t.Run(name, func(t *testing.T) {
			q := incident.Question{}
			if call != "" {
				q.Calls = []string{call}
			}
			const answer = "Answer approve or refuse: tocsin incident answer INC-1042 kubernetes-rollback-1-1 --choice CHOICE"
			var sent string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				sent = r.FormValue("Body")
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{"sid":"SM00000000000000000000000000000001"}`))
			}))
			t.Cleanup(server.Close)
			sms, err := twilio.New(twilio.Config{
				URL: server.URL, AccountSID: "AC00000000000000000000000000000001", AuthToken: "t", From: "+12025550100", Replies: true,
			})
			require.NoError(t, err)
			p := &phone{}
			pager := newOutside().pager()
			pager.Channels, pager.Ledger = map[string]activities.Channel{"push": p}, quietLedger{}
			_, err = pager.Page(context.Background(), activities.PageOrder{
				Key: "INC-1042/question-1/r0/l0/alice/phone", Incident: "INC-1042", Person: "alice", Contact: "phone", Title: "Error rate of payments is above 5 %",
				Why: "Roll prod/shop/payments back to revision 41?", Reason: "holder of INC-1042", Service: "payments", Severity: "SEV2", Urgency: catalog.Urgent,
				Calls: q.FirstCall(), Answer: answer,
			})
			require.NoError(t, err)
			require.Contains(t, p.got[0].Body, answer)
			_, err = sms.Deliver(t.Context(), "+12025550143", p.got[0].Message)
			require.NoError(t, err)
			require.Contains(t, sent, answer)
		})
	}
}
