package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
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
		"how a question is answered, last": {how, "Why you: on call in search/primary.\nIt calls: " + how.Calls + ".\n" + how.Answer + "\n"},
		"the title is reason enough":       {page, "Why you: on call in search/primary.\n"},
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
