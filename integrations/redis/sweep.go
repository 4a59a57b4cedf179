package redis

import (
	"context"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/systems"
)

const (
	// page is how many keys Redis looks at in one go.
	page = 1000
	// maxBatch is how many keys are deleted in one go.
	maxBatch = 500
)

// Count says how many keys begin with a prefix, up to the limit and one. Each
// page that was looked through is progress. It changes nothing.
func (s *System) Count(ctx context.Context, prefix string, progress func(keys int)) (systems.RedisCount, error) {
	if err := s.allows(prefix); err != nil {
		return systems.RedisCount{}, err
	}
	out := systems.RedisCount{Limit: s.config.MaxKeys, Rate: s.config.KeysPerSecond, Covers: s.covers()}
	err := s.master(ctx)
	if err == nil {
		var all int64
		all, err = s.client.DBSize(ctx).Result()
		out.Of = int(all)
	}
	seen := map[string]bool{} // a key may come more than once
	for cursor, first := uint64(0), true; err == nil && (first || cursor != 0); first = false {
		var keys []string
		keys, cursor, err = s.scan(ctx, cursor, prefix)
		for _, key := range keys {
			seen[key] = true
		}
		if len(seen) > s.config.MaxKeys {
			out.Keys, out.More = s.config.MaxKeys, true
			return out, nil
		}
		progress(len(seen))
	}
	out.Keys = len(seen)
	return out, s.failure(ctx, err)
}

// scan brings the keys of one page that begin with a prefix.
func (s *System) scan(ctx context.Context, cursor uint64, prefix string) ([]string, uint64, error) {
	keys, next, err := s.client.Scan(ctx, cursor, literal.Replace(prefix)+"*", page).Result()
	if err != nil {
		return nil, 0, err
	}
	fitting := keys[:0]
	for _, key := range keys {
		if strings.HasPrefix(key, prefix) {
			fitting = append(fitting, key)
		}
	}
	return fitting, next, nil
}

// Delete deletes the keys that begin with a prefix, no faster than the file
// says and no more than are asked for. One that was there all the time is
// deleted when it went through the whole; what is left then was set meanwhile.
// It fails with Unavailable once something may have been deleted; after any
// other kind nothing was. Deleting again is safe.
func (s *System) Delete(ctx context.Context, keys systems.RedisKeys, progress func(deleted int)) (systems.RedisSwept, error) {
	if err := s.allows(keys.Prefix); err != nil {
		return systems.RedisSwept{}, err
	}
	if keys.Covers != s.covers() || keys.Most < 1 || keys.Most > s.config.MaxKeys {
		return systems.RedisSwept{}, incident.Errorf(incident.Conflict, "the systems file says something else of %s than when it was planned", s.config.Name)
	}
	w := &sweep{System: s, RedisKeys: keys, progress: progress, began: time.Now()}
	err := s.master(ctx)
	if err == nil {
		err = w.run(ctx)
	}
	return w.done, w.judged(ctx, err)
}

// sweep is one deletion.
type sweep struct {
	*System
	systems.RedisKeys
	progress func(deleted int)
	began    time.Time
	done     systems.RedisSwept
	// sent says that something was sent that deletes.
	sent bool
}

func (w *sweep) run(ctx context.Context) error {
	for cursor, first := uint64(0), true; first || cursor != 0; first = false {
		keys, next, err := w.scan(ctx, cursor, w.Prefix)
		if err != nil {
			return err
		}
		if left, err := w.unlink(ctx, keys); err != nil || left {
			return err
		}
		w.progress(w.done.Deleted)
		cursor = next
	}
	w.done.Whole = true
	return nil
}

// unlink deletes keys batch by batch, and reports whether it left some because
// there are more than are asked for.
func (w *sweep) unlink(ctx context.Context, keys []string) (left bool, err error) {
	for len(keys) > 0 {
		size := min(len(keys), w.Most-w.done.Deleted, max(w.config.KeysPerSecond/10, 1), maxBatch)
		if size == 0 {
			return true, nil
		}
		w.sent = true
		n, err := w.client.Unlink(ctx, keys[:size]...).Result()
		if err != nil {
			return false, err
		}
		w.done.Deleted += int(n)
		w.progress(w.done.Deleted)
		keys = keys[size:]
		if err := w.pace(ctx); err != nil {
			return false, err
		}
	}
	return false, nil
}

// pace waits until as many keys may have been deleted as were.
func (w *sweep) pace(ctx context.Context) error {
	due := w.began.Add(time.Duration(w.done.Deleted) * time.Second / time.Duration(w.config.KeysPerSecond))
	for {
		left := time.Until(due)
		if left <= 0 {
			return nil
		}
		timer := time.NewTimer(min(left, time.Second))
		select {
		case <-timer.C:
			w.progress(w.done.Deleted)
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// judged is a failure, of which is known whether anything was deleted.
func (w *sweep) judged(ctx context.Context, err error) error {
	err = w.failure(ctx, err)
	switch {
	case err == nil:
		return nil
	case w.done.Deleted > 0 || w.sent && incident.KindOf(err) == incident.Unavailable:
		return incident.Errorf(incident.Unavailable, "%w; %d keys or more were deleted before", err, w.done.Deleted)
	case incident.KindOf(err) == incident.Unavailable:
		return incident.Errorf(incident.Permanent, "%w; nothing was deleted", err)
	}
	return err
}

// master fails with Refused for what is no single server that can be written
// to: of a cluster it would go through a part only.
func (s *System) master(ctx context.Context) error {
	said, err := s.client.Do(ctx, "HELLO").Result()
	if err != nil {
		return err
	}
	mode, role := field(said, "mode"), field(said, "role")
	switch {
	case mode != "standalone":
		return incident.Errorf(incident.Refused, "%s is part of a %q: only a single server can be gone through", s.config.Name, mode)
	case role != "master":
		return incident.Errorf(incident.Refused, "%s is a %q: nothing can be deleted there", s.config.Name, role)
	}
	return nil
}

// field is a text of what HELLO answered, which is a map, or a list in the older
// protocol.
func field(said any, name string) string {
	switch said := said.(type) {
	case map[any]any:
		text, _ := said[name].(string)
		return text
	case []any:
		for n := 0; n+1 < len(said); n += 2 {
			if said[n] == name {
				text, _ := said[n+1].(string)
				return text
			}
		}
	}
	return ""
}
