package jira

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tocsinhq/tocsin/incident"
)

// transition is a way out of a ticket's status.
type transition struct {
	ID     string           `json:"id"`
	Name   string           `json:"name"`
	To     status           `json:"to"`
	Fields map[string]field `json:"fields"`
}

type field struct {
	Name       string          `json:"name"`
	Required   bool            `json:"required"`
	HasDefault bool            `json:"hasDefaultValue"`
	Allowed    json.RawMessage `json:"allowedValues"`
}

type choice struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// finish moves a ticket to done, with this resolution where it is allowed,
// else as Config.Resolution says. A ticket that somebody else finished
// meanwhile is finished.
func (t *Tracker) finish(ctx context.Context, now issue, resolution string) error {
	const doing = "move the ticket to done"
	var answer struct {
		Transitions []transition `json:"transitions"`
	}
	err := t.call(ctx, http.MethodGet, "issue/"+now.ID+"/transitions?expand=transitions.fields", nil, &answer)
	if err != nil {
		return failed(doing, err)
	}
	way, values, err := t.choose(answer.Transitions, resolution)
	if err == nil {
		_, err = t.client.Issue.DoTransitionWithPayloadWithContext(ctx, now.ID, map[string]any{
			"transition": map[string]string{"id": way.ID}, "fields": values,
		})
	}
	if err == nil {
		return nil
	}
	if after, readErr := t.get(ctx, incident.TicketRef{ID: now.ID}, "fields=status"); readErr == nil && after.Fields.Status.isDone() {
		return nil
	}
	return failed(doing, err)
}

// choose returns the first transition to done whose required fields can be
// filled, and the fields to send.
func (t *Tracker) choose(ways []transition, resolution string) (transition, map[string]any, error) {
	var missing []string
	for _, way := range ways {
		if !way.To.isDone() || !t.isWanted(way) {
			continue
		}
		values, lacks := t.fill(way, resolution)
		if len(lacks) == 0 {
			return way, values, nil
		}
		missing = append(missing, lacks...)
	}
	if len(missing) > 0 {
		return transition{}, nil, incident.Errorf(incident.Permanent,
			"the transition needs %s: fill it in by hand, or set TOCSIN_JIRA_RESOLUTION or TOCSIN_JIRA_DONE_TRANSITION",
			strings.Join(missing, ", "))
	}
	return transition{}, nil, incident.Errorf(incident.Permanent,
		"no transition leads from its status to done: move it by hand, or set TOCSIN_JIRA_DONE_TRANSITION")
}

func (t *Tracker) isWanted(way transition) bool {
	name := t.config.DoneTransition
	return name == "" || strings.EqualFold(way.Name, name) || strings.EqualFold(way.To.Name, name)
}

// fill returns values for the fields of a transition, and the names of the
// required ones that it has none for.
func (t *Tracker) fill(way transition, resolution string) (values map[string]any, lacks []string) {
	values = map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(way.Fields)) {
		f := way.Fields[key]
		if key == "resolution" {
			if value, ok := t.resolution(f, resolution); ok {
				values[key] = value
				continue
			}
		}
		if f.Required && !f.HasDefault {
			lacks = append(lacks, f.Name)
		}
	}
	return values, lacks
}

// resolution is the preferred one or else the configured one, where it is
// allowed; without a configured one, the first that is allowed where a
// resolution is required.
func (t *Tracker) resolution(f field, preferred string) (map[string]string, bool) {
	var allowed []choice
	if json.Unmarshal(f.Allowed, &allowed) != nil || len(allowed) == 0 {
		return nil, false
	}
	for _, name := range []string{preferred, t.config.Resolution} {
		i := slices.IndexFunc(allowed, func(c choice) bool { return name != "" && strings.EqualFold(c.Name, name) })
		if i >= 0 {
			return map[string]string{"id": allowed[i].ID}, true
		}
	}
	return map[string]string{"id": allowed[0].ID}, f.Required && t.config.Resolution == ""
}
