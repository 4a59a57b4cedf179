// Package githubactions dispatches workflows of a repository that the systems
// file names, and follows their runs. It speaks to GitHub's REST API, version
// 2022-11-28, of github.com or of a GitHub Enterprise Server.
package githubactions

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
	"github.com/tocsinhq/tocsin/integrations/secret"
	"github.com/tocsinhq/tocsin/integrations/values"
)

// Config says which repository it is, and what may be dispatched there.
type Config struct {
	// Name is what runbooks call it.
	Name string `yaml:"name"`
	// URL is the base of the API; without one it is that of github.com.
	URL string `yaml:"url"`
	// Repository is its owner and its name: acme/shop.
	Repository string `yaml:"repository"`
	// TokenFile holds a token that may read and write actions of the repository.
	TokenFile string `yaml:"token_file"`
	// CAFile holds the certificates that the server's is verified by, in PEM,
	// instead of the system's.
	CAFile    string     `yaml:"ca_file"`
	Workflows []Workflow `yaml:"workflows"`
}

// Workflow is one that may be dispatched.
type Workflow struct {
	Name string `yaml:"name"`
	// File is that of the workflow, without its folder, and Ref the branch or tag
	// that it is run at.
	File string `yaml:"file"`
	Ref  string `yaml:"ref"`
	// Inputs are what a run brings; all of them are needed.
	Inputs []values.Config `yaml:"inputs"`
	// KeyInput is the input that takes the key of a dispatch. The workflow shows
	// it in its run-name, so that the run can be found.
	KeyInput string `yaml:"key_input"`
	// Changes must be true: whoever writes it knows that a dispatched workflow
	// does something.
	Changes bool `yaml:"changes"`
}

const (
	defaultURL = "https://api.github.com"
	version    = "2022-11-28"
	// timeout bounds one request: what is asked within one try of a call is two.
	timeout = 5 * time.Second
	// maxInputs is the most that GitHub takes, with the key's.
	maxInputs = 25
	// maxShown is how long a dispatch may be so that an approval shows it whole,
	// in bytes.
	maxShown = 350
	// maxAnswer bounds a page of runs, of which each is some 20 KB.
	maxAnswer = 8 << 20
)

var (
	repositories = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?/[A-Za-z0-9_.-]*[A-Za-z0-9_-]$`)
	files        = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9_.-]*\.ya?ml$`)
	refs         = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_./-]*$`)
	inputNames   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)
)

// System is one repository. It is safe for concurrent use.
type System struct {
	config    Config
	base      string
	header    http.Header
	workflows map[string]workflow
	client    *rest.Client
}

// workflow is one with its inputs.
type workflow struct {
	Workflow
	inputs values.List
}

// New returns the configured repository. It fails with Invalid, saying what to
// correct.
func New(config Config) (*System, error) {
	base, err := rest.ParseBase(cmp.Or(config.URL, defaultURL))
	if err != nil {
		return nil, fmt.Errorf("correct url: %w", err)
	}
	if !repositories.MatchString(config.Repository) {
		return nil, incident.Errorf(incident.Invalid, "correct repository: it is no OWNER/NAME")
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
	s := &System{config: config, base: strings.TrimRight(base.String(), "/") + "/repos/" + config.Repository + "/actions", workflows: map[string]workflow{}}
	s.header = http.Header{"Authorization": {"Bearer " + token}, "X-GitHub-Api-Version": {version}, "Accept": {"application/vnd.github+json"}}
	s.client = rest.New(rest.Config{
		Name: config.Name, Timeout: timeout, MaxAnswer: maxAnswer, Credentials: "its token_file",
		Explain: explain, Secrets: []string{token, base.Host, base.Hostname()}, TLS: trust,
	})
	if err := s.take(config.Workflows); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *System) take(workflows []Workflow) error {
	for n, w := range workflows {
		inputs, err := values.New(w.Inputs)
		if err != nil {
			return fmt.Errorf("correct workflows[%d]: %w", n, err)
		}
		if problem := w.problem(); problem != "" {
			return incident.Errorf(incident.Invalid, "correct workflows[%d]: %s", n, problem)
		}
		if _, twice := s.workflows[w.Name]; twice {
			return incident.Errorf(incident.Invalid, "correct workflows[%d]: there is a %s before it", n, w.Name)
		}
		s.workflows[w.Name] = workflow{w, inputs}
	}
	if len(workflows) == 0 {
		return incident.Errorf(incident.Invalid, "list its workflows: no others are dispatched")
	}
	return nil
}

// problem says what is not as it must be, or nothing.
func (w Workflow) problem() string {
	taken := len(w.Inputs)
	if w.KeyInput != "" {
		taken++
	}
	switch {
	case w.Name == "":
		return "it has no name"
	case !files.MatchString(w.File):
		return "its file is no name of a workflow's file, such as deploy.yml"
	case !refs.MatchString(w.Ref) || strings.Contains(w.Ref, ".."):
		return "its ref is no branch or tag"
	case w.KeyInput != "" && !inputNames.MatchString(w.KeyInput):
		return "its key_input is no name of an input"
	case w.takes(w.KeyInput):
		return "its key_input is one of its inputs"
	case taken > maxInputs:
		return fmt.Sprintf("it has more than %d inputs, which GitHub does not take", maxInputs)
	case !w.Changes:
		return "say that it changes something: changes: true"
	}
	return ""
}

func (w Workflow) takes(input string) bool {
	for _, i := range w.Inputs {
		if i.Name == input {
			return true
		}
	}
	return false
}

// explain is what GitHub says of a refusal.
func explain(body []byte) string {
	var said struct{ Message string }
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	return said.Message
}
