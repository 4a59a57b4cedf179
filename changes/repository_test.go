package changes_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/changes"
)

func TestADeploymentConcernsTheEnvironmentsOfAService(t *testing.T) {
	const repository = "acme/payments"
	byDefault := catalog.Changes{Repositories: []string{"acme/shop", repository}}
	named := catalog.Changes{Repositories: []string{repository}, Environments: []string{"eu", "us"}}
	for name, test := range map[string]struct {
		environment string
		production  bool
		kind        changes.Kind
		want        bool
		wantNamed   bool
	}{
		"production by its name":   {"Production", false, changes.Deployment, true, false},
		"GitHub calls it so":       {"EU", true, changes.Deployment, true, true},
		"a preview":                {"preview-pr-77", false, changes.Deployment, false, false},
		"another production":       {"asia", true, changes.Deployment, true, false},
		"nobody says":              {"", false, changes.Deployment, false, false},
		"a push, which goes there": {"", false, changes.Push, true, true},
	} {
		r := changes.InRepository{Repository: repository, Environment: test.environment, Production: test.production, Change: changes.Change{Kind: test.kind}}
		require.Equal(t, test.want, r.Concerns(byDefault), name)
		require.Equal(t, test.wantNamed, r.Concerns(named), name)
		r.Repository = "acme/other"
		require.False(t, r.Concerns(byDefault), name)
	}
	require.False(t, changes.InRepository{}.Concerns(catalog.Changes{Repositories: []string{""}}), "nothing was told")
}
