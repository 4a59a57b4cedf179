package devserver

import (
	"context"
	"log/slog"
	"os"
	"sync/atomic"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// levelFatal is for what ends the process.
const levelFatal = slog.LevelError + 4

// logger hands the server's log to slog.
type logger struct{ to *slog.Logger }

func (l logger) Debug(msg string, tags ...tag.Tag)  { l.log(slog.LevelDebug, msg, tags) }
func (l logger) Info(msg string, tags ...tag.Tag)   { l.log(slog.LevelInfo, msg, tags) }
func (l logger) Warn(msg string, tags ...tag.Tag)   { l.log(slog.LevelWarn, msg, tags) }
func (l logger) Error(msg string, tags ...tag.Tag)  { l.log(slog.LevelError, msg, tags) }
func (l logger) DPanic(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

func (l logger) Panic(msg string, tags ...tag.Tag) {
	l.log(levelFatal, msg, tags)
	panic("temporal: " + msg)
}

// Fatal ends the process: the server relies on it not to return.
func (l logger) Fatal(msg string, tags ...tag.Tag) {
	l.log(levelFatal, msg, tags)
	os.Exit(1)
}

// With returns a logger that adds tags to all it says.
func (l logger) With(tags ...tag.Tag) log.Logger {
	return logger{slog.New(l.to.Handler().WithAttrs(attributes(tags)))}
}

// SLog lets those parts of the server that log to slog skip the detour.
func (l logger) SLog() *slog.Logger { return l.to }

func (l logger) log(level slog.Level, msg string, tags []tag.Tag) {
	ctx := context.Background() // the server's loggers have none
	if !l.to.Enabled(ctx, level) {
		return // reading a tag's value is not cheap
	}
	l.to.LogAttrs(ctx, level, msg, attributes(tags)...) //nolint:sloglint // the message is the server's
}

func attributes(tags []tag.Tag) []slog.Attr {
	attrs := make([]slog.Attr, len(tags))
	for i, t := range tags {
		attrs[i] = slog.Any(t.Key(), t.Value())
	}
	return attrs
}

// gate lets nothing but the fatal through once it is shut. A server that stops
// complains at length that its own parts, and its clients, are gone.
type gate struct {
	slog.Handler
	shut *atomic.Bool
}

// Enabled reports whether a record of this level passes.
func (g gate) Enabled(ctx context.Context, level slog.Level) bool {
	return (level >= levelFatal || !g.shut.Load()) && g.Handler.Enabled(ctx, level)
}

// Handle drops the warnings that are about nothing: after a pause a schedule has
// one for each time that has gone by, which is thousands after a night, and
// whoever looks at a history gets one about the size of its pages.
func (g gate) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == "Schedule missed catchup window" || r.Message == "GetHistory page size is larger than threshold" {
		return nil
	}
	return g.Handler.Handle(ctx, r)
}

// WithAttrs returns a gate that shuts together with g.
func (g gate) WithAttrs(attrs []slog.Attr) slog.Handler {
	return gate{g.Handler.WithAttrs(attrs), g.shut}
}

// WithGroup returns a gate that shuts together with g.
func (g gate) WithGroup(name string) slog.Handler { return gate{g.Handler.WithGroup(name), g.shut} }
