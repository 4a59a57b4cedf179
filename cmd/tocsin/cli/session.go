package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

// session is one invocation: which server it speaks to, as whom, and how it
// shows what it hears.
type session struct {
	url       string
	token     string
	tokenFile string
	as        string
	zone      string
	json      bool
	// location is what zone names; nil leaves the choice to the catalog.
	location *time.Location
	// key is the Idempotency-Key that --key gives, and newKey the one without:
	// an invocation sends one command.
	key, newKey string
}

func newSession() *session { return &session{newKey: uuid.NewString()} }

// locate reads the zone to show times in.
func (s *session) locate() error {
	name := cmp.Or(s.zone, os.Getenv("TOCSIN_ZONE"))
	if name == "" {
		return nil
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return misused("--zone: there is no zone %q; give one such as Europe/Berlin", name)
	}
	s.location = location
	return nil
}

// clock shows times as told, else in UTC.
func (s *session) clock() clock { return clock{cmp.Or(s.location, time.UTC)} }

const (
	defaultURL = "http://127.0.0.1:8080"
	// developmentTokens is where `make run` leaves a token of each person.
	developmentTokens = ".tocsin/tokens"
)

func (s *session) addFlags(cmd *cobra.Command) {
	f := cmd.PersistentFlags()
	f.StringVar(&s.url, "url", "", "address of the API (TOCSIN_URL; "+defaultURL+")")
	f.StringVar(&s.token, "token", "", "token to speak with (TOCSIN_TOKEN)")
	f.StringVar(&s.tokenFile, "token-file", "", "file that holds the token (TOCSIN_TOKEN_FILE)")
	f.StringVar(&s.as, "as", "", "speak as `NAME`, whose token \"make run\" left in "+developmentTokens)
	f.StringVar(&s.zone, "zone", "", "zone in which times are shown (TOCSIN_ZONE; your own in the catalog, else UTC)")
	f.BoolVar(&s.json, "json", false, "print the JSON of the API as it is")
}

// task is what a command does once the server is known.
type task func(ctx context.Context, c *call, args []string) error

// run makes a cobra function of a task.
func (s *session) run(f task) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		token, err := s.findToken()
		if err != nil {
			return err
		}
		if token == "" {
			return misused("there is no token: set TOCSIN_TOKEN or --token-file, or with `make run` say --as NAME")
		}
		c, err := s.dial(cmd, token)
		if err != nil {
			return err
		}
		return c.explain(f(cmd.Context(), c, args))
	}
}

// runFor makes a cobra function of what is done for the incident that the
// first argument names.
func (s *session) runFor(f func(ctx context.Context, c *call, number string) error) func(*cobra.Command, []string) error {
	return s.run(func(ctx context.Context, c *call, args []string) error {
		number, err := numbered(args[0])
		if err != nil {
			return err
		}
		return f(ctx, c, number)
	})
}

// dial makes a call of this command to the server.
func (s *session) dial(cmd *cobra.Command, token string) (*call, error) {
	url, err := s.server()
	if err != nil {
		return nil, err
	}
	if err := s.locate(); err != nil {
		return nil, err
	}
	api, err := client.New(client.Options{Server: url, Token: token, Agent: agent(), HTTP: patient(cmd.ErrOrStderr())})
	if err != nil {
		return nil, fmt.Errorf("set up the connection to %s: %w", url, err)
	}
	return &call{ClientWithResponses: api, cmd: cmd, session: s}, nil
}

func (s *session) server() (string, error) {
	url := cmp.Or(s.url, os.Getenv("TOCSIN_URL"), defaultURL)
	if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
		return "", misused("--url: %q is not an address such as %s", url, defaultURL)
	}
	return strings.TrimSuffix(url, "/"), nil
}

// findToken returns the token to speak with, "" when nobody gave one. Flags
// come before the environment.
func (s *session) findToken() (string, error) {
	given := slices.DeleteFunc([]string{s.token, s.tokenFile, s.as}, func(v string) bool { return v == "" })
	switch {
	case len(given) > 1:
		return "", misused("give one of --token, --token-file and --as")
	case s.token != "":
		return s.token, nil
	case s.tokenFile != "":
		return readToken("--token-file", s.tokenFile)
	case s.as != "":
		return tokenOf(s.as)
	}
	if token := os.Getenv("TOCSIN_TOKEN"); token != "" {
		return token, nil
	}
	if file := os.Getenv("TOCSIN_TOKEN_FILE"); file != "" {
		return readToken("TOCSIN_TOKEN_FILE", file)
	}
	return "", nil
}

func readToken(what, file string) (string, error) {
	data, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return "", misused("%s: %v", what, err)
	}
	token := strings.TrimSpace(string(data))
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		return "", misused("%s: %s does not hold a token and nothing else", what, file)
	}
	return token, nil
}

// tokenOf looks a person up among the tokens of `make run`.
func tokenOf(name string) (string, error) {
	data, err := os.ReadFile(developmentTokens)
	if err != nil {
		return "", misused("--as: %v; it works where `make run` was started", err)
	}
	var names []string
	for line := range strings.Lines(string(data)) {
		owner, token, ok := strings.Cut(strings.TrimSpace(line), " ")
		if ok && owner == name {
			return strings.TrimSpace(token), nil
		}
		if ok {
			names = append(names, owner)
		}
	}
	return "", misused("--as: %s has no token of %q; there is %s", developmentTokens, name, strings.Join(names, ", "))
}
