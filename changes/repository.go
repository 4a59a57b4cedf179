package changes

import (
	"slices"
	"strings"

	"github.com/tocsinhq/tocsin/catalog"
)

// InRepository is a change of a repository, which knows no services.
type InRepository struct {
	// Repository is its owner and its name: "acme/payments". It is empty where
	// nothing is told of a change.
	Repository string
	// Environment is where a deployment goes to, and Production whether its
	// reporter calls that production. What is no deployment goes nowhere.
	Environment string
	Production  bool
	// Change has no service yet.
	Change Change
}

// Concerns reports whether it is a change of a service: of one of its
// repositories, and where it is a deployment, to one of its environments or, when
// it names none, to production. Previews and the like break nothing that pages.
func (r InRepository) Concerns(service catalog.Changes) bool {
	switch {
	case r.Repository == "" || !slices.Contains(service.Repositories, r.Repository):
		return false
	case r.Change.Kind != Deployment:
		return true
	case len(service.Environments) == 0:
		return r.Production || strings.EqualFold(r.Environment, "production")
	}
	return slices.ContainsFunc(service.Environments, func(name string) bool { return strings.EqualFold(name, r.Environment) })
}
