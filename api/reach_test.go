package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

func TestContactsOfOnesOwn(t *testing.T) {
	d := newDutyWorld(t)
	var made gen.Contact
	d.do("alice", "POST", "/v1/people/me/contacts", `{"id":"private","kind":"email","address":"alice@example.com"}`).want(201, &made)
	require.Equal(t, "api", made.Owner)
	require.False(t, made.Verified)
	require.False(t, made.InUse, "alice has verified ones")
	d.do("alice", "POST", "/v1/people/me/contacts", `{"id":"private","kind":"email","address":"a@example.com"}`).problem(409, "conflict")

	address := func(as, path string) string {
		var list gen.ContactList
		d.do(as, "GET", path, "").want(200, &list)
		return list.Contacts[len(list.Contacts)-1].Address
	}
	require.Equal(t, "alice@example.com", address("alice", "/v1/people/me/contacts"))
	require.Equal(t, "alice@example.com", address("grace", "/v1/people/alice/contacts"))
	require.Empty(t, address("bob", "/v1/people/alice/contacts"), "nobody else sees it")
	require.Empty(t, address("alertmanager", "/v1/people/alice/contacts"))

	d.do("bob", "POST", "/v1/people/alice/contacts", `{"id":"x","kind":"email","address":"x@example.com"}`).problem(403, "forbidden")
	d.do("bob", "DELETE", "/v1/people/alice/contacts/private", "").problem(403, "forbidden")
	d.do("bob", "POST", "/v1/people/alice/contacts/private/verify", "").problem(403, "forbidden")
	d.do("alice", "DELETE", "/v1/people/me/contacts/phone", "").problem(409, "refused")
	d.do("alice", "DELETE", "/v1/people/me/contacts/fax", "").problem(404, "not-found")
	d.do("alice", "GET", "/v1/people/zoe/contacts", "").problem(404, "not-found")
	d.do("alice", "DELETE", "/v1/people/me/contacts/private", "").want(204)
	d.do("alice", "POST", "/v1/people/me/contacts", `{"id":"hook","kind":"webhook","address":"https://example.org/s3cret"}`).problem(403, "forbidden")
	d.do("grace", "POST", "/v1/people/alice/contacts", `{"id":"hook","kind":"webhook","address":"https://example.org/s3cret"}`).want(201, &made)
	require.NotContains(t, d.log.String(), "s3cret")
	require.NotContains(t, d.log.String(), "alice@example.com")
}

func TestContactsThatAreRefused(t *testing.T) {
	d := newDutyWorld(t)
	for name, test := range map[string]struct{ body, field string }{
		"mail":    {`{"id":"m","kind":"email","address":"alice at home"}`, "address"},
		"topic":   {`{"id":"m","kind":"push","address":"not a topic"}`, "address"},
		"kind":    {`{"id":"m","kind":"pigeon","address":"x"}`, "kind"},
		"console": {`{"id":"m","kind":"console","address":"x"}`, "kind"},
		"id":      {`{"id":"a b","kind":"email","address":"a@example.org"}`, "id"},
	} {
		t.Run(name, func(t *testing.T) {
			p := d.do("alice", "POST", "/v1/people/me/contacts", test.body).problem(400, "invalid")
			require.Equal(t, test.field, p.Field)
			require.NotContains(t, p.Detail, "at home")
		})
	}
}

func TestVerification(t *testing.T) {
	d := newDutyWorld(t)
	var list gen.ContactList
	var got gen.Contact
	const path = "/v1/people/me/contacts/private"
	d.do("alice", "POST", "/v1/people/me/contacts", `{"id":"private","kind":"email","address":"alice@example.com"}`).want(201)
	d.do("alice", "POST", path+"/confirm", `{"code":"000000"}`).problem(409, "refused")
	var sent gen.CodeSent
	d.do("alice", "POST", path+"/verify", "").want(202, &sent)
	require.Equal(t, d.now.Add(10*time.Minute), sent.ExpiresAt)
	code := d.codes.sent["alice@example.com"]
	require.Regexp(t, `^[0-9]{6}$`, code)
	require.NotContains(t, d.log.String(), code)
	wrong := map[bool]string{true: "111111", false: "000000"}[code == "000000"]
	require.Equal(t, "code", d.do("alice", "POST", path+"/confirm", `{"code":"`+wrong+`"}`).problem(400, "invalid").Field)
	d.do("alice", "POST", path+"/confirm", `{"code":"`+code+`"}`).want(200, &got)
	require.True(t, got.Verified)
	d.do("alice", "GET", "/v1/people/me/contacts", "").want(200, &list)
	require.True(t, list.Contacts[len(list.Contacts)-1].Verified)
	d.do("alice", "POST", path+"/verify", "").problem(409, "refused")
}

func TestCodesRunOut(t *testing.T) {
	d := newDutyWorld(t)
	const path = "/v1/people/me/contacts/private"
	d.do("alice", "POST", "/v1/people/me/contacts", `{"id":"private","kind":"email","address":"alice@example.com"}`).want(201)
	code := func() string {
		d.do("alice", "POST", path+"/verify", "").want(202)
		return `{"code":"` + d.codes.sent["alice@example.com"] + `"}`
	}
	first := code()
	d.clock.Move(11 * time.Minute)
	d.do("alice", "POST", path+"/confirm", first).problem(409, "refused")
	second := code()
	wrong := `{"code":"` + map[bool]string{true: "111111", false: "000000"}[second == `{"code":"000000"}`] + `"}`
	for range 5 {
		d.do("alice", "POST", path+"/confirm", wrong).problem(400, "invalid")
	}
	d.do("alice", "POST", path+"/confirm", second).problem(409, "refused")
	d.clock.Move(time.Second) // for the order of the codes
	third := code()
	d.do("alice", "POST", path+"/verify", "").problem(409, "refused")
	d.do("alice", "POST", path+"/confirm", third).want(200)

	d.codes.err = incident.Errorf(incident.Permanent, "no such channel")
	d.do("alice", "POST", "/v1/people/me/contacts", `{"id":"other","kind":"push","address":"alice-2"}`).want(201)
	d.do("alice", "POST", "/v1/people/me/contacts/other/verify", "").problem(422, "permanent")
}

// A text costs money, and six digits can be guessed: contact methods that come
// and go do not make more of them.
func TestNobodyHasCodesSentWithoutEnd(t *testing.T) {
	d := newDutyWorld(t)
	sent := 0
	for n := range 8 {
		path := fmt.Sprintf("/v1/people/me/contacts/c%d", n)
		d.do("alice", "POST", "/v1/people/me/contacts", fmt.Sprintf(`{"id":"c%d","kind":"sms","address":"+12025550199"}`, n)).want(201)
		for range 2 {
			if d.do("alice", "POST", path+"/verify", "").status == 202 {
				sent++
			}
		}
		d.do("alice", "DELETE", path, "").want(204)
	}
	require.Equal(t, store.CodesAnHourOfPerson, sent)
	d.do("bob", "POST", "/v1/people/me/contacts", `{"id":"c","kind":"sms","address":"+12025550199"}`).want(201)
	d.do("bob", "POST", "/v1/people/me/contacts/c/verify", "").want(202)
}

func TestPersonalRules(t *testing.T) {
	d := newDutyWorld(t)
	var got gen.Rules
	d.do("bob", "GET", "/v1/people/alice/rules", "").want(200, &got)
	require.Equal(t, "catalog", got.Owner)
	require.Len(t, got.Urgent, 4)
	got = gen.Rules{}
	d.do("alice", "PUT", "/v1/people/me/rules", `{"urgent":[{"contact":"mail"},{"contact":"phone","after_seconds":60}],"quiet":[{"from":"22:00","until":"07:00"}]}`).want(200, &got)
	require.Equal(t, "api", got.Owner)
	require.Equal(t, "alice", got.By)
	require.Equal(t, "Europe/Berlin", got.Zone)
	require.Equal(t, []gen.RuleInForce{{Contact: "mail"}, {Contact: "phone", AfterSeconds: 60}}, got.Urgent)
	require.Len(t, got.Quiet, 1)
	require.Len(t, got.Ordinary, 2, "the declared ones stay")
	for body, field := range map[string]string{
		`{"urgent":[{"contact":"fax"}]}`:                            "urgent[0].contact",
		`{"ordinary":[{"contact":"mail"},{"contact":"x"}]}`:         "ordinary[1].contact",
		`{"quiet":[{"from":"25:00","until":"07:00"}]}`:              "quiet[0].from",
		`{"quiet":[{"days":["moonday"]}]}`:                          "quiet[0].days[0]",
		`{"quiet":[{"from":"00:00"}]}`:                              "quiet",
		`{"urgent":[{"contact":"mail","after_seconds":100000000}]}`: "urgent[0].after_seconds",
	} {
		require.Equal(t, field, d.do("alice", "PUT", "/v1/people/me/rules", body).problem(400, "invalid").Field, body)
	}
	d.do("bob", "PUT", "/v1/people/alice/rules", `{}`).problem(403, "forbidden")
	d.do("bob", "DELETE", "/v1/people/alice/rules", "").problem(403, "forbidden")
	d.do("grace", "DELETE", "/v1/people/alice/rules", "").want(204)
	d.do("alice", "DELETE", "/v1/people/me/rules", "").problem(404, "not-found")
}
