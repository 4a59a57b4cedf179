package kubernetes_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/runbook/runbooktest"
	books "github.com/tocsinhq/tocsin/runbooks/kubernetes"
	"github.com/tocsinhq/tocsin/systems"
)

const asked = `
00:00 note prod/shop/checkout runs revision 2 (bbb) with shop:2, noted as "release 2"; it goes back to 1 (aaa) with shop:1
00:00 asks approve kubernetes-rollback-1-1: Roll prod/shop/checkout back from revision 2 (bbb) with shop:2, noted as "release 2" to 1 (aaa) with shop:1?
00:00   roll back shop/checkout: roll back prod/shop/checkout to revision 1 (aaa), expecting 2 (bbb); touching 3 of 3 pods of checkout; undone by: roll forward again prod/shop/checkout to revision 2 (bbb), expecting aaa
`

const ordered = asked + `
00:12 answered bob: approve
00:12 calls roll back shop/checkout to 1 (checkout-aaa), expecting 2 (checkout-bbb)
`

const rolledBack = ordered + `
00:12 step roll back shop/checkout: done (roll back prod/shop/checkout to revision 1 (aaa), expecting 2 (bbb))
`

func TestRollback(t *testing.T) {
	yes := []runbooktest.Answer{by("approve"), by("undo")}
	for name, test := range map[string]struct {
		cluster func(c *cluster)
		script  runbooktest.Script
		want    string
	}{
		"done": {
			script: runbooktest.Script{Answers: yes},
			want: rolledBack + `
00:12 ended done: roll back shop/checkout
`,
		},
		"it takes a while": {
			cluster: func(c *cluster) { c.looks = 4 }, script: runbooktest.Script{Answers: yes},
			want: rolledBack + `
00:27 ended done: roll back shop/checkout
`,
		},
		"a dry run": {
			script: runbooktest.Script{DryRun: true},
			want: `
00:00 note prod/shop/checkout runs revision 2 (bbb) with shop:2, noted as "release 2"; it goes back to 1 (aaa) with shop:1
00:00 note would ask for approval, for at most 15 min: Roll prod/shop/checkout back from revision 2 (bbb) with shop:2, noted as "release 2" to 1 (aaa) with shop:1?
00:00 note would call: roll back prod/shop/checkout to revision 1 (aaa), expecting 2 (bbb); touching 3 of 3 pods of checkout; undone by: roll forward again prod/shop/checkout to revision 2 (bbb), expecting aaa
00:00 note would wait, for at most 15 min, until the rollout of prod/shop/checkout is complete
00:00 ended done: dry run: nothing was changed
`,
		},
		"the revision moved": {
			cluster: func(c *cluster) { c.faults = []fault{moved} }, script: runbooktest.Script{Answers: yes},
			want: ordered + `
00:12 step roll back shop/checkout: failed: it is to run another revision
00:12 ended failed: roll back shop/checkout: it is to run another revision
`,
		},
		"it is forbidden": {
			cluster: func(c *cluster) { c.faults = []fault{forbidden} }, script: runbooktest.Script{Answers: yes},
			want: ordered + `
00:12 step roll back shop/checkout: failed: the cluster forbids it
00:12 ended failed: roll back shop/checkout: the cluster forbids it
`,
		},
		"the answer is lost": {
			cluster: func(c *cluster) { c.faults = []fault{lost} }, script: runbooktest.Script{Answers: yes},
			want: ordered + `
00:13 step roll back shop/checkout: done (roll back prod/shop/checkout to revision 1 (aaa), expecting 2 (bbb))
00:13 ended done: roll back shop/checkout
`,
		},
		"the rollout fails, and is undone": {
			cluster: func(c *cluster) { c.stall = true }, script: runbooktest.Script{Answers: yes},
			want: rolledBack + `
00:12 asks kubernetes-rollback-1-2: The rollout of prod/shop/checkout has run into its deadline (1 of 3 pods are new): it will not come. Undo roll back shop/checkout? [keep undo]
00:12   undo roll back shop/checkout: roll forward again prod/shop/checkout to revision 2 (bbb), expecting aaa
00:24 answered bob: undo
00:24 calls roll back shop/checkout to 2 (checkout-bbb), expecting 0 (checkout-aaa)
00:24 step undo roll back shop/checkout: done (roll forward again prod/shop/checkout to revision 2 (bbb), expecting aaa)
00:24 ended failed: the rollout of prod/shop/checkout has run into its deadline (1 of 3 pods are new): it will not come; undone: roll back shop/checkout
`,
		},
		"it runs that already": {
			script: runbooktest.Script{Params: map[string]string{"revision": "2"}},
			want: `
00:00 note prod/shop/checkout runs revision 2 already: 2 (bbb) with shop:2, noted as "release 2"
00:00 ended done
`,
		},
		"it went back to that before": {
			cluster: func(c *cluster) { c.now.Formerly = []int64{1} },
			script:  runbooktest.Script{Params: map[string]string{"revision": "1"}},
			want: `
00:00 note prod/shop/checkout runs revision 1 already: 2 (bbb) with shop:2, noted as "release 2"
00:00 ended done
`,
		},
		"the one before may be the bad one": {
			cluster: func(c *cluster) { c.now.Formerly = []int64{1} },
			want: `
00:00 ended refused: somebody went back to what prod/shop/checkout runs, so the one before may be what they left: name the revision to go to, of 1
`,
		},
		"there is no such revision": {
			script: runbooktest.Script{Params: map[string]string{"revision": "7"}},
			want: `
00:00 ended refused: the cluster keeps no revision 7 of prod/shop/checkout: it keeps 1
`,
		},
		"nothing ran before": {
			cluster: func(c *cluster) { c.now.Previous = nil },
			want: `
00:00 ended refused: the cluster keeps nothing that prod/shop/checkout ran before
`,
		},
		"it is paused": {
			cluster: func(c *cluster) { c.now.Paused = true },
			want: `
00:00 ended refused: prod/shop/checkout is paused: resume it first, with kubectl rollout resume
`,
		},
		"it was changed just now": {
			cluster: func(c *cluster) { c.now.Template = "" },
			want: `
00:00 ended refused: prod/shop/checkout was changed just now, and the cluster has not begun with it: try again
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := shop()
			if test.cluster != nil {
				test.cluster(c)
			}
			got := play(t, books.Rollback(), c, test.script)
			require.Equal(t, lines(test.want), got[1:])
		})
	}
}

func TestARollbackWarnsWhereItWillBeUndone(t *testing.T) {
	c := shop()
	c.now.Manager = "Argo CD"
	got := play(t, books.Rollback(), c, runbooktest.Script{DryRun: true})
	require.Contains(t, got, "00:00 note Argo CD manages prod/shop/checkout and may take it back to what the repository says: pause it there, or change the repository")
}

func TestARevisionWithAnOlderNumberIsTheSame(t *testing.T) {
	c := shop()
	c.now.Previous = append(c.now.Previous, systems.KubeRevision{Revision: 5, Template: "checkout-ccc", Formerly: []int64{3}})
	got := play(t, books.Rollback(), c, runbooktest.Script{DryRun: true, Params: map[string]string{"revision": "3"}})
	require.Contains(t, got[3], "would call: roll back prod/shop/checkout to revision 5 (ccc)")
}
