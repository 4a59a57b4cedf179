package store

import "context"

// patiently returns when call has ended or ctx is over, whichever comes
// first: a driver whose server hangs does not look at its context while it
// waits for an answer. A call that is given up must not touch what its caller
// goes on to use; its connection is closed once the driver gives up too.
func patiently[T any](ctx context.Context, call func() (T, error)) (T, error) {
	if ctx.Done() == nil {
		return call()
	}
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := call()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// get reads one row, or sql.ErrNoRows.
func get[T any](ctx context.Context, s *Store, query string, args ...any) (T, error) {
	return patiently(ctx, func() (T, error) {
		var row T
		err := s.db.GetContext(ctx, &row, query, args...)
		return row, err
	})
}

// list reads all rows of a query with question marks or numbers.
func list[T any](ctx context.Context, s *Store, query string, args ...any) ([]T, error) {
	return patiently(ctx, func() ([]T, error) {
		var rows []T
		err := s.db.SelectContext(ctx, &rows, s.db.Rebind(query), args...)
		return rows, err
	})
}
