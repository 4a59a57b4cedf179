package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// hidden is what a field says whose words were redacted.
const hidden = "(redacted)"

// phrase is a field of an incident that repeats words of its timeline, and how
// the kinds begin of the lines that it repeats.
type phrase struct {
	kind string
	text *string
}

// phrases are the fields in which words of the timeline live on.
func phrases(i *incident.Incident) []phrase {
	out := []phrase{
		{"opened", &i.Title},
		{"classified", &i.What},
		{"classified", &i.WhoFixes},
		{"classified", &i.Impact.Users},
		{"cause.hypothesis", &i.Hypothesis},
		{"cause.root", &i.RootCause},
		{"status", &i.Status},
		{"status", &i.NextStep},
		{"resolved", &i.Closing.Fix},
		{"resolved", &i.Closing.Shortcut},
		{"feedback", &i.Feedback.Reason},
	}
	if last := i.Updates.Last; last != nil {
		out = append(out, phrase{"update.posted", &last.What}, phrase{"update.posted", &last.Doing})
	}
	for n := range i.FollowUps {
		out = append(out, phrase{"follow-up.", &i.FollowUps[n].Title}, phrase{"follow-up.", &i.FollowUps[n].Reason})
	}
	for n := range i.Runs {
		out = append(out, phrase{"run.", &i.Runs[n].Outcome})
	}
	for n := range i.Questions {
		out = append(out, phrase{"question", &i.Questions[n].Text}, phrase{"answered", &i.Questions[n].Reason})
	}
	for n := range i.Clocks.Corrected {
		out = append(out, phrase{"stamp.corrected", &i.Clocks.Corrected[n].Reason})
	}
	return out
}

// mark knows the words of a field again without keeping them.
func (p phrase) mark(number string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{number, p.kind, *p.text}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// hide replaces what is marked.
func hide(i *incident.Incident, number, marks string) {
	known := strings.Fields(marks)
	for _, p := range phrases(i) {
		if slices.Contains(known, p.mark(number)) {
			*p.text = hidden
		}
	}
}

// Redact takes the words of a line of the timeline away for ever and leaves a
// mark that says who did it and why. The incident's own fields that say the
// same words lose them too, also when the incident is recorded again with
// them. It is NotFound when there is no such line; a line that is redacted
// already keeps its first mark.
func (s *Store) Redact(ctx context.Context, number string, sequence int, by, reason string) error {
	return s.write(ctx, "redact a line of "+number, func(tx *sqlx.Tx) error {
		// The incident is written first, as Record does: who comes second waits.
		row := redactedRow{Number: number, Updated: stampOf(time.Now())}
		err := tx.GetContext(ctx, &row, `UPDATE incidents SET updated_at = $1 WHERE number = $2 RETURNING number, updated_at, redacted, doc`,
			row.Updated, number)
		if err != nil {
			return err
		}
		var lines []timelineRow
		err = tx.SelectContext(ctx, &lines, `SELECT kind, text, redacted_at FROM timeline WHERE incident = $1 AND sequence = $2`, number, sequence)
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			return incident.Errorf(incident.NotFound, "redact: %s has no line %d", number, sequence)
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE timeline SET text = $1, looked = '', redacted_by = $2, redacted_reason = $3, redacted_at = $4
			WHERE incident = $5 AND sequence = $6 AND redacted_at IS NULL`,
			redactedText(by, reason), by, reason, row.Updated, number, sequence)
		if err != nil {
			return err
		}
		return redactFields(ctx, tx, row, lines)
	})
}

// redactedText stands for words that were redacted.
func redactedText(by, reason string) string {
	return incident.Plain("Redacted by " + by + ": " + reason)
}

// redactedRow is what redacting needs of an incident's row.
type redactedRow struct {
	Number  string `db:"number"`
	Updated stamp  `db:"updated_at"`
	Marks   string `db:"redacted"`
	Title   string `db:"title"`
	Doc     string `db:"doc"`
}

// redactFields marks the fields of an incident that say what lines said, and
// hides what they say.
func redactFields(ctx context.Context, tx *sqlx.Tx, row redactedRow, lines []timelineRow) error {
	i, err := decodeIncident(row.Doc)
	if err != nil {
		return err
	}
	marks := strings.Fields(row.Marks)
	for _, line := range lines {
		for _, p := range phrases(i) {
			if *p.text != "" && strings.HasPrefix(line.Kind, p.kind) && strings.Contains(line.Text, incident.Plain(*p.text)) {
				marks = append(marks, p.mark(row.Number))
			}
		}
	}
	slices.Sort(marks)
	row.Marks = strings.Join(slices.Compact(marks), " ")
	if row.Marks == "" {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `UPDATE incidents SET redacted = $1 WHERE number = $2`, row.Marks, row.Number); err != nil {
		return err
	}
	rows, err := saveHidden(ctx, tx, row)
	if err != nil {
		return err
	}
	for _, f := range rows {
		_, err := tx.NamedExecContext(ctx, `UPDATE follow_ups SET title = :title, doc = :doc WHERE incident = :incident AND id = :id`, plainly(f))
		if err != nil {
			return err
		}
	}
	return nil
}

// hideWords takes marked words out of an incident that was just recorded, and
// returns its follow-ups without them.
func hideWords(ctx context.Context, tx *sqlx.Tx, b activities.Batch, marks string) ([]followUpRow, error) {
	doc, err := json.Marshal(b.Incident)
	if err != nil {
		return nil, err
	}
	rows, err := saveHidden(ctx, tx, redactedRow{Number: b.Number, Marks: marks, Doc: string(doc)})
	for n := range rows {
		rows[n].Decided = stampOf(b.Decided)
	}
	return rows, err
}

// saveHidden writes an incident's document without the marked words.
func saveHidden(ctx context.Context, tx *sqlx.Tx, row redactedRow) ([]followUpRow, error) {
	i, err := decodeIncident(row.Doc)
	if err != nil {
		return nil, err
	}
	hide(i, row.Number, row.Marks)
	doc, err := json.Marshal(i)
	if err != nil {
		return nil, err
	}
	row.Title, row.Doc = i.Title, string(doc)
	if _, err := tx.NamedExecContext(ctx, `UPDATE incidents SET title = :title, doc = :doc WHERE number = :number`, plainly(row)); err != nil {
		return nil, err
	}
	return followUpRows(activities.Batch{Number: row.Number, Incident: i})
}
