package catalog_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

// silence is a valid one that silences what has a="1" for two hours.
func silence(change ...func(*catalog.Silence)) catalog.Silence {
	s := catalog.Silence{
		ID: "s-1", Matchers: []string{`a="1"`}, From: noon, Until: noon.Add(2 * time.Hour), Reason: "the disk is being replaced",
		Owner: "ann", By: "ben",
	}
	for _, f := range change {
		f(&s)
	}
	return s
}

func TestASilenceKeepsWhatItFitsFromPaging(t *testing.T) {
	a := alerts.Alert{Status: alerts.Firing, Labels: map[string]string{"a": "1", "service": "payments"}}
	tests := map[string]struct {
		silence catalog.Silence
		at      time.Duration
		want    bool
	}{
		"in force":              {silence(), time.Hour, true},
		"at its beginning":      {silence(), 0, true},
		"before it":             {silence(), -time.Second, false},
		"at its end":            {silence(), 2 * time.Hour, false},
		"ended by hand":         {silence(func(s *catalog.Silence) { s.Ended = noon.Add(time.Minute) }), time.Hour, false},
		"another label":         {silence(func(s *catalog.Silence) { s.Matchers = []string{`a="2"`} }), time.Hour, false},
		"one of two matchers":   {silence(func(s *catalog.Silence) { s.Matchers = append(s.Matchers, `b="1"`) }), time.Hour, false},
		"the service":           {silence(func(s *catalog.Silence) { s.Service = "payments" }), time.Hour, true},
		"another service":       {silence(func(s *catalog.Silence) { s.Service = "other" }), time.Hour, false},
		"a condition":           {silence(func(s *catalog.Silence) { s.When = `labels.service.startsWith("pay")` }), time.Hour, true},
		"a condition that not":  {silence(func(s *catalog.Silence) { s.When = `labels.service == "x"` }), time.Hour, false},
		"one that cannot say":   {silence(func(s *catalog.Silence) { s.When = `int(labels.used) > 3` }), time.Hour, false},
		"in a window":           {silence(window("13:00", "14:00")), time.Hour, true},
		"out of a window":       {silence(window("13:30", "14:00")), time.Hour, false},
		"a window on that day":  {silence(window("13:00", "14:00", "monday")), time.Hour, true},
		"on another day":        {silence(window("13:00", "14:00", "tuesday")), time.Hour, false},
		"a window beyond until": {silence(window("13:00", "23:00")), 3 * time.Hour, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := parseSmall(t).With(catalog.Overlay{Silences: []catalog.Silence{test.silence}})
			got := c.Route(a, noon.Add(test.at))
			require.Equal(t, test.want, got.Silence == "s-1")
			require.Equal(t, test.want, test.silence.Active(noon.Add(test.at)) && got.Silence != "")
			resolved := a
			resolved.Status = alerts.Resolved
			require.Empty(t, c.Route(resolved, noon.Add(test.at)).Silence, "what has ended is told")
		})
	}
}

func window(from, until string, days ...string) func(*catalog.Silence) {
	return func(s *catalog.Silence) {
		s.Recurring, s.Zone = []oncall.Window{{Days: days, From: from, Until: until}}, "UTC"
	}
}

func TestASilenceIsExplained(t *testing.T) {
	c := parseSmall(t).With(catalog.Overlay{Silences: []catalog.Silence{silence()}})
	got := c.Explain(alerts.Alert{Status: alerts.Firing, Labels: map[string]string{"a": "1"}}, noon)
	require.Empty(t, got.Paged)
	require.Equal(t, catalog.Step{
		Kind: "silence", Name: "s-1", Matched: true,
		Reason: `pages nobody until 2026-03-02 14:00 UTC (the disk is being replaced, owner ann): a="1"`,
	}, got.Steps[len(got.Steps)-1])
}

func TestASilenceThatCannotBeUsedSilencesNothing(t *testing.T) {
	broken := silence(func(s *catalog.Silence) { s.When = "gone(labels)" })
	c := parseSmall(t).With(catalog.Overlay{Silences: []catalog.Silence{broken}})
	require.Empty(t, c.Route(alerts.Alert{Status: alerts.Firing, Labels: map[string]string{"a": "1"}}, noon).Silence)
}

func TestTheOwnerIsWarnedInTime(t *testing.T) {
	require.Equal(t, noon.Add(9*time.Minute), catalog.Silence{From: noon, Until: noon.Add(10 * time.Minute)}.Warn())
	require.Equal(t, noon.Add(24*time.Hour-15*time.Minute), catalog.Silence{From: noon, Until: noon.Add(24 * time.Hour)}.Warn())
}

func TestCheckSilence(t *testing.T) {
	c := parseSmall(t)
	got, err := c.CheckSilence(silence(func(s *catalog.Silence) { s.From = noon.Add(-time.Hour) }), noon)
	require.NoError(t, err)
	require.Equal(t, noon, got.From, "it begins now at the earliest")
	require.Equal(t, catalog.PlainSilence, got.Kind)
	_, err = c.CheckSilence(silence(window("22:00", "23:00"), func(s *catalog.Silence) { s.Until = noon.Add(300 * 24 * time.Hour) }), noon)
	require.NoError(t, err, "one with windows may last")

	tests := map[string]struct {
		change      func(*catalog.Silence)
		field, want string
	}{
		"kind":            {func(s *catalog.Silence) { s.Kind = "x" }, "kind", "must be silence or maintenance"},
		"reason":          {func(s *catalog.Silence) { s.Reason = " " }, "reason", "must be set: say why nobody is to be paged"},
		"owner":           {func(s *catalog.Silence) { s.Owner = "zoe" }, "owner", `there is no person "zoe"`},
		"service":         {func(s *catalog.Silence) { s.Service = "x" }, "service", `there is no service "x"`},
		"everything":      {func(s *catalog.Silence) { s.Matchers = nil }, "matchers", "must say what to silence: set service, matchers or when"},
		"no end":          {func(s *catalog.Silence) { s.Until = time.Time{} }, "until", "must be set: a silence always ends"},
		"an end long ago": {func(s *catalog.Silence) { s.Until = noon }, "until", "lies in the past"},
		"an end too soon": {func(s *catalog.Silence) { s.From = noon.Add(3 * time.Hour) }, "until", "must be later than from"},
		"too long":        {func(s *catalog.Silence) { s.Until = noon.Add(32 * 24 * time.Hour) }, "until", "lasts 31 days at most, and one with windows 400"},
		"a matcher":       {func(s *catalog.Silence) { s.Matchers = []string{"a"} }, "matchers", "must look like"},
		"a pattern":       {func(s *catalog.Silence) { s.Matchers = []string{`a=~"("`} }, "matchers", "pattern"},
		"a condition":     {func(s *catalog.Silence) { s.When = "labels.a" }, "when", "must be true or false"},
		"the clock":       {func(s *catalog.Silence) { s.When = "now.getHours() > 3" }, "when", "give windows instead"},
		"zone alone":      {func(s *catalog.Silence) { s.Zone = "UTC" }, "zone", "is for windows"},
		"a zone":          {func(s *catalog.Silence) { window("22:00", "23:00")(s); s.Zone = "Mars" }, "zone", `there is no zone "Mars"`},
		"a window":        {window("25:00", "26:00"), "recurring[0].from", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := c.CheckSilence(silence(test.change), noon)
			problem, ok := errors.AsType[*catalog.WrongError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, test.field, problem.Field)
			require.Contains(t, problem.Message, test.want)
		})
	}
}
