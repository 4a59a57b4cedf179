package runbook

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// Health is what a check found.
type Health string

// The three answers of a check. Unknown is neither of the others: a sample was
// missing, or the samples did not agree.
const (
	Healthy Health = "healthy"
	Worse   Health = "worse"
	Unknown Health = "unknown"
)

// Metric is what a check looks at.
type Metric struct {
	// Query is an instant query that gives one number.
	Query string
	// Below is the limit: a healthy value is below it.
	Below float64
	// Settle is how long the check takes. In its first half the metric is left
	// alone; three samples are spread over the second.
	Settle time.Duration
}

// Check lets a metric settle and says how it is: Healthy when every sample is
// below the limit, Worse when none is, and otherwise Unknown. What it found is
// noted. On a dry run it looks once, without letting it settle, as long as no step
// would have changed anything; afterwards it says what it would query, and takes
// it for healthy, as it does when a person skips it.
func Check(ctx workflow.Context, m Metric) (Health, error) {
	r := of(ctx)
	if err := r.stopped(ctx); err != nil {
		return Unknown, err
	}
	if skip, err := r.mayGoOn(ctx); skip != nil || err != nil {
		return Healthy, r.skipped(ctx, skip, "the check of the metric, which counts as healthy", err)
	}
	pauses := []time.Duration{m.Settle / 2, m.Settle / 4, m.Settle / 4}
	if r.pretended {
		r.note(ctx, "would query, three times within %s: %s; healthy below %s", catalog.FormatDuration(m.Settle), m.Query, number(m.Below))
		return Healthy, r.stopped(ctx)
	} else if r.in.DryRun {
		pauses = []time.Duration{0}
	}
	w := r.begin()
	defer r.finish(w)
	var good, bad int
	var seen []string
	for _, pause := range pauses {
		skip, err := r.idle(ctx, w, pause, "let the metric settle")
		if skip != nil || err != nil {
			return Healthy, r.skipped(ctx, skip, "the check of the metric, which counts as healthy", err)
		}
		value, found, err := sample(ctx, m.Query)
		switch {
		case err != nil:
			return Unknown, r.unless(ctx, err)
		case !found:
			seen = append(seen, "no data")
			continue
		case value < m.Below:
			good++
		default:
			bad++
		}
		seen = append(seen, number(value))
	}
	if w.skip != nil {
		return Healthy, r.skipped(ctx, w.skip, "the check of the metric, which counts as healthy", nil)
	}
	health := judge(good, bad, len(seen))
	r.note(ctx, "checked the metric: %s (%s; healthy below %s)", health, strings.Join(seen, ", "), number(m.Below))
	return health, r.over(ctx)
}

func judge(good, bad, samples int) Health {
	switch samples {
	case good:
		return Healthy
	case bad:
		return Worse
	default:
		return Unknown
	}
}

// sample reads the metric once. A source that does not answer is no data; only
// a cancellation is an error.
func sample(ctx workflow.Context, query string) (value float64, found bool, err error) {
	var a *activities.Runbooks
	var m incident.Measurement
	err = workflow.ExecuteActivity(ours(reading(ctx, Quick, "read the metric")), a.Measure, activities.MetricQuery{Query: query}).Get(ctx, &m)
	if temporal.IsCanceledError(err) {
		return 0, false, err
	}
	if err != nil {
		workflow.GetLogger(ctx).Warn("the metric cannot be read", "error", err)
		return 0, false, nil
	}
	return m.Value, m.Found, nil
}

// ValueOf is what an instant query gives now: a number, or "no data".
func ValueOf(query string) Reading { return valueOf(query) }

type valueOf string

func (q valueOf) String() string { return "the value of " + quoted(string(q)) }

func (q valueOf) Read(ctx workflow.Context) (string, error) {
	var a *activities.Runbooks
	var m incident.Measurement
	err := workflow.ExecuteActivity(ours(ctx), a.Measure, activities.MetricQuery{Query: string(q)}).Get(ctx, &m)
	switch {
	case err != nil:
		return "", activities.Known(err)
	case !m.Found:
		return "no data", nil
	}
	return number(m.Value), nil
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

// quoted names a value in a call or a text, in quotes only when it needs them.
func quoted(s string) string {
	if strings.ContainsAny(s, " \"") || s == "" {
		return fmt.Sprintf("%q", s)
	}
	return s
}
