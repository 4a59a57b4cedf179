package api

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/api/gen"
)

// probePatience is how long a dependency may take to say that it is there.
const probePatience = 2 * time.Second

// GetHealth says that the process runs.
func (s *server) GetHealth(context.Context, gen.GetHealthRequestObject) (gen.GetHealthResponseObject, error) {
	return gen.GetHealth200JSONResponse{Status: "ok"}, nil
}

// GetReadiness asks every dependency at once.
func (s *server) GetReadiness(ctx context.Context, _ gen.GetReadinessRequestObject) (gen.GetReadinessResponseObject, error) {
	ctx, cancel := context.WithTimeout(ctx, probePatience)
	defer cancel()
	out := gen.Health{Status: "ok", Checks: make([]gen.HealthCheck, len(s.Checks))}
	var wg sync.WaitGroup
	for i, check := range s.Checks {
		wg.Go(func() { out.Checks[i] = s.probe(ctx, check) })
	}
	wg.Wait()
	for i, check := range out.Checks {
		switch {
		case check.Ok:
		case s.Checks[i].Required:
			out.Status = "unready"
		case out.Status == "ok":
			out.Status = "degraded"
		}
	}
	if out.Status == "unready" {
		return gen.GetReadiness503JSONResponse(out), nil
	}
	return gen.GetReadiness200JSONResponse(out), nil
}

// probe asks one dependency. What it answers is logged: health is open, and
// an error may name hosts.
func (s *server) probe(ctx context.Context, c Check) gen.HealthCheck {
	if err := c.Probe(ctx); err != nil {
		s.Log.Warn("a dependency does not answer", "dependency", c.Name, "error", err)
		return gen.HealthCheck{Name: c.Name, Detail: cmp.Or(c.Detail, "does not answer")}
	}
	return gen.HealthCheck{Name: c.Name, Ok: true}
}
