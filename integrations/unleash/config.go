// Package unleash reads and turns feature flags of one environment of a project
// of an Unleash, of those that the systems file allows. It speaks to Unleash's
// Admin API.
package unleash

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
	"github.com/tocsinhq/tocsin/integrations/secret"
)

// Config says which Unleash it is, and which flags may be turned there.
type Config struct {
	// Name is what runbooks call it.
	Name string `yaml:"name"`
	// URL is its address, without /api.
	URL string `yaml:"url"`
	// Project is the ID of the project that the flags belong to, Environment the
	// name of the one environment in which they are turned.
	Project     string `yaml:"project"`
	Environment string `yaml:"environment"`
	// TokenFile holds the token of an account that may read the flags and turn
	// them in this environment.
	TokenFile string `yaml:"token_file"`
	// CAFile holds the certificates that the server's is verified by, in PEM,
	// instead of the system's.
	CAFile string `yaml:"ca_file"`
	// Flags are those that may be read and turned; one that ends in * is all that
	// begin with what is before it.
	Flags []string `yaml:"flags"`
}

const (
	// timeout bounds one request: to turn a flag is two.
	timeout = 5 * time.Second
	// maxAnswer bounds what is said of a flag: strategies may list thousands of
	// values.
	maxAnswer = 8 << 20
	// maxName is the longest name that Unleash takes.
	maxName = 100
)

// names are those of flags, projects and environments that are handed on: what
// Unleash allows besides is not.
var names = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*$`)

// System is one environment of a project. It is safe for concurrent use.
type System struct {
	config Config
	base   string
	header http.Header
	client *rest.Client
}

// New returns the configured system. It fails with Invalid, saying what to
// correct.
func New(config Config) (*System, error) {
	base, err := rest.ParseBase(config.URL)
	if err != nil {
		return nil, fmt.Errorf("correct url: %w", err)
	}
	if problem := config.problem(); problem != "" {
		return nil, incident.Errorf(incident.Invalid, "%s", problem)
	}
	token, err := secret.Read("token_file", config.TokenFile)
	if err != nil {
		return nil, err
	}
	if token == "" {
		return nil, incident.Errorf(incident.Invalid, "name its token_file")
	}
	trust, err := secret.Trust(config.CAFile)
	if err != nil {
		return nil, err
	}
	return &System{
		config: config,
		base:   strings.TrimRight(base.String(), "/") + "/api/admin/projects/" + config.Project + "/features/",
		header: http.Header{"Authorization": {token}},
		client: rest.New(rest.Config{
			Name: config.Name, Timeout: timeout, MaxAnswer: maxAnswer, Credentials: "its token_file",
			Explain: explain, Secrets: []string{token, base.Host, base.Hostname()}, TLS: trust,
		}),
	}, nil
}

func (c Config) problem() string {
	switch {
	case !named(c.Project):
		return "correct project: it is no ID of a project, such as default"
	case !named(c.Environment):
		return "correct environment: it is no name of one, such as production"
	case len(c.Flags) == 0:
		return "list the flags that may be turned: no others are"
	}
	for n, flag := range c.Flags {
		if !named(strings.TrimSuffix(flag, "*")) {
			return fmt.Sprintf("correct flags[%d]: it is a flag's name, or the beginning of names and then *", n)
		}
	}
	return ""
}

func named(text string) bool { return len(text) <= maxName && names.MatchString(text) }

// allows returns Invalid for what is no name of a flag, and Forbidden for a flag
// that the file does not allow.
func (s *System) allows(flag string) error {
	if !named(flag) {
		return incident.Errorf(incident.Invalid, "that is no name of a flag: at most %d letters, digits, dots, hyphens and underscores", maxName)
	}
	fits := func(allowed string) bool {
		begin, many := strings.CutSuffix(allowed, "*")
		return flag == allowed || many && strings.HasPrefix(flag, begin)
	}
	if !slices.ContainsFunc(s.config.Flags, fits) {
		return incident.Errorf(incident.Forbidden, "the systems file allows these flags of %s only: %s",
			s.config.Name, strings.Join(s.config.Flags, ", "))
	}
	return nil
}

// covers identifies what is turned, but for the flag.
func (s *System) covers() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s", s.base, s.config.Environment))
	return hex.EncodeToString(sum[:6])
}

// explain is what Unleash says of a refusal.
func explain(body []byte) string {
	var said struct{ Message string }
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	return said.Message
}
