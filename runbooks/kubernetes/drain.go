package kubernetes

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/systems"
)

// Drain empties a node.
func Drain() runbook.Runbook {
	return runbook.New(drain, runbook.Spec{
		Name:     "kubernetes-drain",
		About:    "Closes a node for new pods, evicts those that run there as kubectl drain does, and waits until they have left.",
		Fits:     "A node is broken or about to be, and its pods must run elsewhere.",
		Target:   "kubernetes/{cluster}/node/{node}",
		Approval: &runbook.Approval{},
	})
}

// DrainParams are the parameters of kubernetes-drain.
type DrainParams struct {
	Cluster      runbook.Name  `about:"the cluster, as the systems file names it"`
	Node         runbook.Name  `about:"the node" from:"label:node"`
	LocalStorage bool          `about:"whether pods with an emptyDir may be evicted, whose content is lost" default:"false"`
	Unmanaged    bool          `about:"whether pods may be evicted that nothing makes anew" default:"false"`
	AtMost       int           `about:"how many percent of the nodes may take no pods then, those that are not ready included" min:"1" max:"100" default:"34"`
	Within       time.Duration `about:"how long evictions are tried that a PodDisruptionBudget forbids, at most 12m; and how long pods may take to end" default:"10m"`
}

func drain(ctx workflow.Context, p DrainParams) error {
	n := &Node{Cluster: string(p.Cluster), KubeDrain: systems.KubeDrain{
		Node: string(p.Node), LocalStorage: p.LocalStorage, Unmanaged: p.Unmanaged, Within: p.Within,
	}}
	if err := n.read(ctx); err != nil {
		return err
	}
	if err := n.mayClose(p.AtMost); err != nil {
		return err
	}
	if len(n.Now.Kept) > 0 {
		return fmt.Errorf("%w: %s has pods that a drain may not evict: %s", runbook.ErrRefused, n, strings.Join(n.Now.Kept, "; "))
	}
	evict := &evict{Node: n, planned: n.Now, most: most(n.Now.Evicts)}
	steps := []runbook.Step{cordonStep(n, p.AtMost)}
	if n.Now.Evicts > 0 {
		steps = append(steps, evict.step())
	}
	runbook.Note(ctx, "%s: %d pods are evicted, %d stay that belong to it", n, n.Now.Evicts, n.Now.Stays)
	gate := runbook.Gate{Text: fmt.Sprintf("Drain %s?", n), Steps: steps}
	if err := runbook.Approve(ctx, gate); err != nil {
		return err
	}
	for _, s := range steps {
		if err := runbook.Do(ctx, s); err != nil {
			return err
		}
	}
	if evict.done.Left > 0 {
		return fmt.Errorf("%d pods of %s could not be evicted, %d were: %s", evict.done.Left, n, evict.done.Evicted, evict.done.Why)
	}
	return runbook.Await(ctx, runbook.Expect(n.Leaving(), "0"), p.Within)
}

// evict is the call that evicts the pods of a node.
type evict struct {
	*Node
	planned systems.KubeNode
	// most is how many may be evicted.
	most int
	// done is what it did.
	done systems.KubeDrained
}

func (c *evict) step() runbook.Step {
	return runbook.Step{
		Name:    "evict the pods of " + c.Node.Node,
		Touches: runbook.Touches{Count: c.planned.Evicts, Of: c.planned.Evicts + c.planned.Stays, What: "pods of the node"},
		Change:  runbook.Change{Call: c, Repeat: runbook.CheckThenAct, Done: runbook.Expect(c.ToEvict(), "0"), Pace: runbook.Slow},
	}
}

// spare is what may come to the pods of a node before it is closed, beside a
// tenth of them.
const spare = 2

// most is how many pods may be evicted: more than were counted, since the node
// is open while the approval is waited for, but no other number of them than was
// approved.
func most(counted int) int { return counted + counted/10 + spare }

// String is the exact call.
func (c *evict) String() string {
	return fmt.Sprintf("evict %d pods of %s, at most %d, as PodDisruptionBudgets allow: %s", c.planned.Evicts, c.Node, c.most, some(c.planned))
}

// Make orders it, and says what it could not do.
func (c *evict) Make(ctx workflow.Context, _ string) error {
	var a *activities.Kubernetes
	order := activities.OfCluster[systems.KubeDrain]{Cluster: c.Cluster, Covers: c.covers, What: c.KubeDrain}
	order.What.Most = c.most
	err := workflow.ExecuteActivity(ctx, a.DrainNode, order).Get(ctx, &c.done)
	if err == nil && c.done.Left > 0 {
		runbook.Note(ctx, "evicted %d pods, and could not evict %d: %s", c.done.Evicted, c.done.Left, c.done.Why)
	}
	return activities.Known(err)
}
