package activities_test

import (
	"context"
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

type redacting struct{}

func (redacting) Current(context.Context) (*catalog.Catalog, error) {
	return &catalog.Catalog{Settings: catalog.Settings{Redact: []string{`CUSTOMER-\d+`}}}, nil
}

func TestAnOutputIsKeptWithoutWhatTheCatalogNames(t *testing.T) {
	kept := &keptOutputs{}
	r := &activities.Recorder{Outputs: kept, Catalogs: redacting{}}
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	got, err := r.Capture(t.Context(), activities.Capture{
		Incident: "INC-1", ID: "x-1-1", Run: "INC-1/runbook/x/1", Title: "Orders", Text: "CUSTOMER-12 token=abc\nok\n", At: at,
	})
	require.NoError(t, err)
	require.Equal(t, activities.Captured{Lines: 2, Bytes: 25, Removed: 2}, got)
	require.Equal(t, []incident.Output{{
		ID: "x-1-1", Run: "INC-1/runbook/x/1", Title: "Orders", Body: "[redacted] token=[redacted]\nok\n", Bytes: 25, Removed: 2, At: at,
	}}, kept.kept)

	got, err = r.Capture(t.Context(), activities.Capture{Text: strings.Repeat("x", 1<<20), Bytes: 1 << 30})
	require.NoError(t, err)
	require.Equal(t, 1<<30, got.Bytes)
	require.LessOrEqual(t, len(kept.kept[1].Body), activities.MaxOutput)

	_, err = (&activities.Recorder{}).Capture(t.Context(), activities.Capture{})
	require.ErrorContains(t, err, "keeps no outputs")
	_, err = (&activities.Recorder{}).AdmitRun(t.Context(), activities.AutoRun{})
	require.ErrorContains(t, err, "no runbook start by itself")
}
