package activities

import (
	"context"
	"maps"
	"slices"
	"strings"

	"go.temporal.io/sdk/activity"

	"github.com/tocsinhq/tocsin/incident"
)

// systemOf returns the named system of a product. Without any it fails with
// Permanent, without this one with NotFound, which lists those there are.
func systemOf[S any](product string, all map[string]S, name string) (S, error) {
	found, ok := all[name]
	switch {
	case ok:
		return found, nil
	case len(all) == 0:
		return found, incident.Errorf(incident.Permanent,
			"no %s system is configured: list one under %s in the file that TOCSIN_SYSTEMS names", product, product)
	default:
		return found, incident.Errorf(incident.NotFound, "there is no %s system %q: there are %s",
			product, name, strings.Join(slices.Sorted(maps.Keys(all)), ", "))
	}
}

// AfterOther is the error of a change that was tried before: what it says of
// this try says nothing of those whose answer was lost. It belongs inside Fail.
func AfterOther(ctx context.Context, err error) error {
	if err == nil || !activity.IsActivity(ctx) || activity.GetInfo(ctx).Attempt == 1 || !final(incident.KindOf(err)) {
		return err
	}
	return incident.Errorf(incident.Unavailable, "%w; an earlier try may have taken effect", err)
}
