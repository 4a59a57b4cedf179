package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

const (
	// reconnects is how often in a row a stream may fail to come back.
	reconnects     = 10
	reconnectAfter = 2 * time.Second
)

func watchCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "watch [INCIDENT]",
		Short: "Watch one incident live, or all of them",
		Long: `Watch one incident live, or all of them: what happens from now on, until you
stop it. When the stream breaks, it goes on where it was.`,
		Example: "  tocsin incident watch INC-7\n  tocsin incident watch --json",
		Args:    between(0, 1),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			w := &watcher{call: c, seen: map[string]int{}}
			if len(args) > 0 {
				number, err := numbered(args[0])
				if err != nil {
					return err
				}
				w.number = number
			}
			return w.watch(ctx)
		}),
	}
}

// watcher shows a live stream.
type watcher struct {
	*call
	number string
	clock  clock
	// last is the id of the last event, from which a new stream goes on.
	last string
	// seen is the latest sequence shown of each incident: an entry may come
	// twice.
	seen map[string]int
	// failures in a row.
	failures int
}

// watch shows events until the person has enough, which is no error.
func (w *watcher) watch(ctx context.Context) error {
	w.clock = w.call.clock(ctx)
	for {
		err := w.stream(ctx)
		if ctx.Err() != nil {
			return nil
		}
		problem, told := errors.AsType[*client.Problem](err)
		if told && problem.Status < http.StatusInternalServerError {
			return err
		}
		if w.failures++; w.failures > reconnects {
			return fmt.Errorf("the stream does not come back: %w", err)
		}
		w.tell("tocsin: the stream broke off (%v); connecting again", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(reconnectAfter):
		}
	}
}

// stream shows one stream to its end.
func (w *watcher) stream(ctx context.Context) error {
	response, err := w.open(ctx)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if w.last == "" && w.failures == 0 {
		w.progress("watching; Ctrl-C ends it")
	}
	return client.ReadEvents(response.Body, func(e client.Event) error {
		w.failures = 0
		if e.ID != "" {
			w.last = e.ID
		}
		return w.event(e)
	})
}

func (w *watcher) open(ctx context.Context) (*http.Response, error) {
	if w.number == "" {
		return w.StreamEvents(ctx, &client.StreamEventsParams{LastEventID: w.last})
	}
	return w.StreamIncident(ctx, w.number, &client.StreamIncidentParams{LastEventID: w.last})
}

// event shows what happened; of an incident that changed only its JSON is of
// use, since every change has an entry.
func (w *watcher) event(e client.Event) error {
	if w.session.json {
		w.raw(e.Data)
		return nil
	}
	if e.Name != "entry" {
		return nil
	}
	var news client.EntryEvent
	if err := json.Unmarshal(e.Data, &news); err != nil {
		return fmt.Errorf("read an event: %w", err)
	}
	if news.Entry.Sequence <= w.seen[news.Incident] {
		return nil
	}
	w.seen[news.Incident] = news.Entry.Sequence
	w.say("%s  %s  %s  %s", w.clock.at(news.Entry.Occurred), news.Incident, actorOf(news.Entry), w.clock.in(textOf(news.Entry)))
	return nil
}
