package kubernetes_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
	books "github.com/tocsinhq/tocsin/runbooks/kubernetes"
	"github.com/tocsinhq/tocsin/systems"
)

// played is one run and what it leaves in the transcript, beyond who began it.
type played struct {
	book    runbook.Runbook
	cluster func(c *cluster)
	script  runbooktest.Script
	want    string
}

// moment is the time of a restart.
var moment = regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:]+Z`)

func plays(t *testing.T, tests map[string]played) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := shop()
			if test.cluster != nil {
				test.cluster(c)
			}
			got := play(t, test.book, c, test.script)
			for n := range got {
				got[n] = moment.ReplaceAllString(got[n], "NOW")
			}
			require.Equal(t, lines(test.want), got[1:])
		})
	}
}

func TestRestart(t *testing.T) {
	yes := []runbooktest.Answer{by("approve"), by("undo")}
	const asked = `
00:00 asks approve kubernetes-restart-1-1: Restart shop/checkout?
00:00   restart shop/checkout: restart prod/shop/checkout, marked NOW, expecting revision 2 (bbb); touching 3 of 3 pods of checkout; nothing undoes it
00:12 answered bob: approve
00:12 calls restart shop/checkout at NOW
`
	const done = asked + `
00:12 step restart shop/checkout: done (restart prod/shop/checkout, marked NOW, expecting revision 2 (bbb))
`
	plays(t, map[string]played{
		"done": {books.Restart(), nil, runbooktest.Script{Answers: yes}, done + `
00:12 ended done: restart shop/checkout
`},
		"the answer is lost": {books.Restart(), func(c *cluster) { c.faults = []fault{lost} }, runbooktest.Script{Answers: yes}, asked + `
00:13 step restart shop/checkout: done (restart prod/shop/checkout, marked NOW, expecting revision 2 (bbb))
00:13 ended done: restart shop/checkout
`},
		"it moved": {books.Restart(), func(c *cluster) { c.faults = []fault{moved} }, runbooktest.Script{Answers: yes}, asked + `
00:12 step restart shop/checkout: failed: it is to run another revision
00:12 ended failed: restart shop/checkout: it is to run another revision
`},
		"the rollout fails, and nothing undoes it": {books.Restart(), func(c *cluster) { c.stall = true }, runbooktest.Script{Answers: yes}, done + `
00:12 ended failed: the rollout of prod/shop/checkout has run into its deadline (1 of 3 pods are new): it will not come; still stands: restart shop/checkout
`},
		"a dry run": {books.Restart(), func(c *cluster) { c.now.Manager = "Flux" }, runbooktest.Script{DryRun: true}, `
00:00 note Flux manages prod/shop/checkout and may take it back to what the repository says: pause it there, or change the repository
00:00 note would ask for approval, for at most 15 min: Restart shop/checkout?
00:00 note would call: restart prod/shop/checkout, marked NOW, expecting revision 2 (bbb); touching 3 of 3 pods of checkout; nothing undoes it
00:00 note would wait, for at most 15 min, until the rollout of prod/shop/checkout is complete
00:00 ended done: dry run: nothing was changed
`},
		"it is paused": {books.Restart(), func(c *cluster) { c.now.Paused = true }, runbooktest.Script{}, `
00:00 ended refused: prod/shop/checkout is paused: resume it first, with kubectl rollout resume
`},
	})
}

func TestScale(t *testing.T) {
	to := func(n string) map[string]string { return map[string]string{"replicas": n} }
	yes := []runbooktest.Answer{by("approve"), by("undo")}
	const ordered = `
00:00 asks approve kubernetes-scale-1-1: Scale shop/checkout?
00:00   scale shop/checkout: scale prod/shop/checkout to 5 pods, expecting 3; touching 2 of 5 pods of checkout; undone by: scale prod/shop/checkout to 3 pods, expecting 5
00:12 answered bob: approve
00:12 calls scale shop/checkout from 3 to 5
`
	const done = ordered + `
00:12 step scale shop/checkout: done (scale prod/shop/checkout to 5 pods, expecting 3)
`
	plays(t, map[string]played{
		"done": {books.Scale(), nil, runbooktest.Script{Params: to("5"), Answers: yes}, done + `
00:12 ended done: scale shop/checkout
`},
		"a dry run": {books.Scale(), nil, runbooktest.Script{Params: to("0"), DryRun: true}, `
00:00 note this stops prod/shop/checkout: no pod of it is left
00:00 note would ask for approval, for at most 15 min: Scale shop/checkout?
00:00 note would call: scale prod/shop/checkout to 0 pods, expecting 3; touching 3 of 3 pods of checkout; undone by: scale prod/shop/checkout to 3 pods, expecting 0
00:00 note would wait, for at most 15 min, until the rollout of prod/shop/checkout is complete
00:00 ended done: dry run: nothing was changed
`},
		"the answer is lost": {books.Scale(), func(c *cluster) { c.faults = []fault{lost} }, runbooktest.Script{Params: to("5"), Answers: yes}, ordered + `
00:13 step scale shop/checkout: done (scale prod/shop/checkout to 5 pods, expecting 3)
00:13 ended done: scale shop/checkout
`},
		"somebody else scaled it": {books.Scale(), func(c *cluster) { c.faults = []fault{moved} }, runbooktest.Script{Params: to("5"), Answers: yes}, ordered + `
00:12 step scale shop/checkout: failed: it is to run another revision
00:12 ended failed: scale shop/checkout: it is to run another revision
`},
		"the pods do not come": {books.Scale(), func(c *cluster) { c.stall = true }, runbooktest.Script{Params: to("5"), Answers: yes}, done + `
00:12 asks kubernetes-scale-1-2: The rollout of prod/shop/checkout has run into its deadline (1 of 3 pods are new): it will not come. Undo scale shop/checkout? [keep undo]
00:12   undo scale shop/checkout: scale prod/shop/checkout to 3 pods, expecting 5
00:24 answered bob: undo
00:24 calls scale shop/checkout from 5 to 3
00:24 step undo scale shop/checkout: done (scale prod/shop/checkout to 3 pods, expecting 5)
00:24 ended failed: the rollout of prod/shop/checkout has run into its deadline (1 of 3 pods are new): it will not come; undone: scale shop/checkout
`},
		"it has that many": {books.Scale(), nil, runbooktest.Script{Params: to("3")}, `
00:00 note prod/shop/checkout is to have 3 pods already
00:00 ended done
`},
		"an autoscaler decides": {books.Scale(), func(c *cluster) { c.scaler = "the HorizontalPodAutoscaler checkout (2 to 9 pods)" }, runbooktest.Script{Params: to("5")}, `
00:00 ended refused: the HorizontalPodAutoscaler checkout (2 to 9 pods) decides how many pods prod/shop/checkout has, and would undo this: change its bounds instead
`},
	})
}

func TestCordon(t *testing.T) {
	yes := []runbooktest.Answer{by("approve")}
	const asked = `
00:00 asks approve kubernetes-cordon-1-1: Cordon node-1?
00:00   cordon node-1: cordon prod/node-1, leaving at most 34 % of the nodes closed; touching 1 of 3 nodes; undone by: uncordon prod/node-1
00:12 answered bob: approve
00:12 calls cordon node-1 true
`
	plays(t, map[string]played{
		"done": {books.Cordon(), nil, runbooktest.Script{Answers: yes}, asked + `
00:12 step cordon node-1: done (cordon prod/node-1, leaving at most 34 % of the nodes closed)
00:12 ended done: cordon node-1
`},
		"the answer is lost": {books.Cordon(), func(c *cluster) { c.faults = []fault{lost} }, runbooktest.Script{Answers: yes}, asked + `
00:13 step cordon node-1: done (cordon prod/node-1, leaving at most 34 % of the nodes closed)
00:13 ended done: cordon node-1
`},
		"forbidden": {books.Cordon(), func(c *cluster) { c.faults = []fault{forbidden} }, runbooktest.Script{Answers: yes}, asked + `
00:12 step cordon node-1: failed: the cluster forbids it
00:12 ended failed: cordon node-1: the cluster forbids it
`},
		"a dry run": {books.Cordon(), nil, runbooktest.Script{DryRun: true}, `
00:00 note would ask for approval, for at most 15 min: Cordon node-1?
00:00 note would call: cordon prod/node-1, leaving at most 34 % of the nodes closed; touching 1 of 3 nodes; undone by: uncordon prod/node-1
00:00 ended done: dry run: nothing was changed
`},
		"it is so": {books.Cordon(), func(c *cluster) { c.node.Cordoned = true }, runbooktest.Script{}, `
00:00 note prod/node-1 is cordoned already
00:00 ended done
`},
		"too many are closed": {books.Cordon(), func(c *cluster) { c.node.Closed = 1 }, runbooktest.Script{}, `
00:00 ended refused: 2 of 3 nodes of prod would take no pods: at most 34 % may
`},
	})
}

func TestDrain(t *testing.T) {
	yes := []runbooktest.Answer{by("approve"), by("undo")}
	const cordoned = `
00:00 note prod/node-1: 7 pods are evicted, 2 stay that belong to it
00:00 asks approve kubernetes-drain-1-1: Drain prod/node-1?
00:00   cordon node-1: cordon prod/node-1, leaving at most 34 % of the nodes closed; touching 1 of 3 nodes; undone by: uncordon prod/node-1
00:00   evict the pods of node-1: evict 7 pods of prod/node-1, at most 9, as PodDisruptionBudgets allow: shop/a, shop/b and 5 more; touching 7 of 9 pods of the node; nothing undoes it
00:12 answered bob: approve
00:12 calls cordon node-1 true
00:12 step cordon node-1: done (cordon prod/node-1, leaving at most 34 % of the nodes closed)
00:12 calls drain node-1 within 10m0s, at most 9
`
	const undone = `
00:24 answered bob: undo
00:24 calls cordon node-1 false
00:24 step undo cordon node-1: done (uncordon prod/node-1)
`
	plays(t, map[string]played{
		"done": {books.Drain(), nil, runbooktest.Script{Answers: yes}, cordoned + `
00:12 step evict the pods of node-1: done (evict 7 pods of prod/node-1, at most 9, as PodDisruptionBudgets allow: shop/a, shop/b and 5 more)
00:12 ended done: cordon node-1, evict the pods of node-1
`},
		"the answer is lost": {books.Drain(), func(c *cluster) { c.faults = []fault{fine, lost} }, runbooktest.Script{Answers: yes}, cordoned + `
00:13 step evict the pods of node-1: done (evict 7 pods of prod/node-1, at most 9, as PodDisruptionBudgets allow: shop/a, shop/b and 5 more)
00:13 ended done: cordon node-1, evict the pods of node-1
`},
		"nothing can be evicted": {books.Drain(), func(c *cluster) { c.faults = []fault{fine, forbidden} }, runbooktest.Script{Answers: yes}, cordoned + `
00:12 step evict the pods of node-1: failed: the cluster forbids it
00:12 asks kubernetes-drain-1-2: Evict the pods of node-1: the cluster forbids it. Undo cordon node-1? [keep undo]
00:12   undo cordon node-1: uncordon prod/node-1
` + undone + `
00:24 ended failed: evict the pods of node-1: the cluster forbids it; undone: cordon node-1
`},
		"more pods came than were approved": {books.Drain(), func(c *cluster) { c.arrive = 63 }, runbooktest.Script{Answers: yes}, cordoned + `
00:12 step evict the pods of node-1: failed: 70 pods of node-1 are to be evicted by now, and at most 9 may be
00:12 asks kubernetes-drain-1-2: Evict the pods of node-1: 70 pods of node-1 are to be evicted by now, and at most 9 may be. Undo cordon node-1? [keep undo]
00:12   undo cordon node-1: uncordon prod/node-1
` + undone + `
00:24 ended failed: evict the pods of node-1: 70 pods of node-1 are to be evicted by now, and at most 9 may be; undone: cordon node-1
`},
		"some cannot": {
			books.Drain(), func(c *cluster) {
				c.drained = systems.KubeDrained{Evicted: 5, Left: 2, Why: "shop/b: a PodDisruptionBudget forbids it"}
			}, runbooktest.Script{Answers: yes}, cordoned + `
00:12 note evicted 5 pods, and could not evict 2: shop/b: a PodDisruptionBudget forbids it
00:12 step evict the pods of node-1: done (evict 7 pods of prod/node-1, at most 9, as PodDisruptionBudgets allow: shop/a, shop/b and 5 more)
00:12 asks kubernetes-drain-1-2: 2 pods of prod/node-1 could not be evicted, 5 were: shop/b: a PodDisruptionBudget forbids it. Undo cordon node-1? [keep undo]
00:12   undo cordon node-1: uncordon prod/node-1
` + undone + `
00:24 ended failed: 2 pods of prod/node-1 could not be evicted, 5 were: shop/b: a PodDisruptionBudget forbids it; undone: cordon node-1; still stands: evict the pods of node-1
`,
		},
		"a dry run": {books.Drain(), nil, runbooktest.Script{DryRun: true}, `
00:00 note prod/node-1: 7 pods are evicted, 2 stay that belong to it
00:00 note would ask for approval, for at most 15 min: Drain prod/node-1?
00:00 note would call: cordon prod/node-1, leaving at most 34 % of the nodes closed; touching 1 of 3 nodes; undone by: uncordon prod/node-1
00:00 note would call: evict 7 pods of prod/node-1, at most 9, as PodDisruptionBudgets allow: shop/a, shop/b and 5 more; touching 7 of 9 pods of the node; nothing undoes it
00:00 note would wait, for at most 10 min, until the number of pods that have not left of prod/node-1 is 0
00:00 ended done: dry run: nothing was changed
`},
		"it may not be": {books.Drain(), func(c *cluster) {
			c.node.Kept = []string{"1 that nothing makes anew (allow them with unmanaged): shop/g"}
		}, runbooktest.Script{}, `
00:00 ended refused: prod/node-1 has pods that a drain may not evict: 1 that nothing makes anew (allow them with unmanaged): shop/g
`},
		"too many are closed": {books.Drain(), func(c *cluster) { c.node.Closed = 1 }, runbooktest.Script{}, `
00:00 ended refused: 2 of 3 nodes of prod would take no pods: at most 34 % may
`},
	})
}
