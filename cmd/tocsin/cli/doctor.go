package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/coverage"
)

// maxSkew is how far two clocks may lie apart unnoticed: the server tells its
// own in whole seconds.
const maxSkew = 5 * time.Second

func doctorCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Say what is wrong, and whom a page would not reach",
		Long: `Say what is wrong with the server, with the token and with the catalog, and whom
a page would not reach, as far as the API tells. Whether a page really arrives,
only "tocsin page test" shows.`,
		Example: "  tocsin doctor",
		Args:    between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			token, err := s.findToken()
			if err != nil {
				return err
			}
			c, err := s.dial(cmd, token)
			if err != nil {
				return err
			}
			d := &doctor{call: c}
			d.examine(cmd.Context(), token != "")
			return d.report()
		},
	}
}

// finding is one thing that was looked at.
type finding struct {
	OK   bool   `json:"ok"`
	What string `json:"what"`
	Says string `json:"says"`
}

// doctor collects findings.
type doctor struct {
	*call
	findings []finding
}

func (d *doctor) found(ok bool, what, format string, args ...any) {
	d.findings = append(d.findings, finding{ok, what, fmt.Sprintf(format, args...)})
}

func (d *doctor) examine(ctx context.Context, token bool) {
	if !d.server(ctx) {
		return
	}
	if !token {
		d.found(false, "token", "there is none: set TOCSIN_TOKEN or --token-file, or with `make run` say --as NAME")
		return
	}
	if d.identity(ctx) {
		d.people(ctx)
	}
}

// server asks for readiness, which is open to all, and compares clocks. An
// unready server answers with a body too, which the client of this call would
// take for an error.
func (d *doctor) server(ctx context.Context) bool {
	url, err := d.session.server()
	if err != nil {
		d.found(false, "server", "%v", err)
		return false
	}
	plain, err := client.NewClient(url, client.WithHTTPClient(patient(d.cmd.ErrOrStderr())))
	if err != nil {
		d.found(false, "server", "%v", err)
		return false
	}
	response, err := plain.GetReadiness(ctx)
	if err != nil {
		d.found(false, "server", "%s does not answer: is Tocsin running there? --url or TOCSIN_URL says where it is", url)
		return false
	}
	at := time.Now()
	health, _, err := read[client.Health](content(response, nil))
	if err != nil || health.Status == "" {
		d.found(false, "server", "%s answers %s, and not as Tocsin does", url, response.Status)
		return false
	}
	d.found(health.Status == "ok", "server", "%s is %s", url, health.Status)
	for _, check := range health.Checks {
		if !check.Ok {
			d.found(false, check.Name, "%s", check.Detail)
		}
	}
	d.watchdog(health.Checks)
	d.skew(response, at)
	return true
}

// watchdog says whether somebody outside would notice that nobody is paged. A
// watchdog that no beat reaches is among the failed checks already.
func (d *doctor) watchdog(checks []client.HealthCheck) {
	n := slices.IndexFunc(checks, func(c client.HealthCheck) bool { return c.Name == "watchdog" })
	switch {
	case n < 0:
		d.found(true, "watchdog", "none is fed: nobody outside would notice that pages stop (see docs/watchdog.md)")
	case checks[n].Ok:
		d.found(true, "watchdog", "beats reach it")
	}
}

func (d *doctor) skew(response *http.Response, at time.Time) {
	theirs, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		return
	}
	skew := at.Sub(theirs).Truncate(time.Second)
	if skew.Abs() > maxSkew {
		d.found(false, "clock", "this machine's clock and the server's lie %s apart: set them by NTP", catalog.FormatDuration(skew.Abs()))
		return
	}
	d.found(true, "clock", "agrees with the server's")
}

func (d *doctor) identity(ctx context.Context) bool {
	me, _, err := read[client.Me](content(d.GetMe(ctx)))
	if err != nil {
		d.found(false, "token", "%v", d.explain(err))
		return false
	}
	d.found(true, "token", "belongs to the %s %s, with the scopes %s", me.Kind, me.Id, strings.Join(me.Scopes, ", "))
	return true
}

// people looks for whom a page would not reach.
func (d *doctor) people(ctx context.Context) {
	catalog, _, err := read[client.Catalog](content(d.GetCatalog(ctx)))
	if err != nil {
		d.found(false, "catalog", "%s", missingCatalog(err))
		return
	}
	d.found(true, "catalog", "version %d is in force", catalog.Version)
	now, _, err := read[client.OnCall](content(d.GetOnCall(ctx, nil)))
	if err != nil {
		d.found(false, "on call", "%v", err)
		return
	}
	duties := onDuty(catalog, now)
	unreachable := 0
	for _, person := range catalog.People {
		if duty := duties[person.Id]; len(person.Contacts) == 0 && duty != "" {
			unreachable++
			d.found(false, "person", "%s (%s) has no contact method: no page would reach them", person.Id, duty)
		}
	}
	for _, schedule := range now.Schedules {
		if len(schedule.Shifts) == 0 {
			unreachable++
			d.found(false, "schedule", "nobody is on call in %s", schedule.Id)
		}
	}
	d.coverage(ctx)
	d.runbooks(ctx, catalog)
	if unreachable == 0 {
		d.found(true, "on call", "every schedule has somebody now, and they and the last resort have contact methods")
	}
	d.found(true, "channels", "the API does not tell which are configured: try \"tocsin page test --person me\"")
}

// coverage looks ahead for times at which a page would reach nobody.
func (d *doctor) coverage(ctx context.Context) {
	report, _, err := read[coverage.Report](content(d.GetCoverage(ctx, &client.GetCoverageParams{})))
	if err != nil {
		d.found(false, "coverage", "%v", err)
		return
	}
	k := d.clock(ctx)
	for _, line := range report.Lines(k.zone) {
		d.found(false, "coverage", "%s", line)
	}
	for _, u := range report.LastResort {
		d.found(false, "last resort", "%s %s", u.Person, u.Why)
	}
	if report.Complete() {
		d.found(true, "coverage", "every service reaches somebody at each moment until %s", k.at(report.Until))
	}
}

// runbooks looks for those that the catalog names and nobody serves.
func (d *doctor) runbooks(ctx context.Context, c client.Catalog) {
	served, _, err := read[client.RunbookList](content(d.ListRunbooks(ctx)))
	if err != nil {
		d.found(false, "runbooks", "%v", err)
		return
	}
	all := true
	for _, service := range c.Services {
		for _, name := range slices.Compact(slices.Sorted(slices.Values(append(service.Runbooks, service.Undo)))) {
			if name != "" && !slices.ContainsFunc(served.Runbooks, func(b client.Runbook) bool { return b.Name == name }) {
				all = false
				d.found(false, "runbooks", "the catalog names %s for %s, and nobody serves it: a typing error, or its worker is away", name, service.Id)
			}
		}
	}
	if all {
		d.found(true, "runbooks", "all that the catalog names are served")
	}
}

// onDuty says why each person would be paged: the last resort and who is on
// call first.
func onDuty(c client.Catalog, now client.OnCall) map[string]string {
	duties := map[string]string{}
	for _, team := range c.Teams {
		for _, person := range team.Members {
			duties[person] = "team " + team.Id
		}
	}
	for _, schedule := range now.Schedules {
		for _, shift := range schedule.Shifts {
			duties[shift.Person] = "on call in " + schedule.Id
		}
	}
	for _, person := range c.LastResort {
		duties[person] = "last resort"
	}
	return duties
}

func missingCatalog(err error) string {
	if p, ok := errors.AsType[*client.Problem](err); ok && slices.Contains([]string{"unavailable", "not-found"}, p.Kind()) {
		return "there is none yet, or it cannot be read: tocsin catalog apply PATH"
	}
	return err.Error()
}

// report shows the findings and fails when one is bad.
func (d *doctor) report() error {
	bad := 0
	for _, f := range d.findings {
		if !f.OK {
			bad++
		}
	}
	if d.session.json {
		if err := json.NewEncoder(d.cmd.OutOrStdout()).Encode(map[string][]finding{"findings": d.findings}); err != nil {
			return fmt.Errorf("print the findings: %w", err)
		}
	} else {
		t := d.table()
		for _, f := range d.findings {
			t.row(map[bool]string{true: "ok", false: "BAD"}[f.OK], f.What, f.Says)
		}
		t.flush()
	}
	if bad > 0 {
		return fmt.Errorf("%s: see above", counted(bad, "problem"))
	}
	return nil
}
