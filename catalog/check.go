package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/oncall"
)

// checker holds a catalog against its rules, a method a section.
type checker struct {
	*source
	c *Catalog
	// known holds the ids of each noun.
	known map[string]map[string]bool
	// rotations holds the names "schedule/rotation".
	rotations map[string]bool
}

func newChecker(c *Catalog, src *source) *checker {
	k := &checker{source: src, c: c, known: map[string]map[string]bool{}, rotations: map[string]bool{}}
	declare(k, "team", "teams", c.Teams, func(t Team) string { return t.ID })
	declare(k, "person", "people", c.People, func(p Person) string { return p.ID })
	declare(k, "machine", "machines", c.Machines, func(m Machine) string { return m.ID })
	declare(k, "audience", "audiences", c.Audiences, func(a Audience) string { return a.ID })
	declare(k, "service", "services", c.Services, func(s Service) string { return s.ID })
	declare(k, "heartbeat", "heartbeats", c.Heartbeats, func(h Heartbeat) string { return h.ID })
	declare(k, "schedule", "schedules", c.Schedules, func(s oncall.Schedule) string { return s.ID })
	declare(k, "hours", "hours", c.AllHours, func(h oncall.Hours) string { return h.ID })
	declare(k, "webhook", "webhooks", c.Webhooks, func(w Webhook) string { return w.ID })
	declare(k, "escalation policy", "escalation_policies", c.Escalations,
		func(p oncall.EscalationPolicy) string { return p.ID })
	for _, s := range c.Schedules {
		for _, r := range s.Rotations {
			k.rotations[s.ID+"/"+r.Name] = true
		}
	}
	return k
}

var idForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// declare notes the ids of one list, and reports those that are missing,
// malformed or used twice.
func declare[T any](k *checker, noun, list string, members []T, id func(T) string) {
	ids := make(map[string]bool, len(members))
	first := map[string]string{}
	for i, member := range members {
		key := fmt.Sprintf("%s[%d].id", list, i)
		name := id(member)
		switch {
		case !idForm.MatchString(name):
			k.report(key, "must be 1 to 63 letters, digits, dots, dashes and underscores")
		case name == Watchdog:
			k.report(key, "%q is Tocsin's own: choose another id", Watchdog)
		case ids[name]:
			at := k.nearest(first[name])
			k.report(key, "there is another %s %q at %s:%d", noun, name, at.file, at.line)
		default:
			ids[name], first[name] = true, key
		}
	}
	k.known[noun] = ids
}

func (k *checker) all() {
	k.settings()
	k.teams()
	k.people()
	k.audiences()
	k.services()
	k.routes()
	k.heartbeats()
	k.schedules()
	k.hours()
	k.webhooks()
	k.escalations()
	k.lastResort()
	k.severities()
}

// refer reports an id that is missing or that nothing has.
func (k *checker) refer(key, noun, id string) {
	if id == "" {
		k.report(key, "must name a %s", strings.TrimPrefix(noun, "escalation "))
		return
	}
	if !k.known[noun][id] {
		k.report(key, "there is no %s %q", noun, id)
	}
}

func (k *checker) referAll(key, noun string, ids []string) {
	for i, id := range ids {
		k.refer(fmt.Sprintf("%s[%d]", key, i), noun, id)
	}
}

func (k *checker) demand(key, value string) {
	if strings.TrimSpace(value) == "" {
		k.report(key, "must be set")
	}
}

// oneOf reports a value that is not among those allowed.
func oneOf[T ~string](k *checker, key string, value T, allowed ...T) {
	if slices.Contains(allowed, value) {
		return
	}
	names := make([]string, len(allowed))
	for i, name := range allowed {
		names[i] = string(name)
	}
	k.report(key, "must be one of %s", strings.Join(names, ", "))
}

func (k *checker) wrong(key string, err error) {
	if err != nil {
		k.report(key, "%s", err)
	}
}

func (k *checker) matchers(key string, texts []string) {
	for i, text := range texts {
		_, err := alerts.ParseMatcher(text)
		k.wrong(fmt.Sprintf("%s[%d]", key, i), err)
	}
}

// An incident carries the changes of its alerts, so that they are bounded; and
// what is urgent is not kept from people for longer than an hour.
const (
	maxFlappingChanges = 20
	maxFlappingWithin  = 24 * time.Hour
	maxFlappingHold    = time.Hour
	// maxPerHour bounds how often a runbook starts by itself.
	maxPerHour = 60
)

func (k *checker) settings() {
	s := k.c.Settings
	k.refer("settings.catch_all", "service", s.CatchAll)
	k.noiseReport(s.NoiseReport.Audience)
	for i, pattern := range s.Redact {
		_, err := regexp.Compile(pattern)
		k.wrong(fmt.Sprintf("settings.redact[%d]", i), err)
	}
	if f := s.Flapping; f.Changes < -1 || f.Changes > maxFlappingChanges {
		k.report("settings.flapping.changes", "must be from 1 to %d, or -1 to switch it off", maxFlappingChanges)
	}
	if s.Flapping.Within > maxFlappingWithin {
		k.report("settings.flapping.within", "must not be longer than %s", FormatDuration(maxFlappingWithin))
	}
	if s.Flapping.Hold > maxFlappingHold {
		k.report("settings.flapping.hold", "must not be longer than %s", FormatDuration(maxFlappingHold))
	}
	if s.Bundle.PagesPerMinute < 0 {
		k.report("settings.bundle.pages_per_minute", "must not be negative")
	}
	if s.Storm.NewKeysPerMinute < 0 {
		k.report("settings.storm.new_keys_per_minute", "must not be negative")
	}
	for label, mapped := range sortedMap(s.AlertSeverities) {
		key := "settings.alert_severities." + label
		if label == "" {
			k.report(key, "must be named by the value of an alert's severity label")
		}
		oneOf(k, key+".urgency", mapped.Urgency, Urgent, Ordinary, NotPaged)
		oneOf(k, key+".severity", cmp.Or(mapped.Severity, DefaultLevel), Levels()...)
	}
	for i, resolution := range s.DoneResolutions {
		k.demand(fmt.Sprintf("settings.done_resolutions[%d]", i), resolution)
	}
}

func (k *checker) teams() {
	for i, t := range k.c.Teams {
		key := fmt.Sprintf("teams[%d]", i)
		k.demand(key+".name", t.Name)
		if len(t.Members) == 0 {
			k.report(key+".members", "must name at least one person")
		}
		k.referAll(key+".members", "person", t.Members)
		k.referAll(key+".leads", "person", t.Leads)
	}
}

func (k *checker) people() {
	for i, p := range k.c.People {
		key := fmt.Sprintf("people[%d]", i)
		k.demand(key+".name", p.Name)
		if p.Zone != "" {
			k.wrong(key+".zone", oncall.CheckZone(p.Zone))
		}
		contacts := k.contacts(key, p.Contacts)
		k.rules(key+".rules.urgent", p.Rules.Urgent, contacts)
		k.rules(key+".rules.ordinary", p.Rules.Ordinary, contacts)
		if e, ok := errors.AsType[*WrongError](p.Rules.CheckQuiet()); ok {
			k.report(key+".rules."+e.Field, "%s", e.Message)
		}
	}
}

func (k *checker) contacts(key string, methods []ContactMethod) map[string]bool {
	ids := make(map[string]bool, len(methods))
	for i, m := range methods {
		at := fmt.Sprintf("%s.contacts[%d]", key, i)
		if !idForm.MatchString(m.ID) {
			k.report(at+".id", "must be 1 to 63 letters, digits, dots, dashes and underscores")
		}
		if ids[m.ID] {
			k.report(at+".id", "this person has another contact method %q", m.ID)
		}
		ids[m.ID] = true
		kind, ok := contactKind(m.Kind)
		if !ok {
			oneOf(k, at+".kind", m.Kind, ContactKindNames()...)
			continue
		}
		k.wrong(at+".address", kind.Check(m.Address))
	}
	return ids
}

func (k *checker) rules(key string, rules []Rule, contacts map[string]bool) {
	for i, rule := range rules {
		if !contacts[rule.Contact] {
			k.report(fmt.Sprintf("%s[%d].contact", key, i), "this person has no contact method %q", rule.Contact)
		}
	}
}

// noiseReport looks at who is mailed: the report names services and rules.
func (k *checker) noiseReport(audience string) {
	const key = "settings.noise_report.audience"
	if audience == "" {
		return
	}
	k.refer(key, "audience", audience)
	if slices.ContainsFunc(k.c.Audiences, func(a Audience) bool { return a.ID == audience && a.External }) {
		k.report(key, "must not be external: the report names what is broken inside")
	}
}

func (k *checker) audiences() {
	for i, a := range k.c.Audiences {
		k.wrong(fmt.Sprintf("audiences[%d].address", i), checkMail(a.Address))
	}
}

func (k *checker) webhooks() {
	for i, w := range k.c.Webhooks {
		k.wrong(fmt.Sprintf("webhooks[%d].address", i), checkURL(w.Address))
	}
}

func (k *checker) services() {
	for i, s := range k.c.Services {
		key := fmt.Sprintf("services[%d]", i)
		k.demand(key+".name", s.Name)
		k.refer(key+".team", "team", s.Team)
		k.refer(key+".escalation", "escalation policy", s.Escalation)
		k.matchers(key+".match", s.Match)
		for j, label := range s.GroupBy {
			k.demand(fmt.Sprintf("%s.group_by[%d]", key, j), label)
		}
		for j, link := range s.Dashboards {
			k.demand(fmt.Sprintf("%s.dashboards[%d].title", key, j), link.Title)
			k.wrong(fmt.Sprintf("%s.dashboards[%d].url", key, j), checkURL(link.URL))
		}
		for j, use := range s.Runbooks {
			k.demand(fmt.Sprintf("%s.runbooks[%d].name", key, j), use.Name)
			k.matchers(fmt.Sprintf("%s.runbooks[%d].match", key, j), use.Match)
			if use.Auto != nil && (use.Auto.PerHour < 0 || use.Auto.PerHour > maxPerHour) {
				k.report(fmt.Sprintf("%s.runbooks[%d].auto.per_hour", key, j), "must be from 1 to %d", maxPerHour)
			}
		}
		k.referAll(key+".depends_on", "service", s.DependsOn)
		if i := slices.Index(s.DependsOn, s.ID); i >= 0 {
			k.report(fmt.Sprintf("%s.depends_on[%d]", key, i), "a service does not depend on itself")
		}
		k.changes(key+".changes", s.Changes)
	}
}

var (
	repositoryForm = regexp.MustCompile(`^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$`)
	deploymentForm = regexp.MustCompile(`^[A-Za-z0-9._-]+/[a-z0-9-]+/[a-z0-9.-]+$`)
)

func (k *checker) changes(key string, c Changes) {
	for i, name := range c.Repositories {
		if !repositoryForm.MatchString(name) {
			k.report(fmt.Sprintf("%s.repositories[%d]", key, i), `must be an owner and a name, as in "acme/payments"`)
		}
	}
	for i, name := range c.Environments {
		if strings.TrimSpace(name) == "" {
			k.report(fmt.Sprintf("%s.environments[%d]", key, i), "must be the name of an environment on GitHub")
		}
	}
	if len(c.Environments) > 0 && len(c.Repositories) == 0 {
		k.report(key+".environments", "name the repositories that are deployed there")
	}
	for i, name := range c.Deployments {
		if !deploymentForm.MatchString(name) {
			k.report(fmt.Sprintf("%s.deployments[%d]", key, i), `must be a cluster, a namespace and a name, as in "main/shop/payments"`)
		}
	}
	if c.Undo.Runbook == "" && len(c.Undo.Params) > 0 {
		k.report(key+".undo.params", "name the runbook that takes them")
	}
	if chars := RunParamChars(c.Undo.Params); chars > MaxRunParams {
		k.report(key+".undo.params", "%d characters are more than %d", chars, MaxRunParams)
	}
}
