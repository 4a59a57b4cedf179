package api

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// batch is how much is read of the store at once.
const batch = 200

// StreamIncident follows one incident.
func (s *server) StreamIncident(ctx context.Context, r gen.StreamIncidentRequestObject) (gen.StreamIncidentResponseObject, error) {
	i, err := s.read(ctx, r.Number)
	if err != nil {
		return nil, err
	}
	f := &follower{server: s, number: r.Number, cursor: r.Params.LastEventID, revision: i.Revision}
	if f.cursor == "" {
		if f.cursor, err = s.end(ctx, r.Number); err != nil {
			return nil, err
		}
	}
	return s.stream(ctx, f.news)
}

// StreamEvents follows all incidents.
func (s *server) StreamEvents(ctx context.Context, r gen.StreamEventsRequestObject) (gen.StreamEventsResponseObject, error) {
	w, err := s.watch(ctx, r.Params.LastEventID)
	if err != nil {
		return nil, err
	}
	return s.stream(ctx, w.news)
}

// event is one server-sent event.
type event struct {
	id   string
	name string
	data any
}

// news returns what happened since it was last asked.
type news func(ctx context.Context) ([]event, error)

// end returns the cursor behind the last entry of a timeline.
func (s *server) end(ctx context.Context, number string) (string, error) {
	f := store.TimelineFilter{Limit: batch}
	for {
		entries, next, err := s.Store.Timeline(ctx, number, f)
		if err != nil || len(entries) < batch {
			return next, err
		}
		f.After = next
	}
}

// follower follows one incident. Its cursor is the place in the timeline.
type follower struct {
	server   *server
	number   string
	cursor   string
	revision int
}

func (f *follower) news(ctx context.Context) ([]event, error) {
	i, err := f.server.Store.Incident(ctx, f.number)
	if err != nil {
		return nil, err
	}
	entries, next, err := f.server.Store.Timeline(ctx, f.number, store.TimelineFilter{After: f.cursor, Limit: batch})
	if err != nil {
		return nil, err
	}
	out := make([]event, 0, len(entries)+1)
	for _, e := range entries {
		out = append(out, entryEvent(f.number, e))
	}
	if i.Revision != f.revision {
		f.revision = i.Revision
		out = append(out, event{name: "incident", data: summaryOf(i)})
	}
	f.cursor = next
	// A reader who breaks off within a batch gets all of it again.
	if len(out) > 0 {
		out[len(out)-1].id = next
	}
	return out, nil
}

func entryEvent(number string, e incident.Entry) event {
	return event{name: "entry", data: gen.EntryEvent{Incident: number, Entry: e}}
}

// watcher follows all incidents. The id of its events is a moment and the
// store's cursor of changes: entries that were recorded before the moment are
// known to the reader.
type watcher struct {
	server *server
	since  time.Time
	cursor string
	// places is how far the timeline of each incident was read.
	places map[string]string
}

// overlap allows for entries that reach the store after later ones.
const overlap = 10 * time.Second

func (s *server) watch(ctx context.Context, last string) (*watcher, error) {
	w := &watcher{server: s, since: s.Now(), places: map[string]string{}}
	if last != "" {
		millis, cursor, ok := strings.Cut(last, ".")
		at, err := strconv.ParseInt(millis, 10, 64)
		if !ok || err != nil {
			return nil, &fieldError{field: "Last-Event-ID", message: "was not made here: begin without one"}
		}
		w.since, w.cursor = time.UnixMilli(at).Add(-overlap), cursor
		return w, nil
	}
	var err error
	_, w.cursor, err = s.Store.Changes(ctx, "", batch)
	return w, err
}

func (w *watcher) news(ctx context.Context) ([]event, error) {
	seen := w.server.Now()
	changed, next, err := w.server.Store.Changes(ctx, w.cursor, batch)
	if err != nil {
		return nil, err
	}
	var out []event
	for _, i := range changed {
		entries, err := w.entries(ctx, i.Number)
		if err != nil {
			return nil, err
		}
		out = append(out, entries...)
		out = append(out, event{name: "incident", data: summaryOf(i)})
	}
	w.cursor = next
	if len(out) > 0 {
		out[len(out)-1].id = strconv.FormatInt(seen.UnixMilli(), 10) + "." + next
	}
	return out, nil
}

// entries returns what is new in the timeline of an incident.
func (w *watcher) entries(ctx context.Context, number string) ([]event, error) {
	place, met := w.places[number]
	var out []event
	for {
		entries, next, err := w.server.Store.Timeline(ctx, number, store.TimelineFilter{After: place, Limit: batch})
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if met || !e.Recorded.Before(w.since) {
				out = append(out, entryEvent(number, e))
			}
		}
		place = next
		w.places[number] = place
		if len(entries) < batch {
			return out, nil
		}
	}
}
