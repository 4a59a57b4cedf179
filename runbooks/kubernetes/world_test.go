package kubernetes_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
	books "github.com/tocsinhq/tocsin/runbooks/kubernetes"
	"github.com/tocsinhq/tocsin/systems"
)

// cluster is a cluster of one Deployment and one node, that says what it is
// told. What the real one does is for the tests in test/kubernetes.
type cluster struct {
	say runbooktest.Say

	mu  sync.Mutex
	now systems.KubeDeployment
	// looks is how often a rollout is under way when it is looked at, stall that
	// it runs into its deadline.
	looks  int
	stall  bool
	scaler string
	node   systems.KubeNode
	// drained is what a drain leaves.
	drained systems.KubeDrained
	// arrive is how many pods come to the node right before it is closed.
	arrive int
	// moves has another cluster be of that name once it was looked at.
	moves, looked bool
	// faults befall the calls that change something, one after the other.
	faults []fault
}

type fault int

const (
	fine fault = iota
	// lost: it is done, and the answer is lost; forbidden: it is not.
	lost
	forbidden
	// moved: somebody else was there before.
	moved
)

func (c *cluster) Covers() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	moved := c.moves && c.looked
	c.looked = true
	return strconv.FormatBool(moved)
}

func (c *cluster) Deployment(context.Context, systems.KubeRef) (systems.KubeDeployment, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now, nil
}

func (c *cluster) Autoscaler(context.Context, systems.KubeRef) (string, error) { return c.scaler, nil }

func (c *cluster) Rollout(context.Context, systems.KubeAwaited) (systems.KubeRollout, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stall {
		return systems.KubeRollout{Failed: true, Text: "1 of 3 pods are new"}, nil
	}
	c.looks--
	return systems.KubeRollout{Over: c.looks < 0, Text: "2 of 3 pods are available"}, nil
}

// change makes a change, unless a fault befalls it.
func (c *cluster) change(does func()) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	what := fine
	if len(c.faults) > 0 {
		what, c.faults = c.faults[0], c.faults[1:]
	}
	switch what {
	case forbidden:
		return incident.Errorf(incident.Forbidden, "the cluster forbids it")
	case moved:
		return incident.Errorf(incident.Conflict, "it is to run another revision")
	}
	does()
	if what == lost {
		return incident.Errorf(incident.Unavailable, "the cluster did not answer in time")
	}
	return nil
}

func (c *cluster) RollBack(_ context.Context, o systems.KubeRollback) error {
	c.say("calls roll back %s to %s, expecting %s", o, o.To, o.Expected)
	return c.change(func() {
		gone := c.now.KubeRevision
		c.now.KubeRevision, c.now.Previous = o.To, []systems.KubeRevision{gone}
		c.now.Formerly = append(c.now.Formerly, o.To.Revision)
		c.now.Revision = gone.Revision + 1
	})
}

func (c *cluster) Restart(_ context.Context, o systems.KubeRestart) error {
	c.say("calls restart %s at %s", o, o.At)
	return c.change(func() { c.now.Restarted = o.At })
}

func (c *cluster) Scale(_ context.Context, o systems.KubeScale) error {
	c.say("calls scale %s from %d to %d", o, o.From, o.To)
	return c.change(func() { c.now.Replicas = o.To })
}

func (c *cluster) Node(context.Context, systems.KubeDrain) (systems.KubeNode, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.node, nil
}

func (c *cluster) Cordon(_ context.Context, o systems.KubeCordon) error {
	c.say("calls cordon %s %t", o.Node, o.Close)
	return c.change(func() {
		c.node.Evicts, c.arrive = c.node.Evicts+c.arrive, 0
		c.node.Cordoned = o.Close
	})
}

func (c *cluster) Drain(_ context.Context, o systems.KubeDrain) (systems.KubeDrained, error) {
	c.say("calls drain %s within %s, at most %d", o.Node, o.Within, o.Most)
	if c.node.Evicts > o.Most {
		return systems.KubeDrained{}, incident.Errorf(incident.Conflict, "%d pods of %s are to be evicted by now, and at most %d may be", c.node.Evicts, o.Node, o.Most)
	}
	err := c.change(func() { c.node.Evicts = c.drained.Left })
	return c.drained, err
}

// shop is a cluster in which shop/checkout runs the second of two revisions, and
// node-1 is one of three.
func shop() *cluster {
	return &cluster{
		now: systems.KubeDeployment{
			KubeRevision: systems.KubeRevision{Revision: 2, Template: "checkout-bbb", Images: []string{"shop:2"}, Cause: "release 2"},
			Previous:     []systems.KubeRevision{{Revision: 1, Template: "checkout-aaa", Images: []string{"shop:1"}}},
			Replicas:     3,
		},
		node: systems.KubeNode{Name: "node-1", Nodes: 3, Evicts: 7, Pods: []string{"shop/a", "shop/b"}, Stays: 2},
	}
}

// play runs a runbook in a cluster.
func play(t *testing.T, b runbook.Runbook, c *cluster, s runbooktest.Script) []string {
	t.Helper()
	if s.Params == nil {
		s.Params = map[string]string{}
	}
	s.Params["cluster"] = "prod"
	s.Facts.Labels = map[string]string{"namespace": "shop", "deployment": "checkout", "node": "node-1"}
	s.Activities = func(say runbooktest.Say) []any {
		c.say = say
		return []any{&activities.Kubernetes{Clusters: map[string]activities.Cluster{"prod": c}, Patience: time.Nanosecond}}
	}
	return runbooktest.Play(t, b, s)
}

// by is what bob answers after twelve seconds.
func by(choice string) runbooktest.Answer {
	return runbooktest.Answer{After: 12 * time.Second, By: "bob", Choice: choice}
}

// lines are those of a transcript.
func lines(text string) []string {
	return slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return l == "" })
}

// last is how a run ended.
func last(list []string) string { return list[len(list)-1] }

func TestTheyCanBeRegistered(t *testing.T) {
	runbooktest.Registered(t, []runbook.Runbook{books.Rollback(), books.Restart(), books.Scale(), books.Cordon(), books.Drain()})
}

func TestAnApprovalIsForTheClusterThatWasLookedAt(t *testing.T) {
	for _, b := range []runbook.Runbook{books.Rollback(), books.Restart(), books.Scale(), books.Cordon(), books.Drain()} {
		c := shop()
		c.moves = true
		s := runbooktest.Script{Answers: []runbooktest.Answer{by("approve"), by("keep")}}
		if b.Name == "kubernetes-scale" {
			s.Params = map[string]string{"replicas": "5"}
		}
		got := play(t, b, c, s)
		require.Contains(t, last(got), "the systems file says another address of prod than when it was planned", b.Name)
		require.NotContains(t, strings.Join(got, "\n"), " calls ", b.Name)
	}
}

func TestWithoutAClusterTheySayWhatToConfigure(t *testing.T) {
	for name, clusters := range map[string]map[string]activities.Cluster{
		"no kubernetes system is configured: list one under kubernetes": nil,
		`there is no kubernetes system "prod": there are staging`:       {"staging": shop()},
	} {
		got := runbooktest.Play(t, books.Rollback(), runbooktest.Script{
			Params:     map[string]string{"cluster": "prod", "namespace": "shop", "deployment": "checkout"},
			Activities: func(runbooktest.Say) []any { return []any{&activities.Kubernetes{Clusters: clusters}} },
		})
		require.Contains(t, last(got), name)
	}
}
