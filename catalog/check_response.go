package catalog

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/tocsinhq/tocsin/oncall"
)

// sortedMap walks a map in the order of its keys, so that problems come in the
// same order each time.
func sortedMap[K cmp.Ordered, V any](m map[K]V) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}

func (k *checker) schedules() {
	for i, s := range k.c.Schedules {
		key := fmt.Sprintf("schedules[%d]", i)
		k.within(key, s.Validate())
		for j, r := range s.Rotations {
			k.participants(fmt.Sprintf("%s.rotations[%d]", key, j), r)
		}
	}
}

func (k *checker) participants(key string, r oncall.Rotation) {
	k.layer(key, r.Layer)
	for i, layer := range r.Layers {
		k.layer(fmt.Sprintf("%s.layers[%d]", key, i), layer)
	}
}

func (k *checker) layer(key string, l oncall.Layer) {
	k.referAll(key+".participants", "person", l.Participants)
	// Left out, the length is one; nobody who writes zero means that.
	if _, written := k.places[key+".length"]; written && l.Length == 0 {
		k.report(key+".length", "must be at least 1")
	}
}

func (k *checker) hours() {
	for i, h := range k.c.AllHours {
		k.within(fmt.Sprintf("hours[%d]", i), h.Validate())
	}
}

func (k *checker) within(key string, problems []oncall.Problem) {
	for _, p := range problems {
		k.report(key+"."+p.Field, "%s", p.Message)
	}
}

// target reports a target that does not exist.
func (k *checker) target(key string, t oncall.Target) {
	k.wrong(key, t.Validate())
	if t.Person != "" {
		k.refer(key+".person", "person", t.Person)
	}
	if t.Team != "" {
		k.refer(key+".team", "team", t.Team)
	}
	if t.Schedule != "" {
		k.schedule(key+".schedule", t.Schedule)
	}
	if t.Rotation != "" {
		k.schedule(key+".rotation", t.Rotation)
	}
	if t.Webhook != "" {
		k.refer(key+".webhook", "webhook", t.Webhook)
	}
}

// schedule reports a schedule, or a rotation of it, that does not exist.
func (k *checker) schedule(key, name string) {
	id, rotation, named := strings.Cut(name, "/")
	k.refer(key, "schedule", id)
	if named && k.known["schedule"][id] && !k.rotations[name] {
		k.report(key, "schedule %q has no rotation %q", id, rotation)
	}
}

// minLastResort is how many people the last resort needs: one can be asleep.
const minLastResort = 2

func (k *checker) lastResort() {
	k.referAll("last_resort", "person", k.c.LastResort)
	different := map[string]bool{}
	for i, id := range k.c.LastResort {
		different[id] = true
		at := slices.IndexFunc(k.c.People, func(p Person) bool { return p.ID == id })
		if at >= 0 && len(k.c.People[at].Contacts) == 0 {
			k.report(fmt.Sprintf("last_resort[%d]", i), "%s has no contact method", id)
		}
	}
	if len(different) < minLastResort {
		k.report("last_resort", "must name at least %d different people: they are paged when nobody else answers", minLastResort)
	}
}

func (k *checker) severities() {
	first := map[Level]int{}
	for i, s := range k.c.Severities {
		key := fmt.Sprintf("severities[%d]", i)
		oneOf(k, key+".level", s.Level, Levels()...)
		if j, again := first[s.Level]; again {
			at := k.nearest(fmt.Sprintf("severities[%d]", j))
			k.report(key+".level", "%s is at %s:%d already", s.Level, at.file, at.line)
		} else {
			first[s.Level] = i
		}
		oneOf(k, key+".urgency", s.Urgency, Urgent, Ordinary, NotPaged)
		if len(s.Criteria) == 0 {
			k.report(key+".criteria", "must hold at least one sentence to tell this severity by")
		}
		k.response(key+".response", s.Response)
		if s.External != nil {
			k.response(key+".response_external", *s.External)
		}
	}
	for _, level := range Levels() {
		if _, ok := first[level]; !ok {
			k.report("severities."+string(level), "is missing: all of SEV1 to SEV5 must be there")
		}
	}
}

func (k *checker) response(key string, r ResponsePolicy) {
	for i, target := range r.Page {
		k.target(fmt.Sprintf("%s.page[%d]", key, i), target)
	}
	k.commander(key+".commander", r.Commander)
	k.updates(key+".updates", r.Updates)
	for i, text := range r.Closing.Confirmations {
		k.demand(fmt.Sprintf("%s.closing.confirmations[%d]", key, i), text)
	}
	for priority := range sortedMap(r.Closing.Due) {
		oneOf(k, fmt.Sprintf("%s.closing.follow_up_due.%s", key, priority), priority, High, Medium, Low)
	}
	k.standings(key+".authority.lower", r.Authority.Lower)
	k.standings(key+".authority.cancel", r.Authority.Cancel)
	k.standings(key+".authority.waive", r.Authority.Waive)
	k.standings(key+".authority.approve", r.Authority.Approve)
}

func (k *checker) commander(key string, c Commander) {
	if c.Required || c.Source != "" {
		oneOf(k, key+".source", c.Source, FirstResponder, Secondary, FromSchedule)
	}
	if c.Source == FromSchedule && c.Schedule == "" {
		k.report(key+".schedule", "must name the schedule of commanders")
	}
	if c.Schedule != "" {
		k.schedule(key+".schedule", c.Schedule)
	}
}

func (k *checker) updates(key string, u Updates) {
	k.referAll(key+".audiences", "audience", u.Audiences)
	if len(u.Audiences) > 0 && u.Every == 0 {
		k.report(key+".every", "must be set: audiences hear at a cadence")
	}
	if u.Remind > 0 && u.Remind >= u.Every {
		k.report(key+".remind", "must be shorter than every")
	}
}

func (k *checker) standings(key string, list []Standing) {
	for i, s := range list {
		oneOf(k, fmt.Sprintf("%s[%d]", key, i), s,
			Anyone, HolderRole, CommanderRole, TeamLead, Administrator, StandingMember)
	}
}
