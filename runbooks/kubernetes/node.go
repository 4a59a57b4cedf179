package kubernetes

import (
	"fmt"
	"strconv"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/systems"
)

// Node is a node of a named cluster, and what a drain of it may evict.
type Node struct {
	Cluster string
	systems.KubeDrain
	// Now is how it was when it was last read.
	Now systems.KubeNode
	// covers identifies the cluster that a change is shown of.
	covers string
}

// String is CLUSTER/NODE.
func (n *Node) String() string { return n.Cluster + "/" + n.Node }

// nodeReading is one fact of a node.
type nodeReading struct {
	*Node
	what string
	of   func(systems.KubeNode) string
}

// What a node is for new pods.
const (
	open     = "open"
	cordoned = "cordoned"
)

// State is the reading of whether it is open for new pods, and of all else of
// it.
func (n *Node) State() runbook.Reading {
	return nodeReading{n, "state", func(s systems.KubeNode) string {
		if s.Cordoned {
			return cordoned
		}
		return open
	}}
}

// ToEvict is the reading of how many pods a drain is still to evict, Leaving
// also counts those that have not ended.
func (n *Node) ToEvict() runbook.Reading {
	return nodeReading{n, "number of pods to evict", func(s systems.KubeNode) string { return strconv.Itoa(s.Evicts) }}
}

// Leaving is the reading of how many pods have not ended that a drain moves.
func (n *Node) Leaving() runbook.Reading {
	return nodeReading{n, "number of pods that have not left", func(s systems.KubeNode) string { return strconv.Itoa(s.Evicts + s.Leaving) }}
}

// String says what is read.
func (r nodeReading) String() string { return fmt.Sprintf("the %s of %s", r.what, r.Node) }

// Read reads it.
func (r nodeReading) Read(ctx workflow.Context) (string, error) {
	var a *activities.Kubernetes
	var now systems.KubeNode
	order := activities.OfCluster[systems.KubeDrain]{Cluster: r.Cluster, What: r.KubeDrain}
	err := workflow.ExecuteActivity(ctx, a.ReadNode, order).Get(ctx, &now)
	if err != nil {
		return "", activities.Known(err)
	}
	r.Now = now
	return r.of(now), nil
}

// read reads how it is now.
func (n *Node) read(ctx workflow.Context) error {
	_, err := runbook.Look(ctx, n.State())
	n.covers = n.Now.Covers
	return err
}

// mayClose returns a refusal when too many nodes would take no pods.
func (n *Node) mayClose(atMost int) error {
	if s := n.Now; !s.Cordoned && (s.Closed+1)*100 > atMost*s.Nodes {
		return fmt.Errorf("%w: %d of %d nodes of %s would take no pods: at most %d %% may", runbook.ErrRefused, s.Closed+1, s.Nodes, n.Cluster, atMost)
	}
	return nil
}

// cordonStep closes a node. Its undo opens it again.
func cordonStep(n *Node, atMost int) runbook.Step {
	return runbook.Step{
		Name: "cordon " + n.Node, Touches: runbook.Touches{Count: 1, Of: n.Now.Nodes, What: "nodes"},
		Change: n.to(true, atMost),
		Undo:   new(n.to(false, 0)),
	}
}

func (n *Node) to(closed bool, atMost int) runbook.Change {
	is := open
	if closed {
		is = cordoned
	}
	return runbook.Change{Call: cordonTo{n, closed, atMost}, Repeat: runbook.CheckThenAct, Done: runbook.Expect(n.State(), is)}
}

// cordonTo is the call that closes a node for new pods, or opens it.
type cordonTo struct {
	*Node
	closed bool
	atMost int
}

// String is the exact call.
func (c cordonTo) String() string {
	if !c.closed {
		return "uncordon " + c.Node.String()
	}
	return fmt.Sprintf("cordon %s, leaving at most %d %% of the nodes closed", c.Node, c.atMost)
}

// Make orders it.
func (c cordonTo) Make(ctx workflow.Context, _ string) error {
	var a *activities.Kubernetes
	order := activities.OfCluster[systems.KubeCordon]{Cluster: c.Cluster, Covers: c.covers, What: systems.KubeCordon{Node: c.KubeDrain.Node, Close: c.closed, AtMost: c.atMost}}
	return activities.Known(workflow.ExecuteActivity(ctx, a.CordonNode, order).Get(ctx, nil))
}

// shownNames bounds how many bytes of the names of pods an approval shows.
const shownNames = 200

// some names the first of the pods, and says how many more there are.
func some(n systems.KubeNode) string {
	var text string
	named := 0
	for _, name := range n.Pods {
		if len(text)+len(name) > shownNames {
			break
		}
		text += ", " + name
		named++
	}
	if more := n.Evicts - named; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return strings.TrimLeft(text, ", ")
}
