package web_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/web"
)

var triggered = time.Date(2026, 3, 1, 1, 0, 0, 0, time.UTC)

func pages(t *testing.T) *web.Pages {
	t.Helper()
	p, err := web.New()
	require.NoError(t, err)
	return p
}

func TestAcknowledgePage(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		page     web.Acknowledge
		shows    []string
		showsNot []string
	}{
		"with a button": {
			page: web.Acknowledge{
				Number: "INC-7", Title: "Checkout fails", Severity: "SEV2", Name: "Alice", Action: "/ack/abc",
				Incident: "/ack/abc/incident", Triggered: triggered, Zone: berlin,
			},
			shows: []string{
				`<form method="post" action="/ack/abc">`, "Acknowledge INC-7</button>", "You take it as Alice",
				"Sun 1 Mar 2026 02:00:00 CET", "Show the incident",
			},
		},
		"without the store": {
			page:     web.Acknowledge{Number: "INC-7", Name: "Alice", Action: "/ack/abc"},
			shows:    []string{"Incident INC-7", "<button"},
			showsNot: []string{"Since", "Show the incident"},
		},
		"where it takes something else": {
			page:     web.Acknowledge{Number: "INC-7", Name: "Alice", Action: "/ack/abc", Asks: "You accept to be commander."},
			shows:    []string{"You accept to be commander. You answer as Alice."},
			showsNot: []string{"Paging stops"},
		},
		"after the tap": {
			page:     web.Acknowledge{Number: "INC-7", Said: "You have INC-7."},
			shows:    []string{"You have INC-7."},
			showsNot: []string{"<button", "<form"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, pages(t).Acknowledge(&out, tc.page))
			for _, text := range tc.shows {
				require.Contains(t, out.String(), text)
			}
			for _, text := range tc.showsNot {
				require.NotContains(t, out.String(), text)
			}
		})
	}
}

func TestIncidentPage(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, pages(t).Incident(&out, web.Incident{
		Number: "INC-7", Title: "<script>alert(1)</script>", Phase: "triaging", Service: "checkout",
		Status: "Rolling back.", NextStep: "Watch.",
		Clocks:    []web.Stamp{{Title: "Triggered", At: triggered}, {Title: "Mitigated"}},
		Alerts:    []web.Alert{{Name: "Errors", Summary: "12% fail", Firing: true, Since: triggered}},
		Links:     []web.Link{{Title: "Graph", URL: "https://example.org/d"}, {Title: "Trap", URL: "javascript:alert(1)"}},
		Timeline:  []web.Entry{{At: triggered, Who: "alice", Text: "took it; <INC-xa1b2> was merged", Highlight: true}},
		Measures:  []web.Fact{{Title: "To acknowledge (TTA)", Text: "1 min"}},
		Gates:     []web.Fact{{Title: "resolved", Text: "resolve it"}},
		Questions: []web.Question{{Text: "Roll back?", How: "Answer yes or no: tocsin incident answer INC-7 q-1 --choice CHOICE", Until: triggered, Calls: []string{"roll back <b>checkout</b>"}}},
		Runs:      []web.Run{{ID: "rollback/1", State: "running, dry run", By: "bob", At: triggered, Latest: "would call <it>, once INC-3/runbook/rollback/1 ends"}},
		Earlier:   true,
	}))
	html := out.String()
	require.NotContains(t, html, "<script")
	require.NotContains(t, html, `href="javascript:`)
	for _, text := range []string{"Sun 1 Mar 2026 01:00:00 UTC", "never", "12% fail", "fires", "Next: Watch.", `class="highlight"`, "Only the latest", `took it; &lt;<a href="/incidents/INC-xa1b2">INC-xa1b2</a>&gt; was merged`, "<dt>To acknowledge (TTA)</dt><dd>1 min</dd>", "<dt>resolved</dt><dd>resolve it</dd>", "<dt>rollback/1</dt><dd>running, dry run: would call &lt;it&gt;, once <a href=\"/incidents/INC-3\">INC-3</a>/runbook/rollback/1 ends <span class=\"faint\">bob, Sun 1 Mar 2026 01:00:00 UTC</span></dd>", "until Sun 1 Mar 2026 01:00:00 UTC</span><ol><li><code>roll back &lt;b&gt;checkout&lt;/b&gt;</code></li></ol>Answer yes or no: tocsin"} {
		require.Contains(t, html, text)
	}
}

func TestMessagePage(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, pages(t).Message(&out, web.Message{Title: "This link has expired", Detail: "Ask for a new page.", Points: []string{"one"}}))
	require.Contains(t, out.String(), "<h1>This link has expired</h1>")
	require.Contains(t, out.String(), "<li>one</li>")
}

// A page works only when the browser accepts its style under the policy.
func TestPolicyAllowsExactlyTheStyle(t *testing.T) {
	p := pages(t)
	var out bytes.Buffer
	require.NoError(t, p.Message(&out, web.Message{Title: "x"}))
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(out.String())
	require.NotNil(t, style)
	sum := sha256.Sum256([]byte(style[1]))
	require.Contains(t, p.Policy(), "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	require.NotContains(t, p.Policy(), "unsafe")
}
