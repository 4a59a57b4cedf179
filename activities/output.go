package activities

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/redact"
)

// Outputs keeps what runs brought to light.
type Outputs interface {
	// KeepOutput keeps an output once an id. It is Refused when the incident has
	// too many.
	KeepOutput(ctx context.Context, number string, o incident.Output) error
}

// MaxOutput is how much of an output is kept, in bytes. It goes through the
// history of its run, since a runbook's worker may have nothing but Temporal.
const MaxOutput = 32 << 10

// Capture asks for an output to be kept.
type Capture struct {
	Incident string `json:"incident"`
	ID       string `json:"id"`
	Run      string `json:"run"`
	Title    string `json:"title"`
	Text     string `json:"text"`
	Bytes    int    `json:"bytes"`
	// Removed is how many secrets were taken out of it before.
	Removed int       `json:"removed,omitempty"`
	At      time.Time `json:"at"`
}

// Captured says what was kept.
type Captured struct {
	Lines   int `json:"lines"`
	Bytes   int `json:"bytes"`
	Removed int `json:"removed,omitempty"`
}

// Capture keeps an output without what looks like a secret. While the patterns
// of the catalog cannot be read it is Unavailable, and nothing is kept.
func (r *Recorder) Capture(ctx context.Context, c Capture) (Captured, error) {
	if r.Outputs == nil {
		return Captured{}, Fail(incident.Errorf(incident.Permanent, "this process keeps no outputs"))
	}
	patterns, err := r.patterns(ctx)
	if err != nil {
		return Captured{}, Fail(err)
	}
	text, removed, _ := redact.Shorten(c.Text, MaxOutput, patterns...)
	title, more := redact.Text(c.Title, patterns...)
	o := incident.Output{
		ID: c.ID, Run: c.Run, Title: title, Body: text, Bytes: cmp.Or(c.Bytes, len(c.Text)), Removed: c.Removed + removed + more, At: c.At,
	}
	if err := r.Outputs.KeepOutput(ctx, c.Incident, o); err != nil {
		return Captured{}, Fail(fmt.Errorf("keep an output: %w", err))
	}
	return Captured{Lines: strings.Count(strings.TrimRight(text, "\n"), "\n") + 1, Bytes: o.Bytes, Removed: o.Removed}, nil
}

// patterns are the installation's own. Without a catalog there are none.
func (r *Recorder) patterns(ctx context.Context) ([]*regexp.Regexp, error) {
	if r.Catalogs == nil {
		return nil, nil
	}
	c, err := r.Catalogs.Current(ctx)
	switch {
	case incident.KindOf(err) == incident.NotFound:
		return nil, nil
	case err != nil:
		slog.Warn("no output is kept: the catalog cannot be read", "error", err)
		return nil, incident.Errorf(incident.Unavailable, "what settings.redact names cannot be read")
	}
	var out []*regexp.Regexp
	for n, text := range c.Settings.Redact {
		p, err := regexp.Compile(text)
		if err != nil { // checked when it was applied
			return nil, incident.Errorf(incident.Permanent, "pattern %d of settings.redact cannot be read", n+1)
		}
		out = append(out, p)
	}
	return out, nil
}

// AutoRun is a runbook that is about to start by itself.
type AutoRun struct {
	Incident string    `json:"incident"`
	Service  string    `json:"service"`
	Runbook  string    `json:"runbook"`
	At       time.Time `json:"at"`
	// Most is how many may start for the service within some time.
	Most   int           `json:"most"`
	Within time.Duration `json:"within"`
	// Diagnostic says that it changes nothing, and leaves room to what does.
	Diagnostic bool `json:"diagnostic,omitempty"`
}

// Gate lets runbooks start by themselves, up to a limit.
type Gate interface {
	// AdmitRun answers alike when it is asked again for the same incident.
	AdmitRun(ctx context.Context, a AutoRun) (admitted bool, err error)
}

// AdmitRun reports whether a runbook may start by itself.
func (r *Recorder) AdmitRun(ctx context.Context, a AutoRun) (bool, error) {
	if r.Gate == nil {
		return false, Fail(incident.Errorf(incident.Permanent, "this process lets no runbook start by itself"))
	}
	admitted, err := r.Gate.AdmitRun(ctx, a)
	if err != nil {
		return false, Fail(fmt.Errorf("admit a run: %w", err))
	}
	return admitted, nil
}
