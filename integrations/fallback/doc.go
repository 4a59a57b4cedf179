// Package fallback lets several providers serve one kind of contact method:
// the next one takes over as soon as one fails, or has not answered within its
// share of the time. A page that the slow one took all the same may arrive
// twice; it is never lost for waiting.
package fallback
