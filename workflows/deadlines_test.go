package workflows_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"github.com/tocsinhq/tocsin/incident"
)

// The engine counts a timer from the end of the workflow task that starts it,
// the workflow from the last thing that it did.
func TestTimerStartsWhenNothingElseHoldsTheTask(t *testing.T) {
	var within, done atomic.Int32
	timers := 0
	s := payments(t, cadence()).
		at("02:01", command("bob", incident.AcknowledgeCommand, ack)).
		at("02:02", command("bob", incident.CancelCommand, incident.Cancel{Reason: "a test"}))
	s.watch = func(s *story) {
		s.env.SetOnLocalActivityStartedListener(func(*activity.Info, context.Context, []any) { within.Add(1) })
		s.env.SetOnLocalActivityCompletedListener(func(*activity.Info, converter.EncodedValue, error) {
			within.Add(-1)
			done.Add(1)
		})
		s.env.SetOnTimerScheduledListener(func(string, time.Duration) {
			timers++
			require.Zero(t, within.Load(), "something still ran within the task")
			require.GreaterOrEqual(t, done.Load(), int32(3), "looking up, paging and the record come first")
		})
	}
	s.play()
	require.Positive(t, timers)
}
