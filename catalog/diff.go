package catalog

import (
	"bytes"
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/tocsinhq/tocsin/oncall"
)

// The operations of a Change.
const (
	Added   = "added"
	Removed = "removed"
	Changed = "changed"
)

// Change is one difference between two catalogs.
type Change struct {
	// Op is added, removed or changed.
	Op string `json:"op"`
	// Noun is what differs: settings, team, person, machine, audience,
	// service, route, heartbeat, schedule, hours, webhook, escalation policy, last resort or
	// severity.
	Noun string `json:"noun"`
	// ID is empty for the settings and the last resort, of which there is one,
	// and for a new order of the services or routes.
	ID string `json:"id,omitempty"`
	// Detail names the fields that changed.
	Detail string `json:"detail,omitempty"`
}

// Removes says whether something is there no more: an open incident may still
// use it.
func (c Change) Removes() bool { return c.Op == Removed }

// String returns the change in one line.
func (c Change) String() string {
	line := c.Op + " " + c.Noun
	if c.ID != "" {
		line += " " + c.ID
	}
	if c.Detail != "" {
		line += " (" + c.Detail + ")"
	}
	return line
}

// Diff returns what makes the new catalog differ from the old one, in the
// order of the sections of a catalog, then by id. A nil catalog is an empty
// one.
func Diff(old, new *Catalog) []Change {
	old, new = cmp.Or(old, &Catalog{}), cmp.Or(new, &Catalog{})
	out := diffOne("settings", old.Settings, new.Settings)
	out = append(out, diffList("team", old.Teams, new.Teams, func(t Team) string { return t.ID })...)
	out = append(out, diffList("person", old.People, new.People, func(p Person) string { return p.ID })...)
	out = append(out, diffList("machine", old.Machines, new.Machines, func(m Machine) string { return m.ID })...)
	out = append(out, diffList("audience", old.Audiences, new.Audiences, func(a Audience) string { return a.ID })...)
	out = append(out, diffList("service", old.Services, new.Services, serviceID)...)
	out = append(out, diffOrder("service", old.Services, new.Services, serviceID)...)
	out = append(out, diffList("route", old.Routes, new.Routes, routeName)...)
	out = append(out, diffOrder("route", old.Routes, new.Routes, routeName)...)
	out = append(out, diffList("heartbeat", old.Heartbeats, new.Heartbeats, func(h Heartbeat) string { return h.ID })...)
	out = append(out, diffList("schedule", old.Schedules, new.Schedules,
		func(s oncall.Schedule) string { return s.ID })...)
	out = append(out, diffList("hours", old.AllHours, new.AllHours, func(h oncall.Hours) string { return h.ID })...)
	out = append(out, diffList("webhook", old.Webhooks, new.Webhooks, func(w Webhook) string { return w.ID })...)
	out = append(out, diffList("escalation policy", old.Escalations, new.Escalations,
		func(p oncall.EscalationPolicy) string { return p.ID })...)
	if !same(old.LastResort, new.LastResort) {
		out = append(out, Change{Op: Changed, Noun: "last resort", Detail: strings.Join(new.LastResort, ", ")})
	}
	return append(out, diffList("severity", old.Severities, new.Severities,
		func(s Severity) string { return string(s.Level) })...)
}

func serviceID(s Service) string { return s.ID }

func routeName(r Route) string { return r.Name }

func diffOne[T any](noun string, old, new T) []Change {
	if fields := changedFields(old, new); fields != "" {
		return []Change{{Op: Changed, Noun: noun, Detail: fields}}
	}
	return nil
}

func diffList[T any](noun string, old, new []T, id func(T) string) []Change {
	before, after := byID(old, id), byID(new, id)
	var out []Change
	for key, was := range before {
		is, kept := after[key]
		if !kept {
			out = append(out, Change{Op: Removed, Noun: noun, ID: key})
			continue
		}
		if fields := changedFields(*was, *is); fields != "" {
			out = append(out, Change{Op: Changed, Noun: noun, ID: key, Detail: fields})
		}
	}
	for key := range after {
		if before[key] == nil {
			out = append(out, Change{Op: Added, Noun: noun, ID: key})
		}
	}
	slices.SortFunc(out, func(a, b Change) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// diffOrder tells of services or routes that changed places, since the first
// that matches an alert takes it.
func diffOrder[T any](noun string, old, new []T, id func(T) string) []Change {
	ofOld, ofNew := byID(old, id), byID(new, id)
	if slices.Equal(orderOf(old, ofNew, id), orderOf(new, ofOld, id)) {
		return nil
	}
	return []Change{{Op: Changed, Noun: noun, Detail: "order"}}
}

// orderOf returns the ids of a list that the other one has too.
func orderOf[T any](list []T, other map[string]*T, id func(T) string) []string {
	var out []string
	for _, member := range list {
		if other[id(member)] != nil {
			out = append(out, id(member))
		}
	}
	return out
}

// changedFields returns the YAML names of the fields that differ.
func changedFields[T any](old, new T) string {
	before, after := reflect.ValueOf(old), reflect.ValueOf(new)
	var out []string
	for _, f := range fieldsOf(before.Type()) {
		if !same(before.FieldByIndex(f.index).Interface(), after.FieldByIndex(f.index).Interface()) {
			out = append(out, f.name)
		}
	}
	return strings.Join(out, ", ")
}

// same compares as the store would see it: by JSON, which knows no difference
// between two notations of one zone.
func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && (bytes.Equal(x, y) || empty(x) && empty(y))
}

// empty lists are written in two ways.
func empty(data []byte) bool {
	return string(data) == "null" || string(data) == "[]" || string(data) == "{}"
}
