// Package runbooks holds the runbooks that come with Tocsin: a file each, and
// one list that says what there is.
package runbooks

import "github.com/tocsinhq/tocsin/runbook"

// All lists the runbooks. The worker registers each of them, and the API shows
// them in this order.
func All() []runbook.Runbook {
	return []runbook.Runbook{
		rollback(),
	}
}
