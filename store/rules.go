package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// PersonalRules are the rules that a person set, with who did so and when.
type PersonalRules struct {
	Person string
	Rules  catalog.Rules
	Made   time.Time
	By     string
}

type rulesRow struct {
	Person string `db:"person"`
	Rules  string `db:"rules"`
	Made   stamp  `db:"made_at"`
	By     string `db:"made_by"`
}

// SetRules replaces the rules that a person set.
func (s *Store) SetRules(ctx context.Context, r PersonalRules) error {
	text, err := json.Marshal(r.Rules)
	if err != nil {
		return err
	}
	return s.change(ctx, "set personal rules", func(tx *sqlx.Tx) error {
		_, err := tx.NamedExecContext(ctx, `
			INSERT INTO personal_rules (person, rules, made_at, made_by) VALUES (:person, :rules, :made_at, :made_by)
			ON CONFLICT (person) DO UPDATE SET
				rules = excluded.rules, made_at = excluded.made_at, made_by = excluded.made_by`,
			rulesRow{Person: r.Person, Rules: string(text), Made: stampOf(r.Made), By: r.By})
		return err
	})
}

// ClearRules puts the declared rules of a person in force again, and is
// NotFound when they are.
func (s *Store) ClearRules(ctx context.Context, person string) error {
	return s.change(ctx, "clear personal rules", func(tx *sqlx.Tx) error {
		result, err := tx.ExecContext(ctx, tx.Rebind(`DELETE FROM personal_rules WHERE person = ?`), person)
		return changed(result, err, incident.Errorf(incident.NotFound, "%s has set no rules", person))
	})
}

// Rules returns the rules that a person set, or NotFound.
func (s *Store) Rules(ctx context.Context, person string) (PersonalRules, error) {
	row, err := get[rulesRow](ctx, s, `SELECT person, rules, made_at, made_by FROM personal_rules WHERE person = $1`, person)
	if err != nil {
		return PersonalRules{}, failed(err, "read the rules of "+person)
	}
	rules, ok := unpack[catalog.Rules](row.Rules, "personal_rules", person)
	if !ok {
		return PersonalRules{}, incident.Errorf(incident.NotFound, "the rules of %s cannot be read: set them anew", person)
	}
	return PersonalRules{Person: row.Person, Rules: rules, Made: row.Made.Time(), By: row.By}, nil
}

func (s *Store) readRules(ctx context.Context, o *catalog.Overlay) error {
	rows, err := list[rulesRow](ctx, s, `SELECT person, rules, made_at, made_by FROM personal_rules`)
	for _, row := range rows {
		if rules, ok := unpack[catalog.Rules](row.Rules, "personal_rules", row.Person); ok {
			o.Rules = append(o.Rules, catalog.OwnRules{Person: row.Person, Rules: rules})
		}
	}
	return failed(err, "read personal rules")
}
