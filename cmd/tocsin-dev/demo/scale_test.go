package demo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/demo"
	"github.com/tocsinhq/tocsin/deployments"
)

func TestHastenChangesDurationsAndNothingElse(t *testing.T) {
	t.Parallel()
	slow, err := catalog.Load(deployments.ExampleCatalog())
	require.NoError(t, err)
	fast, err := catalog.Load(deployments.ExampleCatalog())
	require.NoError(t, err)
	demo.Hasten(fast)

	require.Equal(t, 1500*time.Millisecond, fast.Escalations[0].Levels[0].Timeout)
	sev2, _ := fast.Severity(catalog.SEV2)
	require.Equal(t, 18*time.Second, sev2.Response.Stabilisation)
	for n := range slow.Services {
		fast.Services[n].Hold = slow.Services[n].Hold
	}
	require.Equal(t, slow.Services, fast.Services)
	require.Equal(t, slow.Teams, fast.Teams)
	require.Equal(t, slow.Schedules, fast.Schedules)
	require.Equal(t, slow.LastResort, fast.LastResort)
}
