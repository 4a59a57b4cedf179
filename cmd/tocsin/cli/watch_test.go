package cli_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/cmd/tocsin/cli"
	"github.com/tocsinhq/tocsin/incident"
)

// watch runs the program until the test has seen enough.
func watch(t *testing.T, args ...string) (out, errs *output, end func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, errs = &output{}, &output{}
	root := program(strings.NewReader(""), out, errs)
	root.SetArgs(append([]string{"incident", "watch"}, args...))
	code := make(chan int, 1)
	go func() { code <- cli.Execute(ctx, root) }()
	return out, errs, func() int {
		cancel()
		return <-code
	}
}

func TestWatch(t *testing.T) {
	for name, args := range map[string][]string{"one": {"INC-1", "--zone", "UTC"}, "all": {"--zone", "UTC"}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			out, _, end := watch(t, args...)
			news := entries()[1]
			news.Text = "news\x1b[2J"
			require.Eventually(t, func() bool {
				news.Sequence++ // the stream begins when it is there: what came before is not shown
				w.store.Put(sample("INC-1"), news)
				return strings.Contains(out.String(), "2026-03-01 02:02:00 UTC  INC-1  alice (holder)  news[2J\n")
			}, 10*time.Second, 20*time.Millisecond)
			require.Zero(t, end())
		})
	}
}

func TestWatchAsJSON(t *testing.T) {
	w := newWorld(t)
	out, _, end := watch(t, "1", "--json")
	news := entries()[0]
	require.Eventually(t, func() bool {
		news.Sequence++
		w.store.Put(sample("INC-1"), news)
		return strings.Contains(out.String(), `"incident":"INC-1"`)
	}, 10*time.Second, 20*time.Millisecond)
	require.Zero(t, end())
}

func TestWatchWhatIsNotThere(t *testing.T) {
	newWorld(t)
	tocsin(t, "incident", "watch", "INC-99").fails(1, "there is no incident INC-99")
}

func TestWatchSaysThatTheServerIsGone(t *testing.T) {
	w := newWorld(t)
	w.store.Fail(incident.Errorf(incident.Unavailable, "away"))
	out, errs, end := watch(t, "1", "--url", "http://127.0.0.1:1", "--zone", "UTC")
	require.Eventually(t, func() bool { return strings.Contains(errs.String(), "the stream broke off") }, 10*time.Second, 10*time.Millisecond)
	require.Zero(t, end())
	require.Empty(t, out.String())
}
