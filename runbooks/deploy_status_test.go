package runbooks_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
)

func TestDeployStatusSaysWhatRuns(t *testing.T) {
	at := time.Date(2026, 3, 1, 1, 0, 0, 0, time.UTC)
	script := runbooktest.Script{
		Params: map[string]string{"target": "payments", "check": "error_ratio"}, Samples: []float64{0.3},
		Deployed: []incident.Deployment{{
			Target: "payments", Revision: "r42", Version: "1.9", At: at, By: "alice",
			Previous: []incident.Revision{{Revision: "r41", Version: "1.8"}},
		}},
	}
	for _, dry := range []bool{false, true} {
		script.DryRun = dry
		want := `
00:00 started alice started deploy-status with check=error_ratio target=payments
00:00 measures error_ratio: 0.3
00:00 keeps What runs at payments:
00:00   payments runs r42 (1.9), deployed 2026-03-01 01:00:00 UTC by alice
00:00   before: r41 (1.8)
00:00   error_ratio: 0.3
00:00 output What runs at payments: 3 lines, 101 bytes (output deploy-status-1-1)
00:00 ended done
`
		if dry {
			want = `
00:00 started alice started a dry run of deploy-status with check=error_ratio target=payments
00:00 measures error_ratio: 0.3
00:00 keeps What runs at payments:
00:00   payments runs r42 (1.9), deployed 2026-03-01 01:00:00 UTC by alice
00:00   before: r41 (1.8)
00:00   error_ratio: 0.3
00:00 output What runs at payments: 3 lines, 101 bytes (output deploy-status-1-1)
00:00 ended done: dry run: nothing was changed
`
		}
		require.Equal(t, lines(want), runbooktest.Play(t, find(t, "deploy-status"), script))
	}

	got := runbooktest.Play(t, find(t, "deploy-status"), runbooktest.Script{Params: map[string]string{"target": "nothing"}})
	require.Equal(t, lines(`
00:00 started alice started deploy-status with target=nothing
00:00 ended failed: what is deployed at nothing cannot be read: there is no target nothing
`), got)
}
