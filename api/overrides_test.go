package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/gen"
)

func TestOverrides(t *testing.T) {
	d := newDutyWorld(t)
	mine := d.turn("alice", "primary")
	var made gen.Override
	body := fmt.Sprintf(`{"schedule":"payments","person":"carol","of":"me","from":%q,"until":%q,"reason":"ill"}`,
		mine.From.Format(time.RFC3339), mine.Until.Format(time.RFC3339))
	d.do("alice", "POST", "/v1/overrides", body).want(201, &made)
	require.Equal(t, "api", made.Owner)
	require.Equal(t, "alice", made.By)
	require.Equal(t, "primary", made.Rotation)
	require.Equal(t, []string{"carol"}, d.on("primary", mine.From))
	require.Equal(t, []string{"alice"}, d.on("primary", mine.Until))

	var list gen.OverrideList
	for query, want := range map[string]int{
		"": 1, "?schedule=payments&person=me": 1, "?person=carol": 1, "?person=bob": 0, "?schedule=platform": 0,
		"?from=" + mine.Until.Format(time.RFC3339): 0, "?until=" + mine.From.Format(time.RFC3339): 0,
	} {
		d.do("alice", "GET", "/v1/overrides"+query, "").want(200, &list)
		require.Len(t, list.Overrides, want, query)
	}
	d.do("erin", "DELETE", "/v1/overrides/"+made.Id, "").problem(403, "forbidden")
	d.do("bob", "DELETE", "/v1/overrides/"+made.Id, "").want(204)
	require.Equal(t, []string{"alice"}, d.on("primary", mine.From))
	d.do("bob", "DELETE", "/v1/overrides/"+made.Id, "").problem(404, "not-found")
	d.do("bob", "DELETE", "/v1/overrides/o-1", "").problem(404, "not-found")
	list = gen.OverrideList{}
	d.do("alice", "GET", "/v1/overrides?all=true", "").want(200, &list)
	require.Equal(t, "bob", list.Overrides[0].RemovedBy)
}

func TestOverridesThatAreRefused(t *testing.T) {
	d := newDutyWorld(t)
	for name, test := range map[string]struct{ body, field, says string }{
		"past":             {`"schedule":"payments","person":"bob","from":"` + d.hence(-2*time.Hour) + `","until":"` + d.hence(time.Hour) + `"`, "from", "lies in the past"},
		"over":             {`"schedule":"payments","person":"bob","until":"` + d.hence(-time.Hour) + `"`, "until", "lies in the past"},
		"backwards":        {`"schedule":"payments","person":"bob","from":"` + d.hence(2*time.Hour) + `","until":"` + d.hence(time.Hour) + `"`, "until", "later than from"},
		"far ahead":        {`"schedule":"payments","person":"bob","until":"` + d.hence(400*24*time.Hour) + `"`, "until", "more than a year"},
		"unknown schedule": {`"schedule":"x","person":"bob","until":"` + d.hence(time.Hour) + `"`, "schedule", `no schedule "x"`},
		"unknown rotation": {`"schedule":"payments","rotation":"x","person":"bob","until":"` + d.hence(time.Hour) + `"`, "rotation", `no rotation "x"`},
		"unknown person":   {`"schedule":"payments","person":"zoe","until":"` + d.hence(time.Hour) + `"`, "person", `no person "zoe"`},
		"nobody":           {`"schedule":"payments","until":"` + d.hence(time.Hour) + `"`, "person", "must name who comes"},
		"unknown of":       {`"schedule":"payments","person":"bob","of":"zoe","until":"` + d.hence(time.Hour) + `"`, "of", `no person "zoe"`},
		"of themselves":    {`"schedule":"payments","person":"bob","of":"bob","until":"` + d.hence(time.Hour) + `"`, "of", "bob cannot come instead of bob"},
		"add of":           {`"schedule":"payments","kind":"add","person":"bob","of":"carol","until":"` + d.hence(time.Hour) + `"`, "of", "nobody goes"},
		"remove for":       {`"schedule":"payments","kind":"remove","person":"bob","until":"` + d.hence(time.Hour) + `"`, "person", "nobody comes"},
		"remove nobody":    {`"schedule":"payments","kind":"remove","until":"` + d.hence(time.Hour) + `"`, "of", "must name who goes"},
	} {
		t.Run(name, func(t *testing.T) {
			p := d.do("grace", "POST", "/v1/overrides", "{"+test.body+"}").problem(400, "invalid")
			require.Equal(t, test.field, p.Field)
			require.Contains(t, p.Detail, test.says)
		})
	}
}

// The commanders' schedule is paged by no service: nobody manages it but
// administrators.
func TestWhoMayOverride(t *testing.T) {
	d := newDutyWorld(t)
	order := func(schedule, person, of string) string {
		return fmt.Sprintf(`{"schedule":%q,"person":%q,"of":%q,"until":%q}`, schedule, person, of, d.hence(time.Hour))
	}
	for _, test := range []struct {
		as, body string
		status   int
	}{
		{"dave", order("incident-commanders", "carol", "dave"), 201},
		{"dave", order("incident-commanders", "dave", "carol"), 201},
		{"dave", order("incident-commanders", "heidi", "carol"), 403},
		{"erin", order("incident-commanders", "erin", "carol"), 403},
		{"alice", order("incident-commanders", "heidi", "carol"), 201},
		{"grace", order("payments", "bob", "alice"), 201},
		{"bob", order("payments", "carol", "alice"), 201},
		{"erin", order("payments", "erin", "alice"), 403},
		{"alertmanager", order("payments", "bob", "alice"), 403},
	} {
		require.Equal(t, test.status, d.do(test.as, "POST", "/v1/overrides", test.body).status, "%s %s", test.as, test.body)
	}
}
