package activities

import (
	"cmp"
	"context"
	"time"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/systems"
)

// Cluster is a Kubernetes cluster. Its errors are of kind Unavailable when
// nobody knows whether a change was made; after any other kind none was.
type Cluster interface {
	// Covers identifies the cluster that is spoken to.
	Covers() string
	// Deployment says what a Deployment runs, and what it ran before.
	Deployment(ctx context.Context, r systems.KubeRef) (systems.KubeDeployment, error)
	// Autoscaler says what decides over the count of a Deployment, or nothing.
	Autoscaler(ctx context.Context, r systems.KubeRef) (string, error)
	// Rollout says how far the pods of a Deployment are what they should be.
	Rollout(ctx context.Context, a systems.KubeAwaited) (systems.KubeRollout, error)
	// RollBack, Restart and Scale change a Deployment, once however often they
	// are called with the same order, provided that it is as they expect.
	RollBack(ctx context.Context, o systems.KubeRollback) error
	Restart(ctx context.Context, o systems.KubeRestart) error
	Scale(ctx context.Context, o systems.KubeScale) error
	// Node says how a node is, and what a drain would do.
	Node(ctx context.Context, q systems.KubeDrain) (systems.KubeNode, error)
	// Cordon closes a node for new pods, or opens it again.
	Cordon(ctx context.Context, o systems.KubeCordon) error
	// Drain evicts the pods of a node that a drain moves. It may take as long as
	// the order says.
	Drain(ctx context.Context, o systems.KubeDrain) (systems.KubeDrained, error)
}

// Kubernetes are the activities that look at clusters and change them, by name.
type Kubernetes struct {
	Clusters map[string]Cluster
	// Patience is how long one look at a rollout waits for its end; zero is
	// twenty seconds.
	Patience time.Duration
}

// OfCluster is what is asked of a named cluster.
type OfCluster[T any] struct {
	Cluster string `json:"cluster"`
	What    T      `json:"what"`
	// Covers identifies the cluster that a change was approved for.
	Covers string `json:"covers,omitempty"`
}

const (
	// rolloutPatience is also how long it goes unnoticed that somebody aborts.
	rolloutPatience = 20 * time.Second
	rolloutEvery    = time.Second
	// longestDrain is how long a try at a drain may last.
	longestDrain = 12 * time.Minute
)

// ReadDeployment says what a Deployment runs, and what it ran before.
func (a *Kubernetes) ReadDeployment(ctx context.Context, o OfCluster[systems.KubeRef]) (systems.KubeDeployment, error) {
	c, err := a.cluster(o.Cluster)
	if err != nil {
		return systems.KubeDeployment{}, Fail(err)
	}
	d, err := c.Deployment(ctx, o.What)
	d.Covers = c.Covers()
	return d, Fail(err)
}

// ReadAutoscaler says what decides over the count of a Deployment, or nothing.
func (a *Kubernetes) ReadAutoscaler(ctx context.Context, o OfCluster[systems.KubeRef]) (string, error) {
	c, err := a.cluster(o.Cluster)
	if err != nil {
		return "", Fail(err)
	}
	scaler, err := c.Autoscaler(ctx, o.What)
	return scaler, Fail(err)
}

// ReadRollout says how far a rollout is. It waits a while for its end: a look is
// dear in a history.
func (a *Kubernetes) ReadRollout(ctx context.Context, o OfCluster[systems.KubeAwaited]) (systems.KubeRollout, error) {
	defer beat(ctx)()
	c, err := a.cluster(o.Cluster)
	if err != nil {
		return systems.KubeRollout{}, Fail(err)
	}
	until := time.Now().Add(cmp.Or(a.Patience, rolloutPatience))
	again := time.NewTicker(rolloutEvery)
	defer again.Stop()
	for {
		r, err := c.Rollout(ctx, o.What)
		if err != nil || r.Over || r.Failed || time.Now().After(until) {
			return r, Fail(err)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return r, ctx.Err()
		}
	}
}

// RollBackDeployment takes a Deployment to a template that it has run before.
func (a *Kubernetes) RollBackDeployment(ctx context.Context, o OfCluster[systems.KubeRollback]) error {
	c, err := a.covered(o.Cluster, o.Covers)
	if err == nil {
		err = c.RollBack(ctx, o.What)
	}
	return Fail(err)
}

// RestartDeployment has a Deployment replace its pods.
func (a *Kubernetes) RestartDeployment(ctx context.Context, o OfCluster[systems.KubeRestart]) error {
	c, err := a.covered(o.Cluster, o.Covers)
	if err == nil {
		err = c.Restart(ctx, o.What)
	}
	return Fail(err)
}

// ScaleDeployment gives a Deployment another number of pods.
func (a *Kubernetes) ScaleDeployment(ctx context.Context, o OfCluster[systems.KubeScale]) error {
	c, err := a.covered(o.Cluster, o.Covers)
	if err == nil {
		err = c.Scale(ctx, o.What)
	}
	return Fail(err)
}

// ReadNode says how a node is, and what a drain would do.
func (a *Kubernetes) ReadNode(ctx context.Context, o OfCluster[systems.KubeDrain]) (systems.KubeNode, error) {
	c, err := a.cluster(o.Cluster)
	if err != nil {
		return systems.KubeNode{}, Fail(err)
	}
	n, err := c.Node(ctx, o.What)
	n.Covers = c.Covers()
	return n, Fail(err)
}

// CordonNode closes a node for new pods, or opens it again.
func (a *Kubernetes) CordonNode(ctx context.Context, o OfCluster[systems.KubeCordon]) error {
	c, err := a.covered(o.Cluster, o.Covers)
	if err == nil {
		err = c.Cordon(ctx, o.What)
	}
	return Fail(err)
}

// DrainNode evicts the pods of a node that a drain moves, and tries for at most
// twelve minutes.
func (a *Kubernetes) DrainNode(ctx context.Context, o OfCluster[systems.KubeDrain]) (systems.KubeDrained, error) {
	c, err := a.covered(o.Cluster, o.Covers)
	if err != nil {
		return systems.KubeDrained{}, Fail(err)
	}
	defer beat(ctx)()
	o.What.Within = min(o.What.Within, longestDrain)
	done, err := c.Drain(ctx, o.What)
	return done, Fail(err)
}

// covered is the cluster of a name, provided that it is the one that a change was
// approved for.
func (a *Kubernetes) covered(name, covers string) (Cluster, error) {
	c, err := a.cluster(name)
	if err == nil && c.Covers() != covers {
		err = incident.Errorf(incident.Conflict, "the systems file says another address of %s than when it was planned", name)
	}
	return c, err
}

func (a *Kubernetes) cluster(name string) (Cluster, error) {
	if a == nil {
		a = &Kubernetes{}
	}
	return systemOf("kubernetes", a.Clusters, name)
}
