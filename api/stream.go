package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/incident"
)

// heartbeat is how often a silent stream shows that it lives.
const heartbeat = 15 * time.Second

// stream opens a stream, unless too many are open. What goes wrong before the
// first answer of the store is a problem; later the stream waits.
func (s *server) stream(ctx context.Context, n news) (*eventStream, error) {
	select {
	case s.streams <- struct{}{}:
		s.metrics.streams.Inc()
	default:
		return nil, incident.Errorf(incident.Unavailable, "too many live streams are open")
	}
	first, err := n(ctx)
	if err != nil {
		s.leave()
		return nil, err
	}
	return &eventStream{server: s, ctx: ctx, first: first, news: n}, nil
}

func (s *server) leave() {
	<-s.streams
	s.metrics.streams.Dec()
}

// eventStream writes events until the reader leaves.
type eventStream struct {
	server *server
	ctx    context.Context
	first  []event
	news   news
}

// VisitStreamIncidentResponse writes the stream.
func (e *eventStream) VisitStreamIncidentResponse(w http.ResponseWriter) error { return e.write(w) }

// VisitStreamEventsResponse writes the stream.
func (e *eventStream) VisitStreamEventsResponse(w http.ResponseWriter) error { return e.write(w) }

func (e *eventStream) write(w http.ResponseWriter) error {
	defer e.server.leave()
	control := http.NewResponseController(w)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	poll := time.NewTicker(e.server.Poll)
	defer poll.Stop()
	spoke := time.Now()
	text := "retry: 2000\n\n" + wire(e.first)
	for {
		if text == "" && time.Since(spoke) >= heartbeat {
			text = ": still here\n\n"
		}
		if text != "" {
			// Time to write is counted anew: a stream lasts, a stuck reader does not.
			_ = control.SetWriteDeadline(time.Now().Add(heartbeat))
			if _, err := w.Write([]byte(text)); err != nil {
				return nil //nolint:nilerr // the reader left
			}
			if err := control.Flush(); err != nil {
				return nil //nolint:nilerr // the reader left
			}
			spoke = time.Now()
		}
		select {
		case <-e.ctx.Done():
			return nil
		case <-stopping(e.ctx):
			return nil
		case <-poll.C:
		}
		if e.server.ended(e.ctx, callerOf(e.ctx).identity) {
			return nil
		}
		text = e.next()
	}
}

// next asks for news. While the store is away there are none.
func (e *eventStream) next() string {
	ctx, cancel := context.WithTimeout(e.ctx, patience)
	defer cancel()
	events, err := e.news(ctx)
	if err != nil {
		if e.ctx.Err() == nil {
			e.server.Log.Warn("a live stream cannot read the store", "error", err)
		}
		return ""
	}
	return wire(events)
}

// wire writes events in the form of the protocol. JSON has no line breaks.
func wire(events []event) string {
	var b strings.Builder
	for _, e := range events {
		data, err := json.Marshal(e.data)
		if err != nil {
			continue // facts of our own always encode
		}
		if e.id != "" {
			fmt.Fprintf(&b, "id: %s\n", e.id)
		}
		fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", e.name, data)
	}
	return b.String()
}
