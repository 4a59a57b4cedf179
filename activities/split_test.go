package activities_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// divider says that alerts belong to a service.
type divider struct {
	service string
	err     error
}

func (d divider) TakeSplit(context.Context, activities.SplitOrder) (activities.SplitOff, error) {
	return activities.SplitOff{Number: "INC-9", Service: d.service}, d.err
}

func (d divider) MoveSplit(context.Context, activities.SplitOrder) error { return d.err }

// declared is a catalog in force.
type declared struct{ *catalog.Catalog }

func (d declared) Current(context.Context) (*catalog.Catalog, error) { return d.Catalog, nil }

func TestSplitTakesThePolicyOfItsService(t *testing.T) {
	ctx := t.Context()
	c := &catalog.Catalog{Services: []catalog.Service{{ID: "search", Name: "Search", Team: "finders"}}, Teams: []catalog.Team{{ID: "finders"}}}
	r := activities.Recorder{Divider: divider{service: "search"}, Catalogs: declared{c}}
	out, err := r.TakeSplit(ctx, activities.SplitOrder{From: "INC-1", Service: "checkout"})
	require.NoError(t, err)
	require.Equal(t, "search", out.Policy.Service)
	out, err = r.TakeSplit(ctx, activities.SplitOrder{From: "INC-1", Service: "search"})
	require.NoError(t, err)
	require.Nil(t, out.Policy, "its own it has")
	r.Divider = divider{service: "no longer there"}
	out, err = r.TakeSplit(ctx, activities.SplitOrder{From: "INC-1", Service: "search"})
	require.NoError(t, err)
	require.Nil(t, out.Policy)
	require.NoError(t, r.MoveSplit(ctx, activities.SplitOrder{}))
}

func TestSplitSaysWhetherTryingAgainHelps(t *testing.T) {
	for kind, r := range map[incident.Kind]activities.Recorder{
		incident.Permanent:   {},
		incident.Unavailable: {Divider: divider{err: incident.Errorf(incident.Unavailable, "away")}},
	} {
		_, err := r.TakeSplit(t.Context(), activities.SplitOrder{From: "INC-1"})
		require.Equal(t, kind, incident.KindOf(activities.Known(err)))
		err = r.MoveSplit(t.Context(), activities.SplitOrder{From: "INC-1"})
		require.Equal(t, kind, incident.KindOf(activities.Known(err)))
	}
}
