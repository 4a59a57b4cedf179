package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/store"
)

// aliceHas is something of each kind that alice made, by the path at which it
// can be changed.
type aliceHas struct {
	*dutyWorld
	calendar, override, temporary, offer string
}

func newAliceHas(t *testing.T) aliceHas {
	d := newDutyWorld(t)
	a := aliceHas{dutyWorld: d}
	mine, theirs := d.turn("alice", "primary"), d.turn("bob", "primary")
	d.do("alice", "POST", "/v1/people/me/contacts", `{"id":"private","kind":"email","address":"alice@example.com"}`).want(201)
	d.do("alice", "POST", "/v1/people/me/contacts/private/verify", "").want(202)
	d.do("alice", "PUT", "/v1/people/me/rules", `{"urgent":[{"contact":"mail"}]}`).want(200)
	var feed gen.NewCalendar
	d.do("alice", "POST", "/v1/calendars", `{}`).want(201, &feed)
	var override gen.Override
	d.do("alice", "POST", "/v1/overrides", fmt.Sprintf(`{"schedule":"payments","kind":"add","person":"me","until":%q}`, d.hence(time.Hour))).want(201, &override)
	var temporary gen.Temporary
	d.do("alice", "POST", "/v1/temporary-schedules", fmt.Sprintf(
		`{"schedule":"payments","rotation":"secondary","until":%q,"shifts":[{"person":"alice","from":%q,"until":%q}]}`,
		d.hence(time.Hour), d.hence(time.Minute), d.hence(time.Hour))).want(201, &temporary)
	var offer gen.Swap
	d.do("alice", "POST", "/v1/swaps", d.swap("bob", mine, theirs)).want(201, &offer)
	a.calendar, a.override, a.temporary, a.offer = feed.Calendar.Id, override.Id, temporary.Id, offer.Id
	d.tokens["looker"] = d.reader("alice")
	return a
}

// reader makes a token of somebody that may only read.
func (d *dutyWorld) reader(owner string) string {
	text := api.MintToken()
	require.NoError(d.t, d.store.CreateToken(d.t.Context(), store.Token{
		ID: "reader", Hash: api.HashToken(text), Kind: "person", Owner: owner, Scopes: []string{api.ScopeRead}, Created: d.now,
	}))
	return text
}

// forged are the requests by which somebody could change what is alice's.
func (a aliceHas) forged() [][3]string {
	soon := a.hence(30 * time.Minute)
	return [][3]string{
		{"POST", "/v1/people/alice/contacts", `{"id":"x","kind":"email","address":"x@example.com"}`},
		{"DELETE", "/v1/people/alice/contacts/private", ""},
		{"POST", "/v1/people/alice/contacts/private/verify", ""},
		{"POST", "/v1/people/alice/contacts/private/confirm", `{"code":"` + a.codes.sent["alice@example.com"] + `"}`},
		{"PUT", "/v1/people/alice/rules", `{"urgent":[{"contact":"phone"}]}`},
		{"DELETE", "/v1/people/alice/rules", ""},
		{"POST", "/v1/calendars/" + a.calendar + "/rotate", ""},
		{"DELETE", "/v1/calendars/" + a.calendar, ""},
		{"DELETE", "/v1/overrides/" + a.override, ""},
		{"POST", "/v1/overrides", fmt.Sprintf(`{"schedule":"payments","kind":"remove","of":"alice","until":%q}`, soon)},
		{"DELETE", "/v1/temporary-schedules/" + a.temporary, ""},
		{"POST", "/v1/swaps/" + a.offer + "/accept", ""},
		{"POST", "/v1/swaps/" + a.offer + "/decline", ""},
		{"POST", "/v1/swaps/" + a.offer + "/withdraw", ""},
		{"POST", "/v1/page-test", `{"person":"alice"}`},
		{"POST", "/v1/tokens", `{"kind":"person","subject":"alice","scopes":["admin"]}`},
		{"POST", "/v1/tokens/token-of-alice/rotate", `{}`},
		{"DELETE", "/v1/tokens/token-of-alice", ""},
	}
}

// Nobody changes what is somebody else's: neither another person of another
// team, nor a machine that may respond, nor a token that may only read, even
// her own.
func TestNobodyChangesWhatIsSomebodyElses(t *testing.T) {
	a := newAliceHas(t)
	for _, as := range []string{"erin", "alertmanager", "looker"} {
		for _, r := range a.forged() {
			got := a.do(as, r[0], r[1], r[2])
			require.Contains(t, []int{http.StatusForbidden, http.StatusNotFound}, got.status, "%s: %s %s: %s", as, r[0], r[1], got.body)
			require.NotContains(t, string(got.body), "alice@example.com")
		}
	}
	var contacts gen.ContactList
	a.do("alice", "GET", "/v1/people/me/contacts", "").want(200, &contacts)
	last := contacts.Contacts[len(contacts.Contacts)-1]
	require.Equal(t, []any{"private", false}, []any{last.Id, last.Verified})
	var rules gen.Rules
	a.do("alice", "GET", "/v1/people/me/rules", "").want(200, &rules)
	require.Equal(t, "mail", rules.Own.Urgent[0].Contact)
	var swap gen.SwapList
	a.do("alice", "GET", "/v1/swaps", "").want(200, &swap)
	require.Equal(t, "offered", swap.Swaps[0].State)
	for path, list := range map[string]string{"/v1/overrides": a.override, "/v1/temporary-schedules": a.temporary, "/v1/calendars": a.calendar} {
		require.Contains(t, string(a.do("alice", "GET", path, "").want(200).body), list)
	}
	a.do("alice", "POST", "/v1/people/me/contacts/private/confirm", `{"code":"`+a.codes.sent["alice@example.com"]+`"}`).want(200)
}

// What somebody else may read of a person tells neither an address nor a
// secret.
func TestNothingSecretIsReadByOthers(t *testing.T) {
	a := newAliceHas(t)
	for _, as := range []string{"erin", "alertmanager"} {
		for _, path := range []string{
			"/v1/people/alice/contacts", "/v1/people/alice/rules", "/v1/catalog", "/v1/overrides", "/v1/swaps",
			"/v1/temporary-schedules", "/v1/pages?person=alice", "/v1/me", "/v1/silences", "/v1/oncall/shifts?person=alice", "/v1/coverage?days=1",
		} {
			got := string(a.do(as, "GET", path, "").want(200).body)
			for _, secret := range []string{"alice@example", "@example.org", "cal_", "toc_", a.codes.sent["alice@example.com"] + `"`, "hash"} {
				require.NotContains(t, got, secret, "%s: %s", as, path)
			}
		}
		require.Contains(t, []int{200, 403}, a.do(as, "GET", "/v1/calendars", "").status)
		a.do(as, "GET", "/v1/tokens", "").problem(403, "forbidden")
	}
	for _, secret := range []string{"alice@example.com", "cal_", "toc_", a.codes.sent["alice@example.com"]} {
		require.NotContains(t, a.log.String(), secret)
	}
}

// An address that is a secret stands in no log, also when the answer to it
// fails, and in nothing that another site is told.
func TestSecretAddressesAreNotLogged(t *testing.T) {
	d := newDutyWorld(t)
	var feed gen.NewCalendar
	d.do("alice", "POST", "/v1/calendars", `{}`).want(201, &feed)
	path := strings.TrimPrefix(feed.Url, publicURL)
	require.NoError(t, d.db.Close())
	failed := d.do("", "GET", path, "")
	require.GreaterOrEqual(t, failed.status, 500)
	require.Contains(t, d.log.String(), "/calendars/...")
	secret := strings.TrimSuffix(strings.TrimPrefix(path, "/calendars/"), ".ics")
	require.NotContains(t, d.log.String(), secret)
	require.NotContains(t, string(failed.body), secret)
	require.Equal(t, "no-store", failed.header.Get("Cache-Control"))
	for _, link := range []string{d.link(), d.link() + "/incident"} {
		require.Equal(t, "no-referrer", d.do("", "GET", link, "").header.Get("Referrer-Policy"), link)
	}
	require.NotContains(t, d.log.String(), strings.TrimPrefix(d.link(), "/ack/"))
}

// A key is as good as the machine it belongs to, and no better.
func TestAKeyOpensNothingElse(t *testing.T) {
	w := newWorld(t)
	w.key(boundOrder)
	fill := strings.NewReplacer("{number}", "INC-1", "{sequence}", "1", "{role}", "scribe", "{id}", "1", "{question}", "q",
		"{person}", "alice", "{contact}", "mail")
	for path, item := range document(t).Paths.Map() {
		for method, op := range item.Operations() {
			scope, _ := op.Extensions["x-scope"].(string)
			if scope != "" && scope != api.ScopeAlerts {
				require.Equal(t, 403, w.do("key", method, fill.Replace(path), "").status, "%s %s", method, path)
			}
		}
	}
	var me client.Me
	w.do("key", "GET", "/v1/me", "").want(200, &me)
	require.Equal(t, "machine", me.Kind)
}
