package api

import (
	"context"
	"fmt"
	"math/rand/v2"

	"golang.org/x/sync/errgroup"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/incident/acklink"
)

const (
	// acksAtOnce bounds how many incidents one link acknowledges at a time.
	acksAtOnce = 32
	// acksWithin bounds how long that takes, so that what is left can be told
	// within the patience of the request.
	acksWithin = patience / 2
)

// acknowledgeAlso acknowledges the other incidents of a page that was sent for
// several, and says in words what came of it. Each is one command, however
// often the link is used. They come in any order: when the time is up before all
// had their turn, pressing again reaches others.
func (s *server) acknowledgeAlso(ctx context.Context, claims acklink.Claims) string {
	if len(claims.Also) == 0 {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, acksWithin)
	defer cancel()
	failed := make([]error, len(claims.Also))
	var group errgroup.Group
	group.SetLimit(acksAtOnce)
	for _, n := range rand.Perm(len(claims.Also)) {
		group.Go(func() error {
			if failed[n] = ctx.Err(); failed[n] == nil {
				failed[n] = s.acknowledgeOne(ctx, claims, claims.Also[n])
			}
			return nil // the others go on
		})
	}
	_ = group.Wait() // nothing above returns an error
	taken, over, open := 0, 0, 0
	var last error
	for _, err := range failed {
		kind := incident.KindOf(err)
		switch {
		case err == nil:
			taken++
		case kind == incident.Refused, kind == incident.Gone, kind == incident.NotFound:
			over++
		default:
			open, last = open+1, err
		}
	}
	said := fmt.Sprintf(" Of %d more, %d are acknowledged", len(claims.Also), taken)
	if over > 0 {
		said += fmt.Sprintf(", %d are over", over)
	}
	if open > 0 {
		s.Log.Warn("incidents of a bundle are not known to be acknowledged", "incidents", open, "of", len(claims.Also), "error", last)
		said += fmt.Sprintf(", and of %d it is not known: press again", open)
	}
	return said + "."
}

func (s *server) acknowledgeOne(ctx context.Context, claims acklink.Claims, number string) error {
	h := incident.Header{By: incident.Person(claims.Person), Via: incident.ViaLink}
	o := order{number: number, name: incident.AcknowledgeCommand, args: incident.Acknowledge{}}
	h.ID = commandID(byLink, h.By, o.name, claims.Page+" "+number)
	_, err := s.send(ctx, o, h, s.glance(ctx, number))
	return err
}
