package cli_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/apitest"
	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/deployments"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

// mailbox keeps the last code that was sent.
type mailbox struct {
	apitest.Pager
	code string
}

func (m *mailbox) SendCode(_ context.Context, _ catalog.ContactMethod, code string) error {
	m.code = code
	return nil
}

// newDuty starts an API of today whose catalog is in a real store.
func newDuty(t *testing.T) (*world, *mailbox) {
	t.Helper()
	db, sent := storetest.Open(t, storetest.SQLite(t)), &mailbox{}
	c, err := catalog.Load(deployments.ExampleCatalog())
	require.NoError(t, err)
	_, err = db.SaveCatalog(t.Context(), c, 0, "alice")
	require.NoError(t, err)
	w := newWorld(t, func(c *api.Config) {
		c.Duty, c.Catalogs, c.Now, c.Pager = db, store.NewCatalogs(db), time.Now, sent
	})
	t.Setenv("TOCSIN_ZONE", "UTC")
	return w, sent
}

func TestOverrideCommands(t *testing.T) {
	newDuty(t)
	made := tocsin(t, "override", "add", "--schedule", "payments/secondary", "--person", "carol", "--from", "24h", "--until", "26h", "--reason", "dentist").ok()
	require.Regexp(t, `^o-\S+: carol instead of whoever has the duty of payments/secondary from \S+ \S+ UTC until \S+ \S+ UTC\n$`, made)
	id, _, _ := strings.Cut(made, ":")
	listed := tocsin(t, "override", "list", "--person", "me").ok()
	require.Contains(t, listed, "dentist")
	require.Regexp(t, `api +alice`, listed)
	require.Contains(t, tocsin(t, "oncall", "--schedule", "payments", "--at", "25h").ok(), "carol")
	require.Equal(t, "override "+id+" is removed\n", tocsin(t, "override", "remove", id).err)
	require.Equal(t, "no override fits\n", tocsin(t, "override", "list").err)
	require.Contains(t, tocsin(t, "override", "list", "--ended").ok(), " by alice")
	tocsin(t, "override", "remove", id).fails(1, id+" is over, or was removed")
	tocsin(t, "override", "add", "--schedule", "payments", "--person", "bob", "--until", "2026-01-01T00:00:00Z").fails(1, "until: lies in the past")
}

func TestAnOverrideThatMayNotBeMeant(t *testing.T) {
	newDuty(t)
	idle := tocsin(t, "override", "add", "--schedule", "payments/secondary", "--kind", "remove", "--of", "erin", "--until", "1h")
	require.Contains(t, idle.ok(), "remove erin")
	require.Equal(t, "erin is not on call in payments/secondary in this time: as things stand, it changes nothing\n", idle.err)
	c, err := catalog.Load(deployments.ExampleCatalog())
	require.NoError(t, err)
	calendar, _ := c.Calendar("payments")
	turn := calendar.On("primary", time.Now().Add(24*time.Hour))
	require.Len(t, turn, 1)
	alone := tocsin(t, "override", "add", "--schedule", "payments", "--kind", "remove", "--of", turn[0].Person, "--from", "24h", "--until", "25h")
	require.Regexp(t, `^nobody is on call in payments/primary from \S+ \S+ \S+ until \S+ \S+ \S+\n$`, alone.err)
}

func TestTemporaryCommands(t *testing.T) {
	newDuty(t)
	tomorrow := time.Now().UTC().Add(24 * time.Hour).Truncate(time.Hour)
	from, until := tomorrow.Format(time.RFC3339), tomorrow.Add(8*time.Hour).Format(time.RFC3339)
	made := tocsin(t, "temporary", "add", "--schedule", "payments", "--from", from, "--until", until, "--shift", "erin="+from+"/"+until).ok()
	require.Regexp(t, `^t-\S+: 1 shifts in payments/primary`, made)
	require.Contains(t, tocsin(t, "temporary", "list").ok(), "erin")
	id, _, _ := strings.Cut(made, ":")
	require.Equal(t, "temporary schedule "+id+" is removed\n", tocsin(t, "temporary", "remove", id).err)
	require.Equal(t, "no temporary schedule fits\n", tocsin(t, "temporary", "list").err)
	tocsin(t, "temporary", "add", "--schedule", "payments", "--until", until, "--shift", "erin").
		fails(2, `--shift "erin": write it as bob=2026-03-01T02:00:00Z/2026-03-02T02:00:00Z`)
}

func TestSwapCommands(t *testing.T) {
	w, _ := newDuty(t)
	c, err := catalog.Load(deployments.ExampleCatalog())
	require.NoError(t, err)
	calendar, _ := c.Calendar("payments")
	turn := func(person string) (from, until string) {
		begin := time.Now().Add(24 * time.Hour)
		for _, s := range calendar.Shifts(begin, begin.Add(40*24*time.Hour)) {
			if s.Person == person && s.Rotation == "primary" {
				return s.From.UTC().Format(time.RFC3339), s.From.UTC().Add(8 * time.Hour).Format(time.RFC3339)
			}
		}
		require.Fail(t, "no turn of "+person)
		return "", ""
	}
	give, giveEnd := turn("alice")
	take, takeEnd := turn("bob")
	var offer client.Swap
	require.NoError(t, json.Unmarshal([]byte(tocsin(t, "swap", "offer", "--schedule", "payments", "--with", "bob",
		"--give-from", give, "--give-until", giveEnd, "--take-from", take, "--take-until", takeEnd, "--json").ok()), &offer))
	require.Contains(t, tocsin(t, "swap", "list", "--person", "me").ok(), "offered")
	t.Setenv("TOCSIN_TOKEN", w.grant("person", "bob", api.ScopeRead, api.ScopeRespond))
	require.Equal(t, "swap "+offer.Id+" is accepted\n", tocsin(t, "swap", "accept", offer.Id).ok())
	require.Equal(t, "no swap fits\n", tocsin(t, "swap", "list").err)
	tocsin(t, "swap", "decline", offer.Id).fails(1, "swap "+offer.Id+" is accepted")
	require.Contains(t, tocsin(t, "override", "list").ok(), "swap of alice and bob")
}

func TestContactCommands(t *testing.T) {
	_, sent := newDuty(t)
	added := tocsin(t, "contact", "add", "private", "--kind", "email", "--address", "alice@example.com")
	require.Regexp(t, `private +email +alice@example.com +no +no +api +alice`, added.ok())
	require.Equal(t, "verify it: tocsin contact verify private\n", added.err)
	require.Contains(t, tocsin(t, "contact", "verify", "private").ok(), "a code was sent by email")
	require.Equal(t, "contact method private is verified\n", tocsin(t, "contact", "confirm", "private", "--code", sent.code).ok())
	require.Regexp(t, `private +email +alice@example.com +yes +yes`, tocsin(t, "contact", "list").ok())
	require.Equal(t, "contact method private is removed\n", tocsin(t, "contact", "remove", "private").err)
	tocsin(t, "contact", "remove", "phone").fails(1, `"phone" is declared: remove it from the catalog's files`)
}

func TestRulesCommands(t *testing.T) {
	newDuty(t)
	got := tocsin(t, "rules", "set", "--urgent", "mail", "--urgent", "phone:2m", "--quiet", "22:00-07:00", "--quiet", "saturday,sunday").ok()
	require.Equal(t, "PAGES     CONTACT  AFTER    NOTE\nurgent    mail     at once  -\nurgent    phone    2 min    -\n"+
		"ordinary  mail     at once  -\nordinary  phone    10 min   -\n"+
		"ordinary pages wait: 22:00-07:00 (Europe/Berlin)\nordinary pages wait: saturday,sunday (Europe/Berlin)\nowner: api by alice\n", got)
	require.Equal(t, got, tocsin(t, "rules", "show").ok())
	require.Equal(t, "the declared rules are in force\n", tocsin(t, "rules", "clear").err)
	require.Contains(t, tocsin(t, "rules", "show").ok(), "owner: catalog\n")
	tocsin(t, "rules", "set", "--urgent", "mail:soon").fails(2, `"mail:soon": write a rule as CONTACT or CONTACT:DELAY, such as mail:2m`)
}

func TestCalendarCommands(t *testing.T) {
	newDuty(t)
	made := tocsin(t, "calendar", "create", "--schedule", "payments")
	require.Regexp(t, `^https://tocsin.example.org/calendars/cal_\S{43}\.ics\n$`, made.ok())
	id := strings.Fields(strings.TrimSuffix(made.err, ";"))[2]
	id = strings.TrimSuffix(id, ";")
	require.Regexp(t, id+` +payments +api +alice`, tocsin(t, "calendar", "list").ok())
	again := tocsin(t, "calendar", "rotate", id).ok()
	require.NotEqual(t, made.out, again)
	require.Equal(t, "calendar feed "+id+" is revoked\n", tocsin(t, "calendar", "revoke", id).err)
	require.Equal(t, 1, tocsin(t, "calendar", "rotate", id).code)
}

func TestOnCallOverDays(t *testing.T) {
	newDuty(t)
	got := tocsin(t, "oncall", "--days", "30", "--person", "me").ok()
	require.Contains(t, got, "payments  primary")
	require.NotContains(t, got, "bob")
	require.Contains(t, got, "rotation primary")
}

func TestOnCallLoad(t *testing.T) {
	newDuty(t)
	require.Contains(t, tocsin(t, "oncall", "load", "--schedule", "payments", "--from", "1h").ok(), "NIGHT HOURS")
}
