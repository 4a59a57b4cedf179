package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// SwapState says what became of a swap.
type SwapState string

// The states of a swap. Expired is what an offer becomes by itself when one of
// its duties begins.
const (
	SwapOffered   SwapState = "offered"
	SwapAccepted  SwapState = "accepted"
	SwapDeclined  SwapState = "declined"
	SwapWithdrawn SwapState = "withdrawn"
	SwapExpired   SwapState = "expired"
)

// Swap is a swap with its story.
type Swap struct {
	oncall.Swap
	State    SwapState
	Made     time.Time
	Answered time.Time
}

// maxOffers bounds the open offers of one person.
const maxOffers = 50

type swapRow struct {
	ID           string `db:"id"`
	Schedule     string `db:"schedule"`
	Giver        string `db:"giver"`
	Taker        string `db:"taker"`
	GiveRotation string `db:"give_rotation"`
	GiveFrom     stamp  `db:"give_from"`
	GiveUntil    stamp  `db:"give_until"`
	TakeRotation string `db:"take_rotation"`
	TakeFrom     stamp  `db:"take_from"`
	TakeUntil    stamp  `db:"take_until"`
	State        string `db:"state"`
	Reason       string `db:"reason"`
	Made         stamp  `db:"made_at"`
	Answered     stamp  `db:"answered_at"`
}

func (r swapRow) swap(now time.Time) Swap {
	out := Swap{
		Swap: oncall.Swap{
			ID: r.ID, Schedule: r.Schedule, Giver: r.Giver, Taker: r.Taker, Reason: r.Reason,
			Give: oncall.Span{Rotation: r.GiveRotation, From: r.GiveFrom.Time(), Until: r.GiveUntil.Time()},
			Take: oncall.Span{Rotation: r.TakeRotation, From: r.TakeFrom.Time(), Until: r.TakeUntil.Time()},
		},
		State: SwapState(r.State), Made: r.Made.Time(), Answered: r.Answered.Time(),
	}
	if out.State == SwapOffered && !now.Before(out.Begins()) {
		out.State = SwapExpired
	}
	return out
}

const swapColumns = `id, schedule, giver, taker, give_rotation, give_from, give_until, take_rotation, take_from, take_until,
	state, reason, made_at, answered_at`

// OfferSwap keeps a swap, and what its taker is to be told. It is Refused when
// its giver has too many open offers.
func (s *Store) OfferSwap(ctx context.Context, w Swap, tell ...activities.DutyNotice) error {
	return s.write(ctx, "offer a swap", func(tx *sqlx.Tx) error {
		var open int
		err := tx.GetContext(ctx, &open, tx.Rebind(
			`SELECT COUNT(*) FROM swaps WHERE giver = ? AND state = ? AND give_from > ?`), w.Giver, SwapOffered, stampOf(w.Made))
		if err != nil {
			return err
		}
		if open >= maxOffers {
			return incident.Errorf(incident.Refused, "%s has %d open offers: withdraw one first", w.Giver, open)
		}
		_, err = tx.NamedExecContext(ctx, `
			INSERT INTO swaps (`+swapColumns+`)
			VALUES (:id, :schedule, :giver, :taker, :give_rotation, :give_from, :give_until, :take_rotation, :take_from,
				:take_until, :state, :reason, :made_at, :answered_at)`, swapRow{
			ID: w.ID, Schedule: w.Schedule, Giver: w.Giver, Taker: w.Taker, Reason: w.Reason,
			GiveRotation: w.Give.Rotation, GiveFrom: stampOf(w.Give.From), GiveUntil: stampOf(w.Give.Until),
			TakeRotation: w.Take.Rotation, TakeFrom: stampOf(w.Take.From), TakeUntil: stampOf(w.Take.Until),
			State: string(SwapOffered), Made: stampOf(w.Made),
		})
		if err != nil {
			return err
		}
		return addNotices(ctx, tx, tell...)
	})
}

// Swap returns one swap as it stands now, or NotFound.
func (s *Store) Swap(ctx context.Context, id string, now time.Time) (Swap, error) {
	row, err := get[swapRow](ctx, s, `SELECT `+swapColumns+` FROM swaps WHERE id = $1`, id)
	return row.swap(now), failed(err, "read swap "+id)
}

// AcceptSwap makes the overrides of a swap, and keeps what its giver is to be
// told, all or nothing. It is Refused when the swap is no open offer any more,
// or when part of a duty in it was given to somebody else since it was offered.
func (s *Store) AcceptSwap(ctx context.Context, w Swap, overrides []Override, tell ...activities.DutyNotice) error {
	return s.change(ctx, "accept a swap", func(tx *sqlx.Tx) error {
		// Of two that give the same duty away, one comes second.
		if err := alone(ctx, tx); err != nil {
			return err
		}
		if err := stillTheirs(ctx, tx, w, overrides); err != nil {
			return err
		}
		if err := answerSwap(ctx, tx, w, SwapAccepted); err != nil {
			return err
		}
		if err := addOverrides(ctx, tx, overrides...); err != nil {
			return err
		}
		return addNotices(ctx, tx, tell...)
	})
}

// EndSwap declines or withdraws a swap, and keeps what the other person is to
// be told. It is Refused when the swap is no open offer any more.
func (s *Store) EndSwap(ctx context.Context, w Swap, state SwapState, tell ...activities.DutyNotice) error {
	return s.write(ctx, "end a swap", func(tx *sqlx.Tx) error {
		if err := answerSwap(ctx, tx, w, state); err != nil {
			return err
		}
		return addNotices(ctx, tx, tell...)
	})
}

// stillTheirs refuses a swap when somebody else was made to come where one of
// the two gives. What was so when it was offered was looked at then.
func stillTheirs(ctx context.Context, tx *sqlx.Tx, w Swap, overrides []Override) error {
	for _, o := range overrides {
		var given int
		err := tx.GetContext(ctx, &given, tx.Rebind(`
			SELECT COUNT(*) FROM overrides WHERE schedule = ? AND rotation = ? AND from_at < ? AND until_at > ? AND made_at >= ?
				AND removed_at IS NULL AND kind <> ? AND of_person IN (?, '') AND person <> ?`),
			o.Schedule, o.Rotation, stampOf(o.Until), stampOf(o.From), stampOf(w.Made), string(oncall.Add), o.Of, o.Of)
		if err != nil {
			return err
		}
		if given > 0 {
			return incident.Errorf(incident.Refused, "swap %s does not fit any more: %s has given that duty away, or was replaced", w.ID, o.Of)
		}
	}
	return nil
}

func answerSwap(ctx context.Context, tx *sqlx.Tx, w Swap, state SwapState) error {
	result, err := tx.ExecContext(ctx, tx.Rebind(
		`UPDATE swaps SET state = ?, answered_at = ? WHERE id = ? AND state = ? AND give_from > ? AND take_from > ?`),
		state, stampOf(w.Answered), w.ID, SwapOffered, stampOf(w.Answered), stampOf(w.Answered))
	return changed(result, err, incident.Errorf(incident.Refused, "swap %s is no open offer any more", w.ID))
}

// SwapFilter narrows Swaps; what is empty does not narrow.
type SwapFilter struct {
	Schedule string
	// Person gives or takes.
	Person string
	// Open leaves out what was answered, or has expired at Now.
	Open bool
	Now  time.Time
	// After is the cursor that the last page of the list ended with.
	After string
	// Limit is within 1..200; zero means 50.
	Limit int
}

// Swaps lists swaps, the newest first, and the cursor of what comes next,
// which is empty at the end. A cursor that was not made here is Invalid.
func (s *Store) Swaps(ctx context.Context, f SwapFilter) ([]Swap, string, error) {
	var c condition
	c.equal("schedule", f.Schedule)
	if f.Person != "" {
		c.and("(giver = ? OR taker = ?)", f.Person, f.Person)
	}
	if f.Open {
		c.and("state = ? AND give_from > ? AND take_from > ?", SwapOffered, stampOf(f.Now), stampOf(f.Now))
	}
	if err := c.before("made_at", "id", f.After); err != nil {
		return nil, "", err
	}
	rows, next, err := part[swapRow]{
		what: "list swaps", args: c.args, limit: f.Limit, cursor: func(r swapRow) string { return timeCursor(r.Made, r.ID) },
		query: `SELECT ` + swapColumns + ` FROM swaps` + c.where() + ` ORDER BY made_at DESC, id DESC`,
	}.read(ctx, s)
	return each(rows, func(r swapRow) Swap { return r.swap(f.Now) }), next, err
}
