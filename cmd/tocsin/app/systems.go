package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/cmd/tocsin/settings"
	"github.com/tocsinhq/tocsin/integrations/githubactions"
	"github.com/tocsinhq/tocsin/integrations/httpsystem"
	"github.com/tocsinhq/tocsin/integrations/kubernetes"
	"github.com/tocsinhq/tocsin/integrations/postgres"
	"github.com/tocsinhq/tocsin/integrations/redis"
	"github.com/tocsinhq/tocsin/integrations/ssh"
	"github.com/tocsinhq/tocsin/integrations/unleash"
	workers "github.com/tocsinhq/tocsin/worker"
)

// Systems are the systems that runbooks may act on, as the file has them that
// the setting systems names: a list for each product.
type Systems struct {
	HTTP       []httpsystem.Config    `yaml:"http"`
	SQL        []postgres.Config      `yaml:"sql"`
	Redis      []redis.Config         `yaml:"redis"`
	SSH        []ssh.Config           `yaml:"ssh"`
	Kubernetes []kubernetes.Config    `yaml:"kubernetes"`
	GitHub     []githubactions.Config `yaml:"github"`
	Unleash    []unleash.Config       `yaml:"unleash"`
}

// LoadSystems reads the file of systems; "" is none. An unknown key is an error
// that says which there are.
func LoadSystems(path string) (Systems, error) {
	var s Systems
	if path == "" {
		return s, nil
	}
	data, err := os.ReadFile(filepath.Clean(path))
	if err == nil {
		err = settings.Decode(data, &s)
	}
	if err != nil {
		return s, fmt.Errorf("correct the file that TOCSIN_SYSTEMS names: %w", err)
	}
	return s, nil
}

// Connect makes what the runbooks act on, which is reached when it is first
// used, and returns the clusters whose rollouts are to be watched. Its error
// says of each system what to correct.
func (s Systems) Connect(p *workers.Parts) (watched map[string]*kubernetes.Cluster, err error) {
	var problems problems
	watched = map[string]*kubernetes.Cluster{}
	p.HTTP = &activities.HTTP{Systems: connected(&problems, "http", s.HTTP,
		func(c httpsystem.Config) string { return c.Name },
		func(c httpsystem.Config) (activities.HTTPSystem, error) { return httpsystem.New(c) })}
	p.SQL = &activities.SQL{Systems: connected(&problems, "sql", s.SQL,
		func(c postgres.Config) string { return c.Name },
		func(c postgres.Config) (activities.SQLSystem, error) { return postgres.New(c) })}
	p.Redis = &activities.Redis{Systems: connected(&problems, "redis", s.Redis,
		func(c redis.Config) string { return c.Name },
		func(c redis.Config) (activities.RedisSystem, error) { return redis.New(c) })}
	p.SSH = &activities.SSH{Systems: connected(&problems, "ssh", s.SSH,
		func(c ssh.Config) string { return c.Name },
		func(c ssh.Config) (activities.SSHSystem, error) { return ssh.New(c) })}
	p.Kubernetes = &activities.Kubernetes{Clusters: connected(&problems, "kubernetes", s.Kubernetes,
		func(c kubernetes.Config) string { return c.Name },
		func(c kubernetes.Config) (activities.Cluster, error) {
			cluster, err := kubernetes.New(c)
			if err == nil && c.Rollouts {
				watched[c.Name] = cluster
			}
			return cluster, err
		})}
	p.GitHub = &activities.GitHub{Systems: connected(&problems, "github", s.GitHub,
		func(c githubactions.Config) string { return c.Name },
		func(c githubactions.Config) (activities.GitHubSystem, error) { return githubactions.New(c) })}
	p.Unleash = &activities.Unleash{Systems: connected(&problems, "unleash", s.Unleash,
		func(c unleash.Config) string { return c.Name },
		func(c unleash.Config) (activities.UnleashSystem, error) { return unleash.New(c) })}
	if len(problems) > 0 {
		return nil, fmt.Errorf("correct the file that TOCSIN_SYSTEMS names: %w", errors.Join(problems...))
	}
	return watched, nil
}

type problems []error

// systemName is what a parameter of type name can be.
var systemName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)

// connected makes the systems of one product, by name.
func connected[C, S any](wrong *problems, product string, list []C, name func(C) string, connect func(C) (S, error)) map[string]S {
	out := map[string]S{}
	for n, c := range list {
		called := name(c)
		_, twice := out[called]
		made, err := connect(c)
		switch {
		case !systemName.MatchString(called):
			*wrong = append(*wrong, fmt.Errorf("%s[%d]: give it a name of letters, digits, dots, hyphens and underscores", product, n))
		case twice:
			*wrong = append(*wrong, fmt.Errorf("%s[%d]: there is a %s before it", product, n, called))
		case err != nil:
			*wrong = append(*wrong, fmt.Errorf("%s %s: %w", product, called, err))
		}
		out[called] = made
	}
	return out
}
