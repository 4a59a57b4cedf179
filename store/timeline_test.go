package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func sequences(lines []incident.Entry) []int {
	out := make([]int, len(lines))
	for i, l := range lines {
		out[i] = l.Sequence
	}
	return out
}

func TestTimelineCanBeFollowed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		i := someIncident("INC-1")
		record(t, s, i, entry(1), entry(2), entry(3))
		record(t, s, someIncident("INC-2"), entry(1))

		lines, after, err := s.Timeline(ctx, "INC-1", store.TimelineFilter{Limit: 2})
		require.NoError(t, err)
		require.Equal(t, []int{1, 2}, sequences(lines))
		lines, after, err = s.Timeline(ctx, "INC-1", store.TimelineFilter{After: after})
		require.NoError(t, err)
		require.Equal(t, []int{3}, sequences(lines))
		lines, after, err = s.Timeline(ctx, "INC-1", store.TimelineFilter{After: after})
		require.NoError(t, err)
		require.Empty(t, lines)

		// A later run of the workflow numbers on.
		i.Revision++
		b := activities.Batch{Number: "INC-1", Decided: decided(i), Ordinal: i.Revision, Epoch: "a-later-run", Entries: []incident.Entry{entry(4)}, Incident: i}
		require.NoError(t, s.Record(ctx, b))
		lines, _, err = s.Timeline(ctx, "INC-1", store.TimelineFilter{After: after})
		require.NoError(t, err)
		require.Equal(t, []int{4}, sequences(lines))
	})
}

func TestTimelineOfAResetRunKeepsBoth(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		i := someIncident("INC-1")
		record(t, s, i, entry(1), entry(2))
		i.Revision++
		b := activities.Batch{Number: "INC-1", Decided: decided(i), Ordinal: i.Revision, Epoch: "run-after-reset", Entries: []incident.Entry{entry(2), entry(3)}, Incident: i}
		require.NoError(t, s.Record(t.Context(), b))
		lines, _, err := s.Timeline(t.Context(), "INC-1", store.TimelineFilter{})
		require.NoError(t, err)
		require.Equal(t, []int{1, 2, 2, 3}, sequences(lines))
		require.Equal(t, 4, countLines(t, s, "INC-1"))
	})
}

func TestTimelineKinds(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		paged, acknowledged := entry(2), entry(3)
		paged.Kind, acknowledged.Kind = "page.sent", "acknowledged"
		record(t, s, someIncident("INC-1"), entry(1), paged, acknowledged)
		lines, _, err := s.Timeline(t.Context(), "INC-1", store.TimelineFilter{Kinds: []string{"page.sent", "acknowledged"}})
		require.NoError(t, err)
		require.Equal(t, []int{2, 3}, sequences(lines))
	})
}
