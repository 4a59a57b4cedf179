package activities_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/systems"
)

// website answers every request with the same.
type website struct{ err error }

func (w website) Plan(systems.HTTPRequest) (systems.HTTPPlan, error) {
	return systems.HTTPPlan{}, w.err
}

func (w website) Send(context.Context, systems.HTTPRequest, string, string) (systems.HTTPAnswer, error) {
	return systems.HTTPAnswer{Status: 200}, w.err
}

func kindOf(t *testing.T, err error) incident.Kind {
	t.Helper()
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	return incident.Kind(failed.Type())
}

func TestHTTPNeedsAPlanAndAKeyToChangeAnything(t *testing.T) {
	t.Parallel()
	a := &activities.HTTP{Systems: map[string]activities.HTTPSystem{"a": website{}}}
	for _, o := range []activities.HTTPOrder{{System: "a"}, {System: "a", Covers: "x"}, {System: "a", Key: "k"}} {
		_, err := a.SendHTTP(t.Context(), o)
		require.Equal(t, incident.Invalid, kindOf(t, err))
	}
	_, err := a.SendHTTP(t.Context(), activities.HTTPOrder{System: "a", Covers: "x", Key: "k"})
	require.NoError(t, err)
}

func TestAReadingOverHTTPIsOne(t *testing.T) {
	t.Parallel()
	a := &activities.HTTP{Systems: map[string]activities.HTTPSystem{"a": website{}}}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "", "get"} {
		_, err := a.ReadHTTP(t.Context(), activities.HTTPOrder{System: "a", Request: systems.HTTPRequest{Method: method}})
		require.Equal(t, incident.Invalid, kindOf(t, err), method)
	}
	_, err := a.ReadHTTP(t.Context(), activities.HTTPOrder{System: "a", Request: systems.HTTPRequest{Method: "POST", Part: systems.HTTPVerify}})
	require.NoError(t, err)
	_, err = a.ReadHTTP(t.Context(), activities.HTTPOrder{System: "a", Request: systems.HTTPRequest{Method: "POST", Part: systems.HTTPUndo}})
	require.Equal(t, incident.Invalid, kindOf(t, err))
}

func TestSystemsThatAreNotThere(t *testing.T) {
	t.Parallel()
	for product, call := range unconfigured(t.Context()) {
		err := call()
		require.Equal(t, incident.Permanent, kindOf(t, err), product)
		require.ErrorContains(t, err, "no "+strings.Fields(product)[0]+" system is configured")
	}
	some := &activities.HTTP{Systems: map[string]activities.HTTPSystem{"b": website{}, "a": website{}}}
	for _, call := range []func(o activities.HTTPOrder) error{
		func(o activities.HTTPOrder) error { _, err := some.PlanHTTP(t.Context(), o); return err },
		func(o activities.HTTPOrder) error { _, err := some.ReadHTTP(t.Context(), o); return err },
		func(o activities.HTTPOrder) error { _, err := some.SendHTTP(t.Context(), o); return err },
	} {
		err := call(activities.HTTPOrder{System: "c"})
		require.Equal(t, incident.NotFound, kindOf(t, err))
		require.ErrorContains(t, err, `there is no http system "c": there are a, b`)
	}
}

// unconfigured are the activities of all products, of which none is there.
func unconfigured(ctx context.Context) map[string]func() error {
	var (
		web   *activities.HTTP
		base  *activities.SQL
		cache *activities.Redis
		host  *activities.SSH
		hub   *activities.GitHub
	)
	return map[string]func() error{
		"http plan":       func() error { _, err := web.PlanHTTP(ctx, activities.HTTPOrder{}); return err },
		"http read":       func() error { _, err := web.ReadHTTP(ctx, activities.HTTPOrder{}); return err },
		"http send":       func() error { _, err := web.SendHTTP(ctx, activities.HTTPOrder{}); return err },
		"sql plan":        func() error { _, err := base.PlanSQL(ctx, activities.SQLOrder{}); return err },
		"sql query":       func() error { _, err := base.QuerySQL(ctx, activities.SQLOrder{}); return err },
		"sql change":      func() error { _, err := base.ChangeSQL(ctx, activities.SQLOrder{}); return err },
		"redis count":     func() error { _, err := cache.CountKeys(ctx, activities.RedisOrder{}); return err },
		"redis delete":    func() error { _, err := cache.DeleteKeys(ctx, activities.RedisOrder{}); return err },
		"ssh plan":        func() error { _, err := host.PlanCommand(ctx, activities.SSHOrder{}); return err },
		"ssh read":        func() error { _, err := host.ReadCommand(ctx, activities.SSHOrder{}); return err },
		"github plan":     func() error { _, err := hub.PlanDispatch(ctx, activities.DispatchOrder{}); return err },
		"github dispatch": func() error { _, err := hub.DispatchWorkflow(ctx, activities.DispatchOrder{}); return err },
		"github state":    func() error { _, err := hub.WorkflowState(ctx, activities.DispatchOrder{}); return err },
		"github run":      func() error { _, err := hub.WorkflowRun(ctx, activities.DispatchOrder{}); return err },
		"github jobs":     func() error { _, err := hub.FailedJobs(ctx, activities.DispatchOrder{}); return err },
		"ssh run":         func() error { _, err := host.RunCommand(ctx, activities.SSHOrder{}); return err },
	}
}

// neverAsked are systems that must not be asked.
type (
	neverQueried struct{ activities.SQLSystem }
	neverRun     struct{ activities.SSHSystem }
)

func TestNothingIsChangedWithoutAPlan(t *testing.T) {
	t.Parallel()
	base := &activities.SQL{Systems: map[string]activities.SQLSystem{"a": neverQueried{}}}
	_, err := base.ChangeSQL(t.Context(), activities.SQLOrder{System: "a", Key: "k"})
	require.Equal(t, incident.Invalid, kindOf(t, err))
	_, err = base.ChangeSQL(t.Context(), activities.SQLOrder{System: "a", Covers: "x"})
	require.Equal(t, incident.Invalid, kindOf(t, err))
	host := &activities.SSH{Systems: map[string]activities.SSHSystem{"a": neverRun{}}}
	_, err = host.RunCommand(t.Context(), activities.SSHOrder{System: "a"})
	require.Equal(t, incident.Invalid, kindOf(t, err))
}
