package activities

import (
	"context"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/redact"
	"github.com/tocsinhq/tocsin/systems"
)

// SQLSystem is a database. Its errors are of kind Unavailable when nobody knows
// whether a statement took effect; after any other kind nothing was changed.
type SQLSystem interface {
	// Plan says which statement would be made, without making it.
	Plan(r systems.SQLRequest) (systems.SQLPlan, error)
	// Query makes a statement that only reads.
	Query(ctx context.Context, r systems.SQLRequest) (systems.SQLRows, error)
	// Change makes one that changes something, provided that it is what covers
	// identifies; key names the change.
	Change(ctx context.Context, r systems.SQLRequest, covers, key string) (systems.SQLChange, error)
}

// SQL are the activities that make statements in databases, by name.
type SQL struct{ Systems map[string]SQLSystem }

// SQLOrder is one statement in a named database.
type SQLOrder struct {
	System  string             `json:"system"`
	Request systems.SQLRequest `json:"request"`
	// Covers identifies the plan that was approved, Key the change.
	Covers string `json:"covers,omitempty"`
	Key    string `json:"key,omitempty"`
}

// PlanSQL says which statement would be made.
func (a *SQL) PlanSQL(_ context.Context, o SQLOrder) (systems.SQLPlan, error) {
	s, err := a.system(o.System)
	if err != nil {
		return systems.SQLPlan{}, Fail(err)
	}
	plan, err := s.Plan(o.Request)
	return plan, Fail(err)
}

// QuerySQL makes a statement that only reads.
func (a *SQL) QuerySQL(ctx context.Context, o SQLOrder) (systems.SQLRows, error) {
	defer beat(ctx)()
	s, err := a.system(o.System)
	if err != nil {
		return systems.SQLRows{}, Fail(err)
	}
	rows, err := s.Query(ctx, o.Request)
	return cleanRows(rows), Fail(cleanError(err))
}

// ChangeSQL makes a statement that changes something, provided that the systems
// file still says what was approved.
func (a *SQL) ChangeSQL(ctx context.Context, o SQLOrder) (systems.SQLChange, error) {
	defer beat(ctx)()
	s, err := a.system(o.System)
	if err == nil && (o.Covers == "" || o.Key == "") {
		err = incident.Errorf(incident.Invalid, "a statement that changes something names its plan and a key")
	}
	var change systems.SQLChange
	if err == nil {
		change, err = s.Change(ctx, o.Request, o.Covers, o.Key)
	}
	return change, Fail(cleanError(AfterOther(ctx, err)))
}

// cleanRows is what a statement brought without what looks like a secret, by
// itself or by the name of its column.
func cleanRows(r systems.SQLRows) systems.SQLRows {
	for _, row := range r.Rows {
		for n, value := range row {
			removed := 0
			row[n], removed = redact.Named(r.Columns[n], value)
			r.Removed += removed
		}
	}
	return r
}

func (a *SQL) system(name string) (SQLSystem, error) {
	if a == nil {
		a = &SQL{}
	}
	return systemOf("sql", a.Systems, name)
}
