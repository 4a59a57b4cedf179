package rehearsal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/rehearsal"
)

func TestExpectations(t *testing.T) {
	t.Parallel()
	p := payments(t, "2026-10-20T01:00")
	p.NobodyAcks, p.For = true, 30*time.Minute
	p.Unreachable = []string{"carol"}
	got := rehearse(t, p)
	for _, test := range []struct {
		expect rehearsal.Expectation
		unmet  []string
	}{
		{rehearsal.Expectation{}, nil},
		{rehearsal.Expectation{Within: 5 * time.Minute}, nil},
		{rehearsal.Expectation{Within: 4 * time.Minute}, []string{"nobody is reached within 4 min; alice is the first, after 5 min"}},
		{rehearsal.Expectation{Reach: []string{"alice", "bob"}}, nil},
		{rehearsal.Expectation{Reach: []string{"alice", "bob"}, Within: 5 * time.Minute}, []string{"bob is not reached within 5 min, but after 10 min"}},
		{rehearsal.Expectation{Reach: []string{"carol", "heidi"}, Within: time.Hour}, []string{"carol is not reached at all", "heidi is not reached at all"}},
	} {
		require.Equal(t, test.unmet, got.Unmet(test.expect))
	}
	p.Unreachable = []string{"alice", "bob", "carol"}
	require.Equal(t, []string{"nobody is reached at all"}, rehearse(t, p).Unmet(rehearsal.Expectation{Within: time.Minute}))
}
