package catalog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

func TestWithContactsOfPeople(t *testing.T) {
	declared := parseSmall(t)
	own := catalog.ContactMethod{ID: "pager", Kind: "push", Address: "ben-2"}
	other := catalog.ContactMethod{ID: "mail", Kind: "email", Address: "ann@example.com"}
	c := declared.With(catalog.Overlay{Contacts: []catalog.OwnContact{
		{Person: "ben", Method: own}, {Person: "ann", Method: other}, {Person: "nobody-any-more", Method: own},
	}})

	got, ok := c.ContactMethod("ben", "pager")
	require.True(t, ok)
	require.True(t, got.Own)
	require.Equal(t, own.Address, got.Address)
	got, ok = c.ContactMethod("ann", "mail")
	require.True(t, ok)
	require.Equal(t, other.Address, got.Address, "one's own hides a declared one of the same id")
	_, ok = declared.ContactMethod("ben", "pager")
	require.False(t, ok, "what is declared stays as it is")
	got, _ = declared.ContactMethod("ann", "mail")
	require.Equal(t, "ann@example.org", got.Address)
	require.Equal(t, declared.Version, c.Version)
}

func TestVerificationIsOfAnAddress(t *testing.T) {
	own := catalog.ContactMethod{ID: "pager", Kind: "push", Address: "ben-2"}
	moved := catalog.ContactMethod{ID: "pager", Kind: "push", Address: "ben-3"}
	overlay := catalog.Overlay{
		Contacts: []catalog.OwnContact{{Person: "ben", Method: own}},
		Verified: []catalog.Verified{{"ben", "pager", own.Mark()}, {"ben", "fax", own.Mark()}, {"zoe", "pager", own.Mark()}},
	}
	declared := parseSmall(t)
	got, _ := declared.With(overlay).ContactMethod("ben", "pager")
	require.True(t, got.Verified)
	overlay.Contacts[0].Method = moved
	got, _ = declared.With(overlay).ContactMethod("ben", "pager")
	require.False(t, got.Verified, "another address under the same id")
}

func TestWithPersonalRules(t *testing.T) {
	c := parseSmall(t).With(catalog.Overlay{Rules: []catalog.OwnRules{
		{"ann", catalog.Rules{Urgent: []catalog.Rule{{Contact: "hook"}}}}, {"zoe", catalog.Rules{}},
	}})
	ann, _ := c.Person("ann")
	require.Equal(t, []catalog.Rule{{Contact: "hook"}}, ann.Rules.Urgent)
	require.Equal(t, []catalog.Rule{{Contact: "mail"}}, ann.Rules.Ordinary, "an empty list leaves the declared one")
}

func TestContactsKeepToWhatIsVerified(t *testing.T) {
	phone := catalog.ContactMethod{ID: "phone", Kind: "push", Address: "p"}
	mail := catalog.ContactMethod{ID: "mail", Kind: "email", Address: "m@example.org"}
	verified := func(m catalog.ContactMethod) catalog.ContactMethod { m.Verified = true; return m }
	for name, test := range map[string]struct {
		contacts []catalog.ContactMethod
		rules    []catalog.Rule
		want     []catalog.Rule
	}{
		"none is verified": {
			[]catalog.ContactMethod{phone, mail},
			[]catalog.Rule{{Contact: "phone", After: time.Minute}},
			[]catalog.Rule{{Contact: "phone", After: time.Minute, Unverified: true}},
		},
		"none is verified, no rules": {
			[]catalog.ContactMethod{phone, mail},
			nil,
			[]catalog.Rule{{Contact: "phone", Unverified: true}, {Contact: "mail", Unverified: true}},
		},
		"one is verified, no rules": {[]catalog.ContactMethod{phone, verified(mail)}, nil, []catalog.Rule{{Contact: "mail"}}},
		"the first of the rules is not": {
			[]catalog.ContactMethod{phone, verified(mail)},
			[]catalog.Rule{{Contact: "phone"}, {Contact: "mail", After: 2 * time.Minute}, {Contact: "mail", After: 5 * time.Minute}},
			[]catalog.Rule{{Contact: "mail"}, {Contact: "mail", After: 3 * time.Minute}},
		},
		"the rules name none that is": {
			[]catalog.ContactMethod{phone, verified(mail)}, []catalog.Rule{{Contact: "phone"}}, []catalog.Rule{{Contact: "mail"}},
		},
		"the rules name none that is there": {
			[]catalog.ContactMethod{verified(mail)}, []catalog.Rule{{Contact: "gone"}}, []catalog.Rule{{Contact: "mail"}},
		},
		"no contact methods": {nil, []catalog.Rule{{Contact: "gone"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := &catalog.Catalog{People: []catalog.Person{{
				ID: "ann", Contacts: test.contacts, Rules: catalog.Rules{Urgent: test.rules},
			}}}
			require.Equal(t, test.want, c.Contacts("ann", catalog.Urgent))
			require.Equal(t, test.want, c.Contacts("ann", catalog.Ordinary))
		})
	}
}

func TestSplitAlertsBelongToTheirOwnKey(t *testing.T) {
	c := routed(t, routes)
	a := alerts.Alert{Status: alerts.Firing, Labels: map[string]string{"alertname": "Errors", "service": "payments"}, Fingerprint: "f"}
	before := c.Route(a, noon)
	over := c.With(catalog.Overlay{Splits: []catalog.Split{
		{Service: before.Service, Key: before.Key, Fingerprint: "f", To: before.Key + "/INC-9"},
		{Service: "another", Key: before.Key, Fingerprint: "g", To: "nowhere"},
	}})
	require.Equal(t, before.Key+"/INC-9", over.Route(a, noon).Key)
	require.Equal(t, before.Group, over.Route(a, noon).Group)
	require.Equal(t, before.Key+"/INC-9", over.Explain(a, noon).Key)
	a.Fingerprint = "g"
	require.Equal(t, before.Key, over.Route(a, noon).Key, "the others stay")
	a.Fingerprint = "f"
	require.Equal(t, before.Key, c.Route(a, noon).Key, "and so does the declared catalog")
}

// Whoever else has the duty keeps it where only somebody who is gone had a
// shift; a gap that was meant stays one.
func TestATemporaryScheduleOfWhichOneIsGone(t *testing.T) {
	declared := daily(1, "ann")
	declared.People = []catalog.Person{{ID: "ann"}, {ID: "ben"}}
	c := declared.With(catalog.Overlay{Temporary: []oncall.Temporary{{
		ID: "t-1", Schedule: "pay", Rotation: "primary", From: march(2, 0), Until: march(2, 20), Shifts: []oncall.FixedShift{
			{Person: "ben", From: march(2, 0), Until: march(2, 6)},
			{Person: "zoe", From: march(2, 4), Until: march(2, 12)},
			{Person: "ben", From: march(2, 16), Until: march(2, 20)},
		},
	}}})
	for hour, want := range map[int][]string{
		0: {"ben"}, 5: {"ben"}, 6: {"ann"}, 11: {"ann"}, 12: nil, 15: nil, 16: {"ben"}, 19: {"ben"}, 20: {"ann"},
	} {
		var got []string
		for _, duty := range c.OnCall(oncall.Target{Schedule: "pay"}, march(2, hour)) {
			got = append(got, duty.Person)
		}
		require.Equal(t, want, got, hour)
	}
	calendar, _ := c.Calendar("pay")
	require.Equal(t, march(2, 6), calendar.At(march(2, 1))[0].Until, "one shift is not cut where another one begins")
}

func TestWithDutyOfPeopleWhoAreThere(t *testing.T) {
	from, until := march(2, 0), march(3, 0)
	override := func(person string) oncall.Override {
		return oncall.Override{Schedule: "pay", Rotation: "primary", Kind: oncall.Replace, Person: person, From: from, Until: until}
	}
	temporary := func(people ...string) oncall.Temporary {
		out := oncall.Temporary{Schedule: "pay", Rotation: "primary", From: from, Until: until}
		for _, person := range people {
			out.Shifts = append(out.Shifts, oncall.FixedShift{Person: person, From: from, Until: until})
		}
		return out
	}
	for name, test := range map[string]struct {
		overlay catalog.Overlay
		want    []string
	}{
		"nothing":                 {catalog.Overlay{}, []string{"ann"}},
		"an override":             {catalog.Overlay{Overrides: []oncall.Override{override("ben")}}, []string{"ben"}},
		"of one who has left":     {catalog.Overlay{Overrides: []oncall.Override{override("zoe")}}, []string{"ann"}},
		"the later lies on top":   {catalog.Overlay{Overrides: []oncall.Override{override("ben"), override("ann")}}, []string{"ann"}},
		"a temporary schedule":    {catalog.Overlay{Temporary: []oncall.Temporary{temporary("ben", "zoe")}}, []string{"ben"}},
		"of those who have left":  {catalog.Overlay{Temporary: []oncall.Temporary{temporary("zoe")}}, []string{"ann"}},
		"of a schedule not there": {catalog.Overlay{Overrides: []oncall.Override{{Schedule: "x", Person: "ben", From: from, Until: until}}}, []string{"ann"}},
	} {
		t.Run(name, func(t *testing.T) {
			declared := daily(1, "ann")
			declared.People = []catalog.Person{{ID: "ann"}, {ID: "ben"}}
			var got []string
			for _, duty := range declared.With(test.overlay).OnCall(oncall.Target{Schedule: "pay"}, march(2, 12)) {
				got = append(got, duty.Person)
			}
			require.Equal(t, test.want, got)
			require.Empty(t, declared.Schedules[0].Overrides)
		})
	}
}
