package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"github.com/tocsinhq/tocsin/systems"
)

// RedisSystem is a Redis. Progress is how far it has come, and is told again
// and again. The errors of Delete are of kind Unavailable once something may
// have been deleted; after any other kind nothing was.
type RedisSystem interface {
	Count(ctx context.Context, prefix string, progress func(keys int)) (systems.RedisCount, error)
	Delete(ctx context.Context, keys systems.RedisKeys, progress func(deleted int)) (systems.RedisSwept, error)
}

// Redis are the activities that count and delete keys, by the name of the Redis.
type Redis struct{ Systems map[string]RedisSystem }

// RedisOrder names keys of a named Redis.
type RedisOrder struct {
	System string            `json:"system"`
	Keys   systems.RedisKeys `json:"keys"`
}

// CountKeys says how many keys begin with a prefix.
func (a *Redis) CountKeys(ctx context.Context, o RedisOrder) (systems.RedisCount, error) {
	s, err := a.system(o.System)
	if err != nil {
		return systems.RedisCount{}, Fail(err)
	}
	count, err := s.Count(ctx, o.Keys.Prefix, progress(ctx))
	return count, Fail(err)
}

// DeleteKeys deletes the keys that begin with a prefix. Its heartbeats say how
// many it has deleted.
func (a *Redis) DeleteKeys(ctx context.Context, o RedisOrder) (systems.RedisSwept, error) {
	s, err := a.system(o.System)
	if err != nil {
		return systems.RedisSwept{}, Fail(err)
	}
	swept, err := s.Delete(ctx, o.Keys, progress(ctx))
	return swept, Fail(err)
}

// progress tells by heartbeats how far an activity has come.
func progress(ctx context.Context) func(n int) {
	if !activity.IsActivity(ctx) {
		return func(int) {}
	}
	return func(n int) { activity.RecordHeartbeat(ctx, n) }
}

func (a *Redis) system(name string) (RedisSystem, error) {
	if a == nil {
		a = &Redis{}
	}
	return systemOf("redis", a.Systems, name)
}
