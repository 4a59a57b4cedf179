// Package runbooks holds the runbooks that come with Tocsin: a file each, those
// for one product in a package of its own, and one list that says what there is.
package runbooks

import (
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbooks/githubactions"
	"github.com/tocsinhq/tocsin/runbooks/http"
	"github.com/tocsinhq/tocsin/runbooks/kubernetes"
	"github.com/tocsinhq/tocsin/runbooks/redis"
	"github.com/tocsinhq/tocsin/runbooks/sql"
	"github.com/tocsinhq/tocsin/runbooks/ssh"
	"github.com/tocsinhq/tocsin/runbooks/unleash"
)

// All lists the runbooks. The worker registers each of them, and the API shows
// them in this order.
func All() []runbook.Runbook {
	return []runbook.Runbook{
		rollback(),
		deployStatus(),
		http.Call(),
		http.Read(),
		sql.Statement(),
		sql.Query(),
		redis.Invalidate(),
		ssh.Command(),
		ssh.Read(),
		kubernetes.Rollback(),
		kubernetes.Restart(),
		kubernetes.Scale(),
		kubernetes.Cordon(),
		kubernetes.Drain(),
		githubactions.Dispatch(),
		unleash.Set(),
		unleash.Status(),
	}
}
