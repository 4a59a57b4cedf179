package deployer_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/channeltest"
	"github.com/tocsinhq/tocsin/integrations/deployer"
	sandbox "github.com/tocsinhq/tocsin/sandbox/deployer"
	"github.com/tocsinhq/tocsin/sandbox/fault"
)

const token = "a-secret-deploy-token"

var _ activities.Deployer = (*deployer.Deployer)(nil)

// newTarget serves a stand-in that runs the service checkout on a real socket.
func newTarget(t *testing.T, takes time.Duration) (*sandbox.Server, *deployer.Deployer) {
	t.Helper()
	target, err := sandbox.New(sandbox.Config{Token: token, Services: []string{"checkout"}, RollbackTakes: takes})
	require.NoError(t, err)
	server := httptest.NewServer(target)
	t.Cleanup(server.Close)
	t.Cleanup(target.Faults.Clear)
	d, err := deployer.New(deployer.Config{URL: server.URL + "/deploy/", Token: token})
	require.NoError(t, err)
	return target, d
}

// order is the rollback to the revision before.
func order(t *testing.T, d *deployer.Deployer) incident.Rollback {
	t.Helper()
	now, err := d.Deployed(t.Context(), "checkout")
	require.NoError(t, err)
	return incident.Rollback{
		Target: "checkout", To: now.Previous[0].Revision, Expected: now.Revision,
		Key: "INC-1042/runbook/rollback/1/roll-back", Reason: "INC-1042",
	}
}

func TestRollback(t *testing.T) {
	target, d := newTarget(t, 0)
	before, err := d.Deployed(t.Context(), "checkout")
	require.NoError(t, err)
	require.Equal(t, "checkout", before.Target)
	require.NotEmpty(t, before.Version)
	require.NotEmpty(t, before.By)
	require.WithinDuration(t, time.Now(), before.At, 365*24*time.Hour)
	require.NotEmpty(t, before.Previous)
	require.NotEqual(t, before.Revision, before.Previous[0].Revision)

	r := order(t, d)
	first, err := d.Rollback(t.Context(), r)
	require.NoError(t, err)
	again, err := d.Rollback(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID, "equal keys are done once")

	require.Eventually(t, func() bool {
		op, err := d.Operation(t.Context(), "checkout", first.ID)
		return err == nil && op.State == "done"
	}, 5*time.Second, 5*time.Millisecond)
	after, err := d.Deployed(t.Context(), "checkout")
	require.NoError(t, err)
	require.Equal(t, first.Revision, after.Revision)
	require.Equal(t, before.Previous[0].Version, after.Version)
	require.Equal(t, 2, target.Faults.Calls("rollback"))
}

func TestRollbackOfWhatMoved(t *testing.T) {
	_, d := newTarget(t, 0)
	r := order(t, d)
	r.Expected = "another"
	_, err := d.Rollback(t.Context(), r)
	require.Equal(t, incident.Conflict, incident.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "order the rollback: the deploy target answered 409 Conflict: ")
}

func TestRollbackWhoseAnswerIsLost(t *testing.T) {
	target, d := newTarget(t, time.Hour)
	require.NoError(t, target.Faults.Add("rollback", fault.Fault{Drop: true, After: true}))
	r := order(t, d)
	_, err := d.Rollback(t.Context(), r)
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	op, err := d.Rollback(t.Context(), r)
	require.NoError(t, err, "the repeat is answered with what the first one began")
	require.Equal(t, "running", op.State)
}

func TestWhatIsNotThere(t *testing.T) {
	_, d := newTarget(t, 0)
	_, err := d.Deployed(t.Context(), "unknown")
	require.Equal(t, incident.NotFound, incident.KindOf(err), "%v", err)
	_, err = d.Operation(t.Context(), "checkout", "unknown")
	require.Equal(t, incident.NotFound, incident.KindOf(err), "%v", err)
	r := order(t, d)
	r.To = "unknown"
	_, err = d.Rollback(t.Context(), r)
	require.Equal(t, incident.Permanent, incident.KindOf(err), "%v", err)
	for _, name := range []string{"", ".", ".."} {
		_, err = d.Deployed(t.Context(), name)
		require.Equal(t, incident.Invalid, incident.KindOf(err))
	}
	_, err = d.Deployed(t.Context(), "../operations")
	require.Equal(t, incident.NotFound, incident.KindOf(err), "a name stays one part of the path")
}

func TestRollbackThatIsNone(t *testing.T) {
	target, d := newTarget(t, 0)
	for _, spoil := range []func(*incident.Rollback){
		func(r *incident.Rollback) { r.To = "" },
		func(r *incident.Rollback) { r.Expected = "" },
		func(r *incident.Rollback) { r.Key = "" },
	} {
		r := order(t, d)
		spoil(&r)
		_, err := d.Rollback(t.Context(), r)
		require.Equal(t, incident.Invalid, incident.KindOf(err))
	}
	require.Zero(t, target.Faults.Calls("rollback"))
}

func TestAnswersThatAreNone(t *testing.T) {
	for _, body := range []string{
		`{}`, `{"service":"other","revision":"1","id":"1","state":"done"}`, `{"service":"checkout"}`,
		`{"service":"checkout","id":"1","state":"perhaps"}`, `[]`, `{`,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, body)
		}))
		d, err := deployer.New(deployer.Config{URL: server.URL})
		require.NoError(t, err)
		_, err = d.Deployed(t.Context(), "checkout")
		require.Equal(t, incident.Unavailable, incident.KindOf(err), body)
		_, err = d.Operation(t.Context(), "checkout", "1")
		require.Equal(t, incident.Unavailable, incident.KindOf(err), body)
		server.Close()
	}
}

func TestFailures(t *testing.T) {
	calls := map[string]func(context.Context, *deployer.Deployer) error{
		"deployed": func(ctx context.Context, d *deployer.Deployer) error {
			_, err := d.Deployed(ctx, "checkout")
			return err
		},
		"rollback": func(ctx context.Context, d *deployer.Deployer) error {
			_, err := d.Rollback(ctx, incident.Rollback{Target: "checkout", To: "1", Expected: "2", Key: "k"})
			return err
		},
		"operation": func(ctx context.Context, d *deployer.Deployer) error {
			_, err := d.Operation(ctx, "checkout", "1")
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			channeltest.Failures(t, true, func(ctx context.Context, t *testing.T, base string) error {
				d, err := deployer.New(deployer.Config{URL: base, Token: token})
				require.NoError(t, err)
				err = call(ctx, d)
				channeltest.NoSecret(t, err, base, token)
				return err
			})
		})
	}
}

func TestNewRefusesWhatIsNoAddress(t *testing.T) {
	_, err := deployer.New(deployer.Config{URL: "deployer"})
	require.Equal(t, incident.Invalid, incident.KindOf(err))
	require.ErrorContains(t, err, "TOCSIN_DEPLOYER_URL")
}
