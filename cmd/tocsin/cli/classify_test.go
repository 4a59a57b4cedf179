package cli_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

func TestClassifyAsks(t *testing.T) {
	confirmed := sample("INC-5")
	confirmed.Provisional, confirmed.Severity = false, catalog.SEV1
	for name, tc := range map[string]struct {
		number string
		flags  []string
		in     string
		want   incident.Classify
	}{
		"every question": {"INC-1", nil, "cards fail\nExternal\nabout 10\npay\nsev2\nbob\n", incident.Classify{
			What: "cards fail", Impact: incident.Impact{Scope: catalog.External, Users: "about 10", Cannot: "pay"}, Severity: catalog.SEV2, WhoFixes: "bob",
		}},
		"enter says unknown": {"INC-1", nil, "\n\n\n\n\n\n", incident.Classify{
			What: "unknown", Impact: incident.Impact{Scope: "unknown", Users: "unknown", Cannot: "unknown"}, Severity: "unknown", WhoFixes: "unknown",
		}},
		"asks again": {"INC-1", nil, "w\neverybody\nnobody\nbad\n4\nbob\n", incident.Classify{
			What: "w", Impact: incident.Impact{Scope: catalog.Nobody}, Severity: catalog.SEV4, WhoFixes: "bob",
		}},
		"only what no flag says": {"INC-1", []string{"--what", "w", "--scope", "nobody", "--severity", "3"}, "bob\n", incident.Classify{
			What: "w", Impact: incident.Impact{Scope: catalog.Nobody}, Severity: catalog.SEV3, WhoFixes: "bob",
		}},
		"lowering takes a reason": {"INC-5", []string{"--what", "w", "--scope", "nobody"}, "SEV3\nbob\nonly a test\n", incident.Classify{
			What: "w", Impact: incident.Impact{Scope: catalog.Nobody}, Severity: catalog.SEV3, WhoFixes: "bob", Reason: "only a test",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.store.Put(confirmed)
			got := tocsinWith(t, tc.in, append([]string{"incident", "classify", tc.number, "--ask"}, tc.flags...)...)
			require.Equal(t, tc.number+": done (triaging, SEV2, held by alice)\n", got.ok())
			require.Equal(t, tc.want, w.commands.Sent()[0].Args)
			require.Contains(t, got.err, "Who can fix it?")
		})
	}
}

func TestClassifyShowsTheCriteria(t *testing.T) {
	newWorld(t)
	got := tocsinWith(t, "\n\n\n\n\n\n", "incident", "classify", "1", "--ask")
	got.ok()
	golden(t, "classify", got.err)
}

func TestClassifySendsNothingHalfDone(t *testing.T) {
	w := newWorld(t)
	got := tocsinWith(t, "cards fail\nexternal\n", "incident", "classify", "1", "--ask")
	require.Equal(t, 1, got.code)
	require.Contains(t, got.err, "tocsin: the questions were not answered to the end; nothing was sent\n")
	require.Empty(t, w.commands.Sent())
}
