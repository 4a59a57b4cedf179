package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/lib/pq"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
)

var errRolledBack = errors.New("it was rolled back")

// failure gives an error of the database its kind. What the database says is
// repeated without its details, which may quote rows; what names addresses or
// users is not repeated.
func (s *System) failure(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if _, known := errors.AsType[*incident.Error](err); known {
		return err
	}
	if failed, ok := errors.AsType[*pq.Error](err); ok {
		return s.said(failed)
	}
	why := rest.Reason(err)
	switch {
	case errors.Is(err, errTooMuch):
		return incident.Errorf(incident.Permanent, "%s answered more than %d MiB", s.config.Name, maxAnswer>>20)
	case errors.Is(err, errRolledBack):
		return incident.Errorf(incident.Permanent, "%s rolled it back", s.config.Name)
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded):
		why = "no answer in time"
	case errors.Is(err, pq.ErrSSLNotSupported):
		why = "it does not speak TLS"
	}
	return incident.Errorf(incident.Unavailable, "%s cannot be reached: %s", s.config.Name, why)
}

func (s *System) said(failed *pq.Error) error {
	code := string(failed.Code)
	switch {
	case code == "57014":
		return incident.Errorf(incident.Refused, "it took longer than it may (statement_timeout), and was cancelled")
	case code == "55P03":
		return incident.Errorf(incident.Conflict, "somebody held a lock for longer than its lock_timeout")
	case code == "25006":
		return incident.Errorf(incident.Forbidden, "it would change something, and the systems file does not say so (changes)")
	case strings.HasPrefix(code, "28"):
		return incident.Errorf(incident.Forbidden, "%s refuses the sign-in, check its dsn_file", s.config.Name)
	case code == "3D000":
		return incident.Errorf(incident.NotFound, "%s is not there, check its dsn_file", s.config.Name)
	case code == "42501":
		return incident.Errorf(incident.Forbidden, "%s: %s", s.config.Name, failed.Message)
	case strings.HasPrefix(code, "40"):
		return incident.Errorf(incident.Conflict, "%s: %s (%s)", s.config.Name, failed.Message, code)
	case strings.HasPrefix(code, "08"), strings.HasPrefix(code, "53"), strings.HasPrefix(code, "57"), strings.HasPrefix(code, "58"):
		return incident.Errorf(incident.Unavailable, "%s is not available (%s)", s.config.Name, code)
	default:
		return incident.Errorf(incident.Permanent, "%s: %s (%s)", s.config.Name, failed.Message, code)
	}
}

// unchanged is a failure after which nothing was changed, whatever it was.
func (s *System) unchanged(ctx context.Context, err error) error {
	err = s.failure(ctx, err)
	if incident.KindOf(err) == incident.Unavailable {
		return incident.Errorf(incident.Permanent, "%w; nothing was changed", err)
	}
	return err
}
