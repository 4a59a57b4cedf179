package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/api/changefeed"
	"github.com/tocsinhq/tocsin/changes"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/kubernetes"
)

// rolloutsSince is how long before it began a watch looks back: what was rolled
// out while no worker ran. What was told already counts once.
const rolloutsSince = time.Hour

// watchRollouts has the rollouts of clusters reported as changes, where runbooks
// run: no other process has the credentials.
func (a *App) watchRollouts() {
	for name, cluster := range a.watched {
		told := &rollouts{cluster: name, app: a, feed: a.changeFeed()}
		a.keep(func(ctx context.Context) {
			cluster.Watch(ctx, kubernetes.Watching{Since: time.Now().Add(-rolloutsSince), Tell: told.take, Log: a.log})
		})
	}
}

// changeFeed takes changes. Where alerts are taken, the next one knows them.
func (a *App) changeFeed() *changefeed.Feed {
	f := &changefeed.Feed{Keeper: a.Store, Incidents: a.Store, Suspicions: a.engine}
	if a.recent != nil {
		f.Keeper = a.recent
	}
	return f
}

// rollouts takes those of one cluster.
type rollouts struct {
	cluster string
	app     *App
	feed    *changefeed.Feed
}

// take takes a rollout for each service whose catalog entry names its
// Deployment. One that can never be taken is said once, and not told again.
func (l *rollouts) take(ctx context.Context, r kubernetes.Rollout) error {
	cat, err := l.app.catalogs.Current(ctx)
	if err != nil {
		return fmt.Errorf("read the catalog: %w", err)
	}
	for _, service := range cat.Services {
		if !slices.Contains(service.Changes.Deployments, r.Path(l.cluster)) {
			continue
		}
		now := time.Now().UTC()
		c := r.Change(l.cluster, service.ID, now)
		if service.Changes.Undo.Runbook != "" {
			c.Undo = changes.Undo{} // what the catalog says goes first
		}
		_, err := l.feed.Take(ctx, cat, c, now)
		if incident.KindOf(err) == incident.Invalid {
			l.app.log.Warn("a rollout cannot be taken as a change", "deployment", r.Path(l.cluster), "error", err)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}
