package intake

import (
	"context"

	"github.com/tocsinhq/tocsin/store"
)

// note keeps what pages nobody. It holds nothing up: a store that is away
// misses it.
func (i *Intake) note(ctx context.Context, quiet []*parcel) {
	if len(quiet) == 0 {
		return
	}
	i.metrics.fate(fateNotPaged, alertsOf(quiet))
	claims := make([]store.Claim, len(quiet))
	for n, p := range quiet {
		claims[n] = p.claim("")
	}
	err := errAway
	if !i.circuit.open(i.now()) {
		_, err = patiently(ctx, i.limits.StorePatience, nothing(func(ctx context.Context) error {
			return i.store.Note(ctx, claims)
		}))
	}
	if err != nil {
		i.log.Warn("alerts that page nobody are not recorded", "alerts", alertsOf(quiet), "error", err)
	}
}
