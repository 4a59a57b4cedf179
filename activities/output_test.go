package activities_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

type keptOutputs struct{ kept []incident.Output }

func (k *keptOutputs) KeepOutput(_ context.Context, number string, o incident.Output) error {
	k.kept = append(k.kept, o)
	return nil
}

// redacting is a catalog with a pattern, or one that cannot be read.
type redacting struct {
	pattern string
	err     error
}

func (r redacting) Current(context.Context) (*catalog.Catalog, error) {
	return &catalog.Catalog{Settings: catalog.Settings{Redact: []string{r.pattern}}}, r.err
}

func TestAnOutputIsKeptWithoutWhatTheCatalogNames(t *testing.T) {
	kept := &keptOutputs{}
	r := &activities.Recorder{Outputs: kept, Catalogs: redacting{pattern: `CUSTOMER-\d+`}}
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	got, err := r.Capture(t.Context(), activities.Capture{
		Incident: "INC-1", ID: "x-1-1", Run: "INC-1/runbook/x/1", Title: "Orders of CUSTOMER-12", Text: "CUSTOMER-12 token=abc\nok\n", Removed: 1, At: at,
	})
	require.NoError(t, err)
	require.Equal(t, activities.Captured{Lines: 2, Bytes: 25, Removed: 4}, got)
	require.Equal(t, []incident.Output{{
		ID: "x-1-1", Run: "INC-1/runbook/x/1", Title: "Orders of [redacted]", Body: "[redacted] token=[redacted]\nok\n", Bytes: 25, Removed: 4, At: at,
	}}, kept.kept)

	got, err = r.Capture(t.Context(), activities.Capture{Text: strings.Repeat("x", 1<<20), Bytes: 1 << 30})
	require.NoError(t, err)
	require.Equal(t, 1<<30, got.Bytes)
	require.LessOrEqual(t, len(kept.kept[1].Body), activities.MaxOutput)

	got, err = r.Capture(t.Context(), activities.Capture{Text: "pw=[redacted]", Bytes: 4, Removed: 1})
	require.NoError(t, err)
	require.Equal(t, activities.Captured{Lines: 1, Bytes: 4, Removed: 1}, got, "what stands for a secret is longer than it was")

	_, err = (&activities.Recorder{}).Capture(t.Context(), activities.Capture{})
	require.ErrorContains(t, err, "keeps no outputs")
	_, err = (&activities.Recorder{}).AdmitRun(t.Context(), activities.AutoRun{})
	require.ErrorContains(t, err, "no runbook start by itself")
}

// While it is not known what must not be kept, nothing is.
func TestNothingIsKeptWhileThePatternsAreNotKnown(t *testing.T) {
	for kind, from := range map[incident.Kind]redacting{
		incident.Unavailable: {err: errors.New("the database is away")},
		incident.Permanent:   {pattern: "("},
	} {
		kept := &keptOutputs{}
		r := &activities.Recorder{Outputs: kept, Catalogs: from}
		_, err := r.Capture(t.Context(), activities.Capture{Incident: "INC-1", ID: "x-1-1", Text: "CUSTOMER-12"})
		require.Equal(t, kind, kindOf(t, err))
		require.Empty(t, kept.kept)
	}
	kept := &keptOutputs{}
	r := &activities.Recorder{Outputs: kept, Catalogs: redacting{err: incident.Errorf(incident.NotFound, "no catalog was ever applied")}}
	_, err := r.Capture(t.Context(), activities.Capture{Incident: "INC-1", ID: "x-1-1", Text: "ok"})
	require.NoError(t, err)
	require.Len(t, kept.kept, 1)
}
