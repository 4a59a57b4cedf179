package app

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/changes"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/github"
	"github.com/tocsinhq/tocsin/integrations/jira"
	"github.com/tocsinhq/tocsin/runbook/spec"
	"github.com/tocsinhq/tocsin/runbooks"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/workflows"
)

// makeIntake makes the way of an alert. The sweeper takes the same way, so a
// process that sweeps has an intake even when it serves no API.
func (a *App) makeIntake(context.Context) error {
	if !a.options.Intake && !a.sweeps() {
		return nil
	}
	a.recent = store.NewRecentChanges(a.Store)
	a.keep(a.recent.Keep)
	a.intake = intake.New(intake.Config{ //nolint:contextcheck // it works until Close
		Store: a.Store, Engine: a.engine, Catalogs: a.catalogs, Log: a.log, Metrics: a.Metrics,
		Runbook: a.shelf.Called, Changes: a.recent,
	})
	a.parts.Sweeper = &activities.Sweeper{
		Mender: a.intake, Keeper: a.Store, Runs: activities.TemporalRuns{Client: a.Client},
	}
	a.parts.Watcher = &activities.Watcher{Lifter: a.intake, Silences: a.Store, Reporter: a.intake, Pulses: a.Store, Catalogs: a.catalogs}
	return nil
}

// sweeps reports whether the sweeper's activities run in this process.
func (a *App) sweeps() bool { return slices.Contains(a.options.Queues, workflows.Integrations) }

func (a *App) makeServer(context.Context) error {
	if !a.options.API {
		return nil
	}
	a.makeBeats()
	config := api.Config{
		Store: a.Store, Commands: a.engine, Catalogs: a.catalogs, Duty: a.Store, Evidence: a.Store, PublicURL: a.options.Config.PublicURL, Links: a.links.Signer, Runbooks: a.shelf.All,
		Pager: tester{a.parts.Pager}, Checks: a.checks(), Metrics: a.Metrics, Log: a.log,
	}
	if a.options.Intake {
		config.Intake, config.Changes = a.intake, a.changeFeed()
		if secret := a.options.Config.GitHubWebhookSecret; secret != "" {
			config.ReadGitHub = readGitHub(secret)
		}
	}
	if a.options.Intake || slices.Contains(a.options.Queues, workflows.Paging) {
		config.Channels = slices.AppendSeq([]string{}, maps.Keys(a.outside.channels))
	}
	if a.outside.tracker != nil && a.options.Config.JiraWebhookSecret != "" {
		config.Tickets = tickets{a.Store, a.engine}
		config.ReadHint = readHint(a.options.Config.JiraWebhookSecret)
	}
	if reader := textsOf(a.options.Config); reader != nil {
		config.Texts, config.Failures = reader, a.engine
	}
	handler, err := api.New(config) //nolint:contextcheck // each request brings its own
	if err != nil {
		return fmt.Errorf("set up the API: %w", err)
	}
	if a.beats != nil {
		handler = a.beats.Guard(handler)
	}
	a.server = api.NewHTTPServer(handler) //nolint:contextcheck // it serves until Close
	return nil
}

// ownRunbooks are what the runbooks say of themselves that come with Tocsin.
func ownRunbooks() []spec.Spec {
	var out []spec.Spec
	for _, b := range runbooks.All() {
		out = append(out, b.Spec)
	}
	return out
}

// checks are what readiness asks.
func (a *App) checks() []api.Check {
	list := []api.Check{
		{Name: "database", Probe: a.Store.Ping},
		{Name: "temporal", Required: true, Probe: func(ctx context.Context) error {
			_, err := a.Client.CheckHealth(ctx, nil)
			return err
		}},
		{Name: "catalog", Probe: func(ctx context.Context) error {
			_, err := a.catalogs.Current(ctx)
			return err
		}},
		{Name: "search attributes", Probe: func(context.Context) error {
			if !a.engine.Lists() {
				return incident.Errorf(incident.Unavailable, "search attributes are not registered; run tocsin migrate")
			}
			return nil
		}},
	}
	if a.beats != nil {
		list = append(list, api.Check{Name: "watchdog", Probe: a.beats.Probe, Detail: "no beat has reached the watchdog for three minutes: no page may reach anybody"})
	}
	list = append(list, a.outside.smsChecks()...)
	if t := a.outside.tracker; t != nil {
		list = append(list, api.Check{Name: "jira", Probe: seldom(t.Probe)})
	}
	return list
}

// tester reaches people outside every incident.
type tester struct{ pager *activities.Pager }

// TestPage tries each contact method once.
func (t tester) TestPage(ctx context.Context, person, by string) ([]api.ContactResult, error) {
	results, err := activities.TestPage(ctx, t.pager, person, by)
	if err != nil {
		return nil, err
	}
	var out []api.ContactResult
	for _, r := range results {
		out = append(out, api.ContactResult(r))
	}
	return out, nil
}

// SendCode sends a code to a contact method.
func (t tester) SendCode(ctx context.Context, m catalog.ContactMethod, code string) error {
	return activities.SendCode(ctx, t.pager, m, code)
}

// tickets passes a hint of the tracker on to the incident that knows the
// ticket.
type tickets struct {
	store interface {
		IncidentOfTicket(ctx context.Context, id string) (string, error)
		Incident(ctx context.Context, number string) (*incident.Incident, error)
	}
	engine *workflows.Client
}

// Changed signals the incident, if there is one. The closing of an incident
// closes its ticket, of which it need not hear.
func (t tickets) Changed(ctx context.Context, ref incident.TicketRef) error {
	number, err := t.store.IncidentOfTicket(ctx, ref.ID)
	if incident.KindOf(err) == incident.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if i, err := t.store.Incident(ctx, number); err == nil && i.Phase.Over() {
		return nil
	}
	err = t.engine.TicketChanged(ctx, number, ref)
	if incident.KindOf(err) == incident.NotFound {
		return nil
	}
	return err
}

// readHint reads the webhooks of a tracker that signs with a secret. What does
// not matter is about no ticket.
func readHint(secret string) func(http.Header, []byte) (incident.TicketRef, error) {
	return func(header http.Header, body []byte) (incident.TicketRef, error) {
		hint, err := jira.ParseWebhook(secret, header, body)
		if !hint.Matters {
			return incident.TicketRef{}, err
		}
		return hint.Ref, err
	}
}

// readGitHub reads the webhooks of GitHub, which signs with a secret.
func readGitHub(secret string) func(http.Header, []byte) (changes.InRepository, error) {
	return func(header http.Header, body []byte) (changes.InRepository, error) {
		return github.ParseWebhook(secret, header, body)
	}
}

// backlink leads from a ticket to its incident.
func backlink(links activities.Links) func(incident.Ticket) (title, url string) {
	return func(t incident.Ticket) (title, url string) {
		number := activities.IncidentOfLabel(t.Label)
		return "Tocsin " + number, links.Incident(number)
	}
}
