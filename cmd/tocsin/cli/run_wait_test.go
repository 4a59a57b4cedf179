package cli_test

import (
	"bytes"
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/cmd/tocsin/cli"
	"github.com/tocsinhq/tocsin/incident"
)

const waitedFor = "INC-1/runbook/rollback/2"

// onceAsked is where a program prints to: the run ends once its question is
// shown.
type onceAsked struct {
	bytes.Buffer
	end func()
}

func (o *onceAsked) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("asks:")) {
		o.end()
	}
	return o.Buffer.Write(p)
}

// waits has INC-1 run a rollback, says something of it and asks, and ends it in
// a state once the question is shown.
func waits(t *testing.T, state, outcome string) (code int, out, errs string) {
	t.Helper()
	w := newWorld(t)
	w.commands.Answer(incident.Outcome{Phase: incident.Mitigating, Text: "rollback is running", ID: waitedFor}, nil)
	entry := func(n int, source, text string) incident.Entry {
		return incident.Entry{Sequence: n, Kind: "run.note", Occurred: night, Recorded: night, Actor: incident.Self(), Source: source, Text: text}
	}
	i := sample("INC-1")
	i.Runs = append(i.Runs, incident.Run{ID: waitedFor, Name: "rollback", By: "alice", Started: night, State: incident.RunRunning})
	i.Questions = append(i.Questions, incident.Question{
		ID: "q-2", Run: waitedFor, Text: "Roll back?", Calls: []string{"roll back checkout to r41"}, Choices: []string{"approve", "refuse"}, Asked: night, Until: night.Add(time.Hour),
	})
	w.store.Put(i, entry(5, waitedFor, "checkout runs r42"), entry(6, "INC-1/runbook/rollback/1", "another run"))
	ended := *i
	ended.Runs, ended.Questions = append(ended.Runs[:1:1], ended.Runs[1]), nil
	ended.Runs[1].Ended, ended.Runs[1].State, ended.Runs[1].Outcome = night.Add(time.Minute), state, outcome
	answers := &onceAsked{end: func() { w.store.Put(&ended, entry(7, waitedFor, "rollback "+state)) }}
	var problems bytes.Buffer
	root := program(strings.NewReader(""), answers, &problems)
	root.SetArgs([]string{"incident", "run", "1", "rollback", "--param", "target=checkout", "--wait"})
	code = cli.Execute(context.WithoutCancel(t.Context()), root)
	return code, answers.String(), problems.String()
}

func TestARunIsWaitedFor(t *testing.T) {
	code, out, errs := waits(t, incident.RunDone, "roll back checkout")
	require.Zero(t, code, errs)
	require.Equal(t, `INC-1: rollback is running (mitigating)
INC-1/runbook/rollback/2
2026-03-01 03:00:00 CET  checkout runs r42
2026-03-01 03:00:00 CET  asks: Roll back?
  roll back checkout to r41
  tocsin incident answer INC-1 q-2 --choice approve|refuse, until 2026-03-01 04:00:00 CET
2026-03-01 03:00:00 CET  rollback done
`, out)
}

func TestARunThatIsWaitedForAndRefusedFails(t *testing.T) {
	code, out, errs := waits(t, incident.RunRefused, "somebody said no")
	require.NotZero(t, code)
	require.Contains(t, out, "rollback refused")
	require.Equal(t, "tocsin: INC-1/runbook/rollback/2 refused: somebody said no\n", errs)
}

// lagging is a store that has the run only when it is looked at again, as after
// a moment without the database.
type lagging struct {
	api.Store
	looks   atomic.Int32
	records func()
}

func (l *lagging) Incident(ctx context.Context, number string) (*incident.Incident, error) {
	if l.looks.Add(1) == 4 { // the command looks twice, and the first look of the wait is in vain
		l.records()
	}
	return l.Store.Incident(ctx, number)
}

func TestARunThatIsNotOnRecordYetIsWaitedFor(t *testing.T) {
	l := &lagging{}
	w := newWorld(t, func(config *api.Config) { l.Store, config.Store = config.Store, l })
	w.commands.Answer(incident.Outcome{Phase: incident.Mitigating, Text: "rollback is running", ID: waitedFor}, nil)
	l.records = func() {
		i := sample("INC-1")
		i.Runs = append(i.Runs, incident.Run{ID: waitedFor, Name: "rollback", By: "alice", Started: night, Ended: night.Add(time.Minute), State: incident.RunDone})
		w.store.Put(i)
	}
	tocsin(t, "incident", "run", "1", "rollback", "--param", "target=checkout", "--wait").ok()
	require.GreaterOrEqual(t, l.looks.Load(), int32(4))
}
