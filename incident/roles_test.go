package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

func commander(person string) incident.AssignRole {
	return incident.AssignRole{Role: incident.Commander, Person: person}
}

func TestNobodyHelpsThemselvesToTheCommandersAuthority(t *testing.T) {
	at := 3 * time.Minute
	for name, test := range map[string]struct {
		by    incident.Header
		taken bool
	}{
		"a bystander":          {by("zoe", at), false},
		"a responder":          {by("bob", at), false},
		"a member of the team": {by("max", at, catalog.StandingMember), false},
		"the holder":           {by("alice", at), true},
		"who was paged for it": {by("carl", at), true},
		"a team lead":          {by("lena", at, catalog.TeamLead), true},
		"an administrator":     {by("root", at, catalog.Administrator), true},
	} {
		t.Run("vacant/"+name, func(t *testing.T) {
			i := held(t, severity(catalog.SEV2))
			page(t, i, only(t, i, incident.ForRole), after(time.Minute), "carl")
			do(t, i, "bob", 2*time.Minute, i.Acknowledge, incident.Acknowledge{})
			take(t, i, test.by, commander(test.by.By.ID), test.taken)
		})
	}
}

func TestASittingCommanderIsNotReplacedWithoutThem(t *testing.T) {
	at := 5 * time.Minute
	for name, test := range map[string]struct {
		by    incident.Header
		to    string
		taken bool
	}{
		"a responder, for themselves": {by("bob", at), "bob", false},
		"a responder, for another":    {by("bob", at), "zoe", false},
		"the holder, for themselves":  {by("alice", at), "alice", false},
		"a team lead":                 {by("lena", at, catalog.TeamLead), "lena", true},
		"an administrator":            {by("root", at, catalog.Administrator), "root", true},
	} {
		t.Run(name, func(t *testing.T) {
			i := commanded(t)
			if !test.taken {
				refused(t, incident.Forbidden, test.by, i.AssignRole, commander(test.to))
				require.Empty(t, i.Offers)
				require.Equal(t, "carl", i.ActingCommander())
				return
			}
			take(t, i, test.by, commander(test.to), true)
			require.Equal(t, []string{"carl", "alice"}, told(i, test.to+" is now commander"))
		})
	}
	t.Run("hands over, and it is accepted", func(t *testing.T) {
		i := commanded(t)
		do(t, i, "carl", at, i.AssignRole, commander("bob"))
		require.Equal(t, "carl", i.ActingCommander(), "until it is accepted")
		page(t, i, only(t, i, incident.ForRole), after(at), "bob")
		do(t, i, "bob", 6*time.Minute, i.AcceptRole, incident.AcceptRole{Role: incident.Commander})
		require.Equal(t, "bob", i.ActingCommander())
	})
}

// commanded returns an incident that alice holds and carl commands.
func commanded(t *testing.T) *incident.Incident {
	t.Helper()
	i := held(t, severity(catalog.SEV2))
	page(t, i, only(t, i, incident.ForRole), after(time.Minute), "carl")
	do(t, i, "carl", 2*time.Minute, i.AcceptRole, incident.AcceptRole{Role: incident.Commander})
	do(t, i, "bob", 3*time.Minute, i.Acknowledge, incident.Acknowledge{})
	return i
}

// take has somebody take a role, and holds it to whether they may.
func take(t *testing.T, i *incident.Incident, h incident.Header, c incident.AssignRole, may bool) {
	t.Helper()
	if !may {
		refused(t, incident.Forbidden, h, i.AssignRole, c)
		require.NotEqual(t, c.Person, i.Roles[c.Role])
		return
	}
	_, err := i.AssignRole(h, c, h.At)
	require.NoError(t, err)
	require.Equal(t, c.Person, i.Roles[c.Role])
}
