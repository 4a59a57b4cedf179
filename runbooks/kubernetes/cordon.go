package kubernetes

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/systems"
)

// Cordon closes a node for new pods.
func Cordon() runbook.Runbook {
	return runbook.New(cordon, runbook.Spec{
		Name:     "kubernetes-cordon",
		About:    "Closes a node for new pods, and leaves those that run there.",
		Fits:     "A node is suspect, and what is on it still works.",
		Target:   "kubernetes/{cluster}/node/{node}",
		Approval: &runbook.Approval{},
	})
}

// CordonParams are the parameters of kubernetes-cordon.
type CordonParams struct {
	Cluster runbook.Name `about:"the cluster, as the systems file names it"`
	Node    runbook.Name `about:"the node" from:"label:node"`
	AtMost  int          `about:"how many percent of the nodes may take no pods then, those that are not ready included" min:"1" max:"100" default:"34"`
}

func cordon(ctx workflow.Context, p CordonParams) error {
	n := &Node{Cluster: string(p.Cluster), KubeDrain: systems.KubeDrain{Node: string(p.Node)}}
	if err := n.read(ctx); err != nil {
		return err
	}
	if n.Now.Cordoned {
		runbook.Note(ctx, "%s is cordoned already", n)
		return nil
	}
	if err := n.mayClose(p.AtMost); err != nil {
		return err
	}
	return runbook.Do(ctx, cordonStep(n, p.AtMost))
}
