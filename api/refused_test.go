package api_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
)

// A catalog that nobody could be paged by is refused with the file, the line
// and what to do, and the one in force stays.
func TestCatalogsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	w.grant("person", "heidi", api.ScopeCatalog, api.ScopeRead)
	deep := "[1,2,3].all(a, [1,2,3].all(b, [1,2,3].all(c, [1,2,3].all(d, [1,2,3].all(e, [1,2,3].all(f, [1,2,3].all(g, [1,2,3].all(h, a+b+c+d+e+f+g+h > 0))))))))"
	for name, test := range map[string]struct {
		edit []string
		says string
	}{
		"a schedule with no participants": {[]string{"participants: [alice, bob, carol]", "participants: []"}, "oncall.yaml:"},
		"somebody who does not exist":     {[]string{"participants: [alice, bob, carol]", "participants: [alice, zoe]"}, `"zoe"`},
		"a zone that does not exist":      {[]string{"zone: Asia/Singapore\n            every", "zone: Asia/Atlantis\n            every"}, "Asia/Atlantis"},
		"a person's zone":                 {[]string{"zone: Europe/Berlin", "zone: Mars/Base"}, "Mars/Base"},
		"an escalation that goes round": {[]string{
			"- targets: [{team: payments}]\n        timeout: 10m", "- policy: storefront",
			"- targets: [{schedule: storefront/primary}]\n        timeout: 5m", "- policy: payments",
		}, "circle"},
		"an escalation into itself":        {[]string{"- targets: [{team: payments}]\n        timeout: 10m", "- policy: payments"}, "oncall.yaml:"},
		"a rotation that follows itself":   {[]string{"follows: primary", "follows: secondary"}, "oncall.yaml:"},
		"a regular expression too large":   {[]string{`name.startsWith("Disk")`, `name.matches("((((a{99}){99}){99}){99})")`}, "routes.yaml:"},
		"a condition that would not end":   {[]string{`name.startsWith("Disk")`, deep}, "routes.yaml:"},
		"a matcher too large":              {[]string{`service=~"checkout|cart"`, `service=~"((((a{99}){99}){99}){99})"`}, "services.yaml:"},
		"a condition that is none":         {[]string{`name.startsWith("Disk")`, "name"}, "routes.yaml:"},
		"a label that is no word":          {[]string{`name.startsWith("Disk")`, `title == "x"`}, "title"},
		"hours with a window that is none": {[]string{`from: "09:00", until: "18:00"`, `from: "9", until: "25:00"`}, "oncall.yaml:"},
		"what is no YAML":                  {[]string{"schedules:", "schedules: ]["}, "oncall.yaml:"},
		"a bomb of aliases": {[]string{"hours:\n", "x: &a [l,l,l,l,l,l,l,l,l]\ny: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nz: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n" +
			"u: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\nv: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nw: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\nq: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nhours:\n"}, "oncall.yaml:"},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			body := files(t, "", test.edit...)
			require.NotEqual(t, files(t, ""), body, "the edit edits nothing")
			began := time.Now()
			p := w.do("heidi", "PUT", "/v1/catalog", body).problem(400, "invalid")
			require.Less(t, time.Since(began), 5*time.Second)
			require.Contains(t, strings.Join(p.Missing, "\n"), test.says)
		})
	}
	w.t = t
	var got struct{ Version int }
	w.do("alice", "GET", "/v1/catalog", "").want(200, &got)
	require.Equal(t, 1, got.Version)
}

// Expressions are RE2 and their cost is bounded: what would hang elsewhere is
// answered at once.
func TestNoExpressionHangs(t *testing.T) {
	w := newWorld(t)
	w.grant("person", "heidi", api.ScopeCatalog, api.ScopeRead)
	evil := strings.Repeat("a", 1000) + "!"
	for _, when := range []string{
		`labels.x.matches("^(a+)+$")`, `labels.x.matches("^(a|aa)+$")`, `labels.x.matches("(.*)(.*)(.*)(.*)(.*)[bc]")`,
	} {
		w.do("heidi", "PUT", "/v1/catalog", files(t, "", `name.startsWith("Disk")`, when)).want(200)
		alert, err := json.Marshal(map[string]any{"status": "firing", "labels": map[string]string{"alertname": "A", "severity": "warning", "x": evil}})
		require.NoError(t, err)
		began := time.Now()
		w.do("heidi", "POST", "/v1/routes/test", string(alert)).want(200)
		require.Less(t, time.Since(began), 3*time.Second, when)
		order, err := json.Marshal(map[string]string{"when": when, "until": "2026-03-01T04:00:00Z"})
		require.NoError(t, err)
		w.do("alice", "POST", "/v1/silences/preview", string(order)).want(200)
	}
}

// Five MiB are taken, and not one byte more: wherever such a body is taken at
// all.
func TestBodiesOfFiveMebibytes(t *testing.T) {
	w := newWorld(t)
	w.grant("person", "heidi", api.ScopeCatalog, api.ScopeRead)
	const most = 5 << 20
	full := someAlert + strings.Repeat(" ", most-len(someAlert))
	w.do("alertmanager", "POST", "/v1/alerts/generic", full).want(202)
	for path, as := range map[string]string{
		"/v1/alerts/generic": "alertmanager", "/v1/alerts/alertmanager": "alertmanager", "/v1/routes/test": "heidi", "/v1/catalog/validate": "heidi",
	} {
		p := w.do(as, "POST", path, full+" ").problem(413, "too-large")
		require.Equal(t, "send at most 5242880 bytes", p.Detail, path)
	}
	for _, path := range []string{"/v1/overrides", "/v1/silences", "/v1/swaps", "/v1/people/me/contacts", "/v1/calendars"} {
		w.do("alice", "POST", path, full).problem(413, "too-large")
	}
	for _, path := range []string{smsPath, statusPath, "/v1/webhooks/jira"} {
		w.do("", "POST", path, full).problem(413, "too-large")
	}
	w.do("", "POST", "/v1/alerts/generic", full+" ").problem(401, "unauthenticated")
	require.Len(t, w.intake.Deliveries(), 1)
}
