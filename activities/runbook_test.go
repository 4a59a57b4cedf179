package activities_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// deployer answers everything with what it was made of.
type deployer struct {
	deployment incident.Deployment
	operation  incident.Operation
	err        error
}

func (d deployer) Deployed(context.Context, string) (incident.Deployment, error) {
	return d.deployment, d.err
}

func (d deployer) Rollback(context.Context, incident.Rollback) (incident.Operation, error) {
	return d.operation, d.err
}

func (d deployer) Operation(context.Context, string, string) (incident.Operation, error) {
	return d.operation, d.err
}

type metrics struct{ incident.Measurement }

func (m metrics) Query(context.Context, string) (incident.Measurement, error) {
	return m.Measurement, nil
}

func TestDeployedBringsNoLongList(t *testing.T) {
	a := activities.Runbooks{Deployer: deployer{deployment: incident.Deployment{
		Revision: "r42", Previous: make([]incident.Revision, 500),
	}}}
	d, err := a.Deployed(t.Context(), activities.DeployTarget{Target: "payments"})
	require.NoError(t, err)
	require.Equal(t, "r42", d.Revision)
	require.Len(t, d.Previous, 10)
}

func TestOperationStateWaitsUntilItIsOver(t *testing.T) {
	tests := map[string]struct {
		state string
		over  bool
	}{
		"running": {activities.OperationRunning, false},
		"unheard": {"pondering", false},
		"done":    {activities.OperationDone, true},
		"failed":  {activities.OperationFailed, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := activities.Runbooks{Deployer: deployer{operation: incident.Operation{ID: "1", State: test.state}}}
			op, err := a.OperationState(t.Context(), activities.OperationRef{Target: "payments", ID: "1"})
			if test.over {
				require.NoError(t, err)
				require.Equal(t, test.state, op.State)
				return
			}
			var failed *temporal.ApplicationError
			require.ErrorAs(t, err, &failed)
			require.False(t, failed.NonRetryable())
			require.Equal(t, 2*time.Second, failed.NextRetryDelay())
			require.Equal(t, temporal.ApplicationErrorCategoryBenign, failed.Category(), "no failure that anyone counts")
		})
	}
}

func TestMeasureTakesOnlyFiniteNumbers(t *testing.T) {
	for value, found := range map[float64]bool{0.5: true, 0: true, math.Inf(1): false, math.NaN(): false} {
		a := activities.Runbooks{Metrics: metrics{incident.Measurement{Value: value, Found: true}}}
		m, err := a.Measure(t.Context(), activities.MetricQuery{Query: "up"})
		require.NoError(t, err)
		require.Equal(t, found, m.Found)
		require.False(t, math.IsNaN(m.Value) || math.IsInf(m.Value, 0))
	}
}

func TestRunbooksFailByTheKindOfTheError(t *testing.T) {
	moved := activities.Runbooks{Deployer: deployer{err: incident.Errorf(incident.Conflict, "it runs r43")}}
	without := activities.Runbooks{}
	calls := map[string]struct {
		call func(a *activities.Runbooks) error
		with incident.Kind
	}{
		"deployed": {func(a *activities.Runbooks) error {
			_, err := a.Deployed(t.Context(), activities.DeployTarget{})
			return err
		}, incident.Conflict},
		"roll back": {func(a *activities.Runbooks) error {
			_, err := a.RollBack(t.Context(), incident.Rollback{})
			return err
		}, incident.Conflict},
		"operation": {func(a *activities.Runbooks) error {
			_, err := a.OperationState(t.Context(), activities.OperationRef{})
			return err
		}, incident.Conflict},
		"measure": {func(a *activities.Runbooks) error {
			_, err := a.Measure(t.Context(), activities.MetricQuery{})
			return err
		}, incident.Permanent},
	}
	for name, test := range calls {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.with, incident.KindOf(activities.Known(test.call(&moved))))
			err := test.call(&without)
			require.Equal(t, incident.Permanent, incident.KindOf(activities.Known(err)))
			require.ErrorContains(t, err, "configure one")
		})
	}
}
