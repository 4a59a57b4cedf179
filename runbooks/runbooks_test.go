package runbooks_test

import (
	"testing"

	"github.com/tocsinhq/tocsin/runbook/runbooktest"
	"github.com/tocsinhq/tocsin/runbooks"
)

func TestAllCanBeRegistered(t *testing.T) {
	runbooktest.Registered(t, runbooks.All())
}
