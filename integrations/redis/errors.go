package redis

import (
	"context"
	"errors"
	"strings"

	client "github.com/redis/go-redis/v9"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
)

// failure gives an error its kind. Of what Redis says only the word that begins
// it is repeated: the rest may name addresses, users and keys.
func (s *System) failure(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if _, known := errors.AsType[*incident.Error](err); known {
		return err
	}
	said, ok := errors.AsType[client.Error](err)
	if !ok {
		why := rest.Reason(err)
		if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
			why = "no answer in time"
		}
		return incident.Errorf(incident.Unavailable, "%s cannot be reached: %s", s.config.Name, why)
	}
	word, _, _ := strings.Cut(said.Error(), " ")
	switch word {
	case "NOAUTH", "WRONGPASS", "NOPERM":
		return incident.Errorf(incident.Forbidden, "%s refuses the sign-in or the command (%s), check its username and password_file", s.config.Name, word)
	case "LOADING", "BUSY", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN":
		return incident.Errorf(incident.Unavailable, "%s is not ready (%s)", s.config.Name, word)
	case "READONLY", "MOVED", "ASK", "MISCONF", "OOM":
		return incident.Errorf(incident.Refused, "%s cannot delete now (%s)", s.config.Name, word)
	default:
		return incident.Errorf(incident.Permanent, "%s refuses the command (%.20s)", s.config.Name, word)
	}
}
