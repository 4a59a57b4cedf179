package store

import (
	"context"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/alerts"
)

// Claim asks which incident a delivery's alerts about one service and key
// belong to.
type Claim struct {
	Service string
	Team    string
	Key     string
	Title   string
	// StormLimit is how many new keys a minute the service may open; what is
	// beyond joins one storm incident. Zero sets no limit.
	StormLimit int
	Alerts     []alerts.Alert
	// Truncated counts the alerts that the source left out of the delivery.
	Truncated int
	At        time.Time
	// Number is wanted for a new incident; empty takes the next one.
	Number string
	// Lately is for how long before At incidents of the key count that cleared
	// by themselves; zero counts none. Urgent says that one of the alerts is, so
	// that less urgent incidents do not count.
	Lately time.Duration
	Urgent bool
}

// Claimed is the answer to a Claim.
type Claimed struct {
	// Number is empty when the alerts belong to no incident: they are
	// resolved, or came too late.
	Number string
	// New says that this claim took the number.
	New bool
	// Started says that Temporal is known to have accepted the start. What
	// else is wanted of an incident that is neither New nor Started is in
	// WaitingFor.
	Started bool
	// Storm says that it is a storm incident; Key is then incident.StormKey.
	Storm bool
	Key   string
	// Recurs is the latest earlier incident of a New one's service and key.
	Recurs string
	// Cleared counts the latest incidents of a New one's service and key that
	// were opened of late, paged somebody and then cleared by themselves, one
	// after the other.
	Cleared int
	// News are the alerts that say something new, resolved ones first. Alerts
	// beyond the fifty that fire at once in an incident are only counted, so
	// that News holds at most 150.
	News []alerts.Alert
	// More is how many alerts of the incident fire beyond those that were
	// ever among News, as of now. It changes at each claim, but is wanted
	// only when it is a power of two away from what was said before.
	More int
	// Outbox is the row by which News and More are wanted until it is
	// accepted; 0 when there is nothing to say.
	Outbox int64
}

// Claim finds or opens the incident of each claim, notes what its alerts say,
// and marks as wanted what the incidents must hear, in one short transaction
// (one for each thousand). The answers are in the order of the claims. Whoever claims the
// same service and key, in whatever process, gets the same number.
func (s *Store) Claim(ctx context.Context, claims []Claim) ([]Claimed, error) {
	out := make([]Claimed, 0, len(claims))
	for part := range slices.Chunk(claims, claimsAtOnce) {
		var answers []Claimed
		err := s.write(ctx, "claim", func(tx *sqlx.Tx) error {
			d, err := loadDesk(ctx, tx, part)
			if err != nil {
				return err
			}
			answers = answers[:0]
			for _, c := range part {
				answers = append(answers, d.claim(c))
			}
			return d.save(ctx, tx)
		})
		if err != nil {
			return nil, err
		}
		out = append(out, answers...)
	}
	return out, nil
}

// Note keeps what alerts say that page nobody: each belongs to no incident,
// and Alerts lists them under no number. An alert that an open incident knows
// is left as that incident knows it.
func (s *Store) Note(ctx context.Context, claims []Claim) error {
	for part := range slices.Chunk(claims, claimsAtOnce) {
		err := s.write(ctx, "note alerts", func(tx *sqlx.Tx) error {
			d := newDesk()
			if err := d.load(ctx, tx, part, d.loadHeld, d.loadFacts); err != nil {
				return err
			}
			for _, c := range part {
				for _, a := range c.Alerts {
					d.noteOnly(c, a)
				}
			}
			return d.saveFacts(ctx, tx)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// claimsAtOnce bounds the claims of one transaction: a statement has only so
// many parameters.
const claimsAtOnce = 1000
