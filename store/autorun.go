package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// AdmitRun reports whether a runbook may start by itself, and notes that it
// does. It answers alike when it is asked again for the same incident.
func (s *Store) AdmitRun(ctx context.Context, a activities.AutoRun) (admitted bool, err error) {
	var yes bool
	err = s.write(ctx, "admit a run of "+a.Runbook, func(tx *sqlx.Tx) error {
		yes, err = admit(ctx, tx, a)
		return err
	})
	if err != nil {
		return false, err // yes may still be written
	}
	return yes, nil
}

func admit(ctx context.Context, tx *sqlx.Tx, a activities.AutoRun) (bool, error) {
	// Whoever comes second waits here.
	_, err := tx.ExecContext(ctx, tx.Rebind(`
		INSERT INTO auto_gates (service, runbook, at) VALUES (?, ?, ?) ON CONFLICT (service, runbook) DO UPDATE SET at = excluded.at`),
		a.Service, a.Runbook, stampOf(a.At))
	if err != nil {
		return false, err
	}
	var known, before int
	err = tx.GetContext(ctx, &known, tx.Rebind(`SELECT COUNT(*) FROM auto_runs WHERE incident = ? AND runbook = ?`), a.Incident, a.Runbook)
	if err != nil || known > 0 {
		return known > 0, err
	}
	err = tx.GetContext(ctx, &before, tx.Rebind(`SELECT COUNT(*) FROM auto_runs WHERE service = ? AND runbook = ? AND at > ?`),
		a.Service, a.Runbook, stampOf(a.At.Add(-a.Within)))
	if err != nil || before >= a.Most {
		return false, err
	}
	if a.Diagnostic {
		if calm, err := calm(ctx, tx, a.At); err != nil || !calm {
			return false, err
		}
	}
	_, err = tx.ExecContext(ctx, tx.Rebind(`INSERT INTO auto_runs (incident, service, runbook, at) VALUES (?, ?, ?, ?)`),
		a.Incident, a.Service, a.Runbook, stampOf(a.At))
	return err == nil, err
}

// calm reports whether there is room for a diagnostic among what starts by itself
// for all services. Those who ask for another one at this moment are not waited
// for: a few more may start.
func calm(ctx context.Context, tx *sqlx.Tx, at time.Time) (bool, error) {
	var before int
	err := tx.GetContext(ctx, &before, tx.Rebind(`SELECT COUNT(*) FROM auto_runs WHERE at > ?`), stampOf(at.Add(-incident.AutoRunsWithin)))
	return before < incident.AutoRunsInAll, err
}
