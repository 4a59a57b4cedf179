package jira

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"time"

	gojira "github.com/andygrunwald/go-jira"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
)

const (
	defaultIndexWindow = 90 * time.Second
	defaultTimeout     = 15 * time.Second
	maxAnswer          = 8 << 20
)

// Config says which site is used and how its tickets end. URL, Email and
// Token are required.
type Config struct {
	// URL is the site, "https://example.atlassian.net", or for scoped tokens
	// "https://api.atlassian.com/ex/jira/{cloudId}".
	URL string
	// Email and Token are the account and its API token.
	Email, Token string
	// Insecure allows http:// to another machine.
	Insecure bool
	// Timeout bounds one request; zero is 15 seconds.
	Timeout time.Duration
	// IndexWindow is how long EnsureAgain looks; zero is 90 seconds.
	IndexWindow time.Duration
	// LinkType is the name of the link to a parent; empty is "Relates".
	LinkType string
	// DoneTransition is the name of the transition, or of the status it leads
	// to, that finishes a ticket; empty is the first that leads to done.
	DoneTransition string
	// Resolution is the name set when a ticket is finished; empty is the first
	// that is allowed, where one is required.
	Resolution string
	// Backlink gives the title and the address of the page in Tocsin that a
	// ticket is about; nil, or an empty address, links nothing back.
	Backlink func(incident.Ticket) (title, url string)
	// Log receives what is no error but should be known; nil discards it.
	Log *slog.Logger
}

// Tracker keeps tickets in one JIRA site. It is safe for concurrent use.
type Tracker struct {
	config Config
	client *gojira.Client
	log    *slog.Logger
}

// New returns the tracker of a site. It fails with Invalid when the
// configuration cannot work; whether the credentials do, Probe tells.
func New(config Config) (*Tracker, error) {
	base, err := rest.ParseBase(config.URL)
	if err != nil {
		return nil, fmt.Errorf("correct TOCSIN_JIRA_URL: %w", err)
	}
	if base.Scheme != "https" && !config.Insecure && !isThisMachine(base.Hostname()) {
		return nil, incident.Errorf(incident.Invalid, "correct TOCSIN_JIRA_URL: it must start with https://, the token goes with every request")
	}
	if config.Email == "" || config.Token == "" {
		return nil, incident.Errorf(incident.Invalid, "set TOCSIN_JIRA_EMAIL and TOCSIN_JIRA_TOKEN")
	}
	config.IndexWindow = cmp.Or(config.IndexWindow, defaultIndexWindow)
	config.LinkType = cmp.Or(config.LinkType, "Relates")
	config.Log = cmp.Or(config.Log, slog.New(slog.DiscardHandler))
	client, err := gojira.NewClient(newTransport(config, base.Host), base.String())
	if err != nil {
		return nil, incident.Errorf(incident.Invalid, "correct TOCSIN_JIRA_URL")
	}
	return &Tracker{config: config, client: client, log: config.Log}, nil
}

func isThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
