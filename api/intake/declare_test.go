package intake_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

func declaration(id, title string) intake.Declaration {
	return intake.Declaration{ID: id, Title: title, Service: "checkout", Severity: catalog.SEV3, By: incident.Person("ana")}
}

// TestDeclarationsShareNoIncident: they have no key, so that one tells nothing
// of the next.
func TestDeclarationsShareNoIncident(t *testing.T) {
	w := newWorld(t)
	w.quick(t, 0)
	w.ready(t)
	first, err := w.Declare(t.Context(), declaration("one", "Payments fail"))
	require.NoError(t, err)
	second, err := w.Declare(t.Context(), declaration("two", "Something else burns"))
	require.NoError(t, err)
	require.NotEqual(t, first.Number, second.Number)

	w.store.SetAway(false)
	read := w.store.Reads()
	require.Eventually(t, func() bool { return w.store.Reads() > read+2 }, 5*time.Second, time.Millisecond)
	w.engine.Finish(first.Number)
	third, err := w.Declare(t.Context(), declaration("three", "A third thing"))
	require.NoError(t, err)
	require.NotEqual(t, first.Number, third.Number)
	require.True(t, w.engine.Workflow(third.Number).Open)
}

func TestDeclarationAfterOneThatTemporalDidNotTake(t *testing.T) {
	w := newWorld(t)
	w.quick(t, 0)
	w.ready(t)
	w.engine.SetAway(true)
	_, err := w.Declare(t.Context(), declaration("one", "Payments fail"))
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	w.engine.SetAway(false)
	w.store.SetAway(false)
	second, err := w.Declare(t.Context(), declaration("two", "Something else burns"))
	require.NoError(t, err)
	require.True(t, w.engine.Workflow(second.Number).Open)
}
