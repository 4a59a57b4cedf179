package incident_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
)

func suspect(id string, score float64) incident.Suspect {
	return incident.Suspect{Source: "ci", ID: id, Service: "checkout", What: "checkout " + id, At: noon.Add(-time.Minute), Score: score, Reasons: []string{"the same service"}}
}

func TestAnIncidentNamesItsSuspects(t *testing.T) {
	o := opening()
	o.Suspects = []incident.Suspect{suspect("1", 0.4), suspect("2", 0.9)}
	i := incident.New(o)
	require.Equal(t, "2", i.Suspects[0].ID, "the likeliest first")
	last := i.Drain()
	require.Equal(t, "Changed shortly before: 1. checkout 2: the same service; 2. checkout 1: the same service", last[len(last)-1].Text)

	i.Suspect([]incident.Suspect{suspect("2", 0.9), suspect("3", 0.6)}, noon.Add(time.Minute))
	require.Equal(t, []string{"2", "3", "1"}, ids(i.Suspects))
	late := i.Drain()
	require.Len(t, late, 1, "what it knows already changes nothing")
	require.Equal(t, "Changed: checkout 3: the same service", late[0].Text)
	require.Equal(t, noon.Add(-time.Minute), late[0].Occurred)

	for n := range 100 {
		i.Suspect([]incident.Suspect{suspect(fmt.Sprint("many-", n), 0.5+float64(n)/1000)}, noon)
	}
	require.Len(t, i.Suspects, 5)
	require.Len(t, i.Drain(), 19, "a service that is changed again and again fills no timeline")

	i.Phase = incident.Resolved
	i.Suspect([]incident.Suspect{suspect("late", 1)}, noon)
	require.NotContains(t, ids(i.Suspects), "late")
}

func TestTheLikeliestSuspectIsKeptHoweverManyCameBefore(t *testing.T) {
	i := opened(t)
	for n := range 25 {
		i.Suspect([]incident.Suspect{suspect(fmt.Sprint("many-", n), 0.1)}, noon)
	}
	i.Suspect([]incident.Suspect{suspect("culprit", 0.95)}, noon)
	require.Contains(t, ids(i.Suspects), "culprit")
}

func TestAChangeThatIsLessLikelyThanWhatIsKnownIsNotNoted(t *testing.T) {
	i := opened(t)
	for n := range 5 {
		i.Suspect([]incident.Suspect{suspect(fmt.Sprint(n), 0.9)}, noon)
	}
	i.Drain()
	i.Suspect([]incident.Suspect{suspect("small", 0.1)}, noon)
	i.Suspect([]incident.Suspect{suspect("small", 0.1)}, noon)
	require.Empty(t, i.Drain())
}

func ids(list []incident.Suspect) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.ID)
	}
	return out
}
