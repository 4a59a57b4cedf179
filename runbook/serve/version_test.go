package serve_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/tocsinhq/tocsin/runbook/serve"
)

// versions is a deployment as Temporal keeps it: when each version had its turn.
type versions struct {
	had     map[string]time.Time
	current string
	err     error
}

func (v *versions) Describe(context.Context, client.WorkerDeploymentDescribeOptions) (client.WorkerDeploymentDescribeResponse, error) {
	var out client.WorkerDeploymentDescribeResponse
	if v.current != "" {
		out.Info.RoutingConfig.CurrentVersion = &worker.WorkerDeploymentVersion{BuildID: v.current}
	}
	if v.had == nil && v.err == nil {
		return out, serviceerror.NewNotFound("no such deployment")
	}
	return out, v.err
}

func (v *versions) DescribeVersion(_ context.Context, o client.WorkerDeploymentDescribeVersionOptions) (client.WorkerDeploymentVersionDescription, error) {
	var out client.WorkerDeploymentVersionDescription
	at, known := v.had[o.BuildID]
	if !known {
		return out, serviceerror.NewNotFound("no such version")
	}
	out.Info.RoutingChangedTime = at
	return out, nil
}

func (v *versions) SetCurrentVersion(_ context.Context, o client.WorkerDeploymentSetCurrentVersionOptions) (client.WorkerDeploymentSetCurrentVersionResponse, error) {
	v.current, v.had[o.BuildID] = o.BuildID, time.Now()
	return client.WorkerDeploymentSetCurrentVersionResponse{}, nil
}

func TestNewCodeTakesTheTurnOnce(t *testing.T) {
	take := func(v *versions, id string) string {
		whose, err := serve.Take(t.Context(), v, id)
		require.NoError(t, err)
		return whose
	}
	v := &versions{}
	require.Equal(t, "unknown", take(v, "one"), "nobody has asked for work yet")
	v.had = map[string]time.Time{"one": {}}
	require.Equal(t, "current", take(v, "one"))
	require.Equal(t, "unknown", take(v, "two"))
	v.had["two"] = time.Time{}
	require.Equal(t, "current", take(v, "two"), "what is new takes the turn")
	require.Equal(t, "earlier", take(v, "one"), "what had it does not take it back")
	require.Equal(t, "current", take(v, "two"))
	v.current = "one" // somebody goes back
	require.Equal(t, "current", take(v, "one"))
	require.Equal(t, "earlier", take(v, "two"))
	_, err := serve.Take(t.Context(), &versions{err: errors.New("away")}, "one")
	require.ErrorContains(t, err, "away")
}
