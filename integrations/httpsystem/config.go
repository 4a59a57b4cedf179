// Package httpsystem makes the requests that the systems file allows of a system
// that is administered over HTTP. Host and credentials are the file's; a request
// fits one of the calls that are listed there, or is refused.
package httpsystem

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
	"github.com/tocsinhq/tocsin/integrations/secret"
)

// Config says how one system is spoken to, and what may be asked of it.
type Config struct {
	// Name is what runbooks call it.
	Name string `yaml:"name"`
	// URL is the base of its interface.
	URL string `yaml:"url"`
	// TokenFile holds a token. It is sent as a bearer token, or as it is in the
	// header that TokenHeader names.
	TokenFile   string `yaml:"token_file"`
	TokenHeader string `yaml:"token_header"`
	// CAFile holds the certificates that its own is verified by, in PEM;
	// without one the system's are taken.
	CAFile string `yaml:"ca_file"`
	// Timeout bounds one request; zero is 8 seconds, at most 10 minutes.
	Timeout time.Duration `yaml:"timeout"`
	// HonoursKeys says that it does what comes with the same Idempotency-Key
	// once, however often it comes, for at least an hour.
	HonoursKeys bool `yaml:"honours_keys"`
	// KeyHeader is the header of the key; empty is Idempotency-Key.
	KeyHeader string `yaml:"key_header"`
	// Calls are the requests that may be made.
	Calls []Call `yaml:"calls"`
}

// Call is one request that may be made. What is in braces in its path is filled
// in by the path that is asked for, and stands for the same in its other fields;
// {incident} stands for the number of the incident.
type Call struct {
	Method string `yaml:"method"`
	// Path is below the URL: /v1/caches/{cache}/purge.
	Path string `yaml:"path"`
	// Where says by a regular expression what a part in braces may be; without
	// one it is letters, digits, dots, hyphens, underscores and tildes.
	Where map[string]string `yaml:"where"`
	// Query is sent along.
	Query map[string]string `yaml:"query"`
	// Body is sent as JSON; TakesBody takes it from whoever starts the run
	// instead.
	Body      any  `yaml:"body"`
	TakesBody bool `yaml:"takes_body"`
	// Expect lists the statuses that mean that it was done; none is any from
	// 200 to 299.
	Expect []int `yaml:"expect"`
	// Verify tells afterwards whether it took effect.
	Verify *Verify `yaml:"verify"`
	// Undo takes it back.
	Undo *Undo `yaml:"undo"`
}

// Verify is a GET whose answer holds a text.
type Verify struct {
	Path  string            `yaml:"path"`
	Query map[string]string `yaml:"query"`
	Holds string            `yaml:"holds"`
}

// Undo is the request that takes a call back.
type Undo struct {
	Method string            `yaml:"method"`
	Path   string            `yaml:"path"`
	Query  map[string]string `yaml:"query"`
	Body   any               `yaml:"body"`
	Expect []int             `yaml:"expect"`
}

const (
	defaultTimeout = 8 * time.Second
	// quick is the longest a request may take without being a slow one.
	quick      = defaultTimeout
	maxTimeout = 10 * time.Minute
	maxAnswer  = 1 << 20
)

// System is a system that is spoken to over HTTP. It is safe for concurrent use.
type System struct {
	config Config
	base   string
	token  string
	header http.Header
	calls  []call
	client *rest.Client
}

// New returns the configured system. It fails with Invalid, saying what to
// correct.
func New(config Config) (*System, error) {
	config.Timeout = cmp.Or(config.Timeout, defaultTimeout)
	config.KeyHeader = cmp.Or(config.KeyHeader, "Idempotency-Key")
	base, err := rest.ParseBase(config.URL)
	if err != nil {
		return nil, fmt.Errorf("correct url: %w", err)
	}
	if config.Timeout < 0 || config.Timeout > maxTimeout {
		return nil, incident.Errorf(incident.Invalid, "correct timeout: it is not between 1s and 10m")
	}
	token, err := secret.Read("token_file", config.TokenFile)
	if err != nil {
		return nil, err
	}
	trust, err := secret.Trust(config.CAFile)
	if err != nil {
		return nil, err
	}
	s := &System{config: config, base: strings.TrimRight(base.String(), "/"), token: token, header: authorization(config, token)}
	s.client = rest.New(rest.Config{
		Name: config.Name, Timeout: config.Timeout, MaxAnswer: maxAnswer, Credentials: "its token_file",
		Explain: explain, Secrets: []string{token, base.Host, base.Hostname()}, AnyType: true, TLS: trust,
	})
	for n, c := range config.Calls {
		compiled, err := compile(c)
		if err != nil {
			return nil, fmt.Errorf("correct calls[%d]: %w", n, err)
		}
		s.calls = append(s.calls, compiled)
	}
	if len(s.calls) == 0 {
		return nil, incident.Errorf(incident.Invalid, "list its calls: nothing else may be asked of it")
	}
	return s, nil
}

func authorization(config Config, token string) http.Header {
	header := http.Header{}
	switch {
	case token == "":
	case config.TokenHeader == "":
		header.Set("Authorization", "Bearer "+token)
	default:
		header.Set(config.TokenHeader, token)
	}
	return header
}

// problem says what of a call is not as it must be, or nothing.
func (c Call) problem() string {
	methods := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	reads := c.Method == http.MethodGet || c.Method == http.MethodHead
	switch {
	case !slices.Contains(methods, c.Method):
		return "its method is none of " + strings.Join(methods, ", ")
	case c.Body != nil && c.TakesBody:
		return "it has a body and takes one: choose"
	case reads && (c.Body != nil || c.TakesBody || c.Verify != nil || c.Undo != nil):
		return "it only reads: there is no body to send and nothing to verify or undo"
	case c.Verify != nil && c.Verify.Holds == "":
		return "its verify does not say what the answer holds"
	case c.Undo != nil && (!slices.Contains(methods[2:], c.Undo.Method)):
		return "its undo's method is none of " + strings.Join(methods[2:], ", ")
	case slices.ContainsFunc(c.expects(), notAStatus):
		return "it expects what is no status from 200 to 299, or one of 404 and 410"
	}
	return ""
}

func (c Call) expects() []int {
	if c.Undo == nil {
		return c.Expect
	}
	return slices.Concat(c.Expect, c.Undo.Expect)
}

// notAStatus: what was gone already may count as deleted; no other refusal is
// ever success.
func notAStatus(code int) bool {
	return (code < 200 || code > 299) && code != http.StatusNotFound && code != http.StatusGone
}

// escaped joins segments to a path.
func escaped(segments []string) string {
	var out strings.Builder
	for _, s := range segments {
		out.WriteString("/" + url.PathEscape(s))
	}
	return out.String()
}
