package api

import (
	"net/http"

	"github.com/google/uuid"
)

// idempotencyKey is the header that makes a command count once.
const idempotencyKey = "Idempotency-Key"

// giveKey gives a command a key if it has none, and tells the caller: without
// it nobody could safely repeat a command whose outcome is unknown.
func giveKey(r *http.Request, w http.ResponseWriter) {
	if r.Header.Get(idempotencyKey) == "" {
		r.Header.Set(idempotencyKey, uuid.NewString())
	}
	w.Header().Set(idempotencyKey, r.Header.Get(idempotencyKey))
}

// notBegun is what callers are told who could not even be let in.
const notBegun = "nothing was done, since something it needs is away: try again"

// adviseWhenAway says what to do when something is away in the middle of an
// operation.
func (op operation) adviseWhenAway() string {
	switch {
	case op.keyed:
		return "nobody knows whether it was done: repeat it with the same Idempotency-Key, which the answer carries"
	case op.raw:
		return "nobody knows whether all of it was taken: send the same again, nothing counts twice"
	case op.route.Method == http.MethodGet:
		return "it cannot be read, since something it needs is away: try again"
	case op.open:
		return "nobody knows whether it was done: do it again, it counts once"
	}
	return "nobody knows whether it was done: look before you do it again"
}
