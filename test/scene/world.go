package scene

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/sandbox"
)

// The cast of the example catalog, as Cast puts it on call.
const (
	Primary   = "alice"
	Secondary = "bob"
	Commander = "carol"
)

// World is where a scene is played.
type World struct {
	Sandbox *sandbox.Sandbox
	// API is the address of Tocsin.
	API string
	// Tokens are those of people and machines, by id.
	Tokens map[string]string
	// Patience is how long anything may take to be seen.
	Patience time.Duration
	// Say is told what happens; it may be nil.
	Say func(format string, args ...any)
}

func (w *World) say(format string, args ...any) {
	if w.Say != nil {
		w.Say(format, args...)
	}
}

// callPatience is how long a person waits for one answer before trying again.
const callPatience = 10 * time.Second

// As returns the API as one person or machine uses it.
func (w *World) As(who string) (*client.ClientWithResponses, error) {
	c, err := client.New(client.Options{
		Server: w.API, Token: w.Tokens[who], Agent: "tocsin-scene", HTTP: &http.Client{Timeout: callPatience},
	})
	if err != nil {
		return nil, fmt.Errorf("speak to the API as %s: %w", who, err)
	}
	return c, nil
}

// pause lies between two looks, and between two tries.
const pause = 50 * time.Millisecond

// Until looks until something is seen, and returns it.
func Until[T any](ctx context.Context, w *World, what string, look func(context.Context) (T, bool)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, w.Patience)
	defer cancel()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		if seen, ok := look(ctx); ok {
			return seen, nil
		}
		select {
		case <-ctx.Done():
			var none T
			return none, fmt.Errorf("%s was not seen within %s", what, w.Patience)
		case <-tick.C:
		}
	}
}

// Insist gives one command as a person does who gets no answer: again and
// again under the same key, until Tocsin says yes or no.
func (w *World) Insist(ctx context.Context, who, what string, give func(context.Context, *client.ClientWithResponses, string) error) error {
	c, err := w.As(who)
	if err != nil {
		return err
	}
	key := uuid.NewString()
	var last error
	_, err = Until(ctx, w, what+" by "+who, func(ctx context.Context) (struct{}, bool) {
		last = give(ctx, c, key)
		return struct{}{}, last == nil || answered(last)
	})
	if err != nil {
		return errors.Join(err, last)
	}
	if last != nil {
		return fmt.Errorf("%s by %s: %w", what, who, last)
	}
	w.say("%s: %s", who, what)
	return nil
}

// answered reports whether an error is Tocsin's own no, and not a failure.
func answered(err error) bool {
	problem, ok := errors.AsType[*client.Problem](err)
	return ok && problem.Status < http.StatusInternalServerError && problem.Status != http.StatusTooManyRequests
}
