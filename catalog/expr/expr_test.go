package expr_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog/expr"
)

// noon is a Monday.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func reader(t testing.TB) *expr.Reader {
	t.Helper()
	r, err := expr.NewReader(expr.Hours{
		"office": func(at time.Time) bool { return at.Hour() >= 9 && at.Hour() < 17 },
		"night":  func(at time.Time) bool { return at.Hour() < 6 },
	})
	require.NoError(t, err)
	return r
}

func diskFull() alerts.Alert {
	return alerts.Alert{
		Source: "alertmanager", Status: alerts.Firing,
		Labels:      map[string]string{"alertname": "DiskFull", "service": "search", "severity": "warning", "used": "91"},
		Annotations: map[string]string{"summary": "Disk of db1 is full"},
	}
}

func TestMatch(t *testing.T) {
	tests := map[string]bool{
		`true`:                                            true,
		`labels.service == "search"`:                      true,
		`labels["service"] == "search"`:                   true,
		`labels.service == "payments"`:                    false,
		`labels.team == ""`:                               true,
		`labels.team == "search"`:                         false,
		`has(labels.team)`:                                false,
		`has(labels.service)`:                             true,
		`"service" in labels`:                             true,
		`"team" in labels`:                                false,
		`size(labels) == 4`:                               true,
		`labels.severity in ["warning", "info"]`:          true,
		`labels.exists(l, l.startsWith("sev"))`:           true,
		`labels.all(l, labels[l] != "")`:                  true,
		`labels == {"alertname": "DiskFull"}`:             false,
		`labels == annotations`:                           false,
		`labels == labels`:                                true,
		`int(labels.used) > 90`:                           true,
		`annotations.summary.contains("full")`:            true,
		`annotations.description == ""`:                   true,
		`name == "DiskFull"`:                              true,
		`name.matches("^Disk")`:                           true,
		`matches(name, "^Disk$")`:                         false,
		`status == "firing"`:                              true,
		`source == "alertmanager"`:                        true,
		`now == timestamp("2026-03-02T12:00:00Z")`:        true,
		`now.getDayOfWeek() == 1`:                         true,
		`now.getHours() == 12`:                            true,
		`during("office")`:                                true,
		`during("night")`:                                 false,
		`!during("night") && labels.service == "search"`:  true,
		`during("night", now - duration("8h"))`:           true,
		`labels.severity == "critical" || name != "Down"`: true,
	}
	r := reader(t)
	for text, want := range tests {
		x, err := r.Compile(text)
		require.NoError(t, err, text)
		got, err := x.Match(expr.About(diskFull(), noon))
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
		require.Equal(t, text, x.String())
	}
}

func TestCompileRefusesWithThePlace(t *testing.T) {
	tests := map[string]string{
		``:                                    `line 1, column 1: is empty: write a condition such as labels.service == "payments"`,
		`labels.service == `:                  `line 1, column 19: mismatched input '<EOF>'`,
		`label.service == "x"`:                `line 1, column 1: undeclared reference to 'label' (in container '')`,
		"true &&\n  teams == 1":               `line 2, column 3: undeclared reference to 'teams' (in container '')`,
		`labels.service`:                      `line 1, column 1: must be true or false, and is of type string`,
		`labels.service == 7`:                 `line 1, column 16: found no matching overload for '_==_'`,
		`labels.used > 90`:                    `line 1, column 13: found no matching overload for '_>_'`,
		`name.matches("(")`:                   `line 1, column 14: invalid matches argument`,
		`name.matches(labels.pattern)`:        `line 1, column 13: the pattern of matches must be written out in quotes`,
		`matches(name, "a" + "b")`:            `line 1, column 8: the pattern of matches must be written out in quotes`,
		`during("weekend")`:                   `there are no hours "weekend"; there are night, office`,
		`during(name)`:                        `the hours of during must be written out in quotes`,
		`now.getHours("Asia/Tokyo") == 1`:     `declare hours with their zone, and ask during`,
		`name.matches("((a{30}){30})")`:       `the pattern comes to`,
		`during("office", 7)`:                 `found no matching overload for 'during'`,
		`"` + strings.Repeat("x", 2048) + `"`: `line 1, column 1: is 2050 characters long: write at most 2048`,
		strings.Repeat("(", 500) + "true" + strings.Repeat(")", 500):                    `line 1`,
		`labels.exists(a, labels.exists(b, labels.exists(c, a == b)))`:                  `comprehension exceeds nesting limit`,
		`labels.exists(a, annotations[a].matches("` + strings.Repeat("a?", 150) + `"))`: `could cost more than 50000 steps`,
	}
	r := reader(t)
	for text, want := range tests {
		_, err := r.Compile(text)
		require.ErrorContains(t, err, want, text)
		problems, ok := errors.AsType[expr.Problems](err)
		require.True(t, ok, text)
		require.NotContains(t, problems.Error(), "\n", text)
	}
}

func TestCompileRefusesPatternsThatExplode(t *testing.T) {
	r := reader(t)
	for _, pattern := range []string{
		`((((a{30}){30}){30}){30})`, `(x{1000}){1000}`, `((a{0,200}){0,200})`, `(a{100}b{100}c{100}){9}`,
		`(([a-z]{0,99}){0,9})`,
	} {
		_, err := r.Compile(`name.matches("` + pattern + `")`)
		require.Error(t, err, pattern)
	}
}

// What hangs an engine that tries its way back is a walk for RE2.
func TestNestedQuantifiersAreAWalk(t *testing.T) {
	r := reader(t)
	for _, pattern := range []string{`^(a+)+$`, `^(a|aa)+$`, `^([a-z]+)*$`, `^(a*)*b$`, `(x+x+)+y`} {
		x, err := r.Compile(`annotations.text.matches("` + pattern + `")`)
		require.NoError(t, err, pattern)
		a := diskFull()
		a.Annotations = map[string]string{"text": strings.Repeat("a", alerts.MaxAnnotationValue-1) + "!"}
		_, err = x.Match(expr.About(a, noon))
		require.NoError(t, err, pattern)
	}
}

func TestMatchFailsAndDoesNotHold(t *testing.T) {
	r := reader(t)
	for text, want := range map[string]string{
		`int(labels.severity) > 1`:                       "cannot say",
		`1 / (size(labels) - 4) == 1`:                    "division by zero",
		`timestamp(labels.since) < now`:                  "cannot say",
		`int(labels.severity) > 1 && labels.team == ""`:  "cannot say",
		`duration(labels.severity) > duration("1s")`:     "cannot say",
		`during("office", timestamp(annotations.since))`: "cannot say",
	} {
		x, err := r.Compile(text)
		require.NoError(t, err, text)
		holds, err := x.Match(expr.About(diskFull(), noon))
		require.ErrorContains(t, err, want, text)
		require.False(t, holds, text)
	}
}

func TestAnExprIsSafeForMany(t *testing.T) {
	x, err := reader(t).Compile(`labels.service == "search" && name.matches("^Disk")`)
	require.NoError(t, err)
	done := make(chan bool)
	for range 8 {
		go func() {
			holds, err := x.Match(expr.About(diskFull(), noon))
			done <- holds && err == nil
		}()
	}
	for range 8 {
		require.True(t, <-done)
	}
}

// Whatever is compiled is answered within the cost that it was promised to
// have, on the largest alert there is: the bound is a count of steps, so that
// a slow machine changes nothing.
func FuzzCompile(f *testing.F) {
	for _, text := range []string{
		`labels.service == "search"`, `name.matches("^(a+)+$")`, `labels.exists(l, labels[l].matches("x+"))`,
		`during("office") || [1,2,3].exists(x, x > 2)`, `"a" + labels.b + annotations.c == name`, `(`, `labels..x`, "\x00", `r"\"`,
		`[[1],[2]].map(x, x[0]).size() > labels.size()`, `string(now).contains("2026")`, `labels.map(l, l + l + l).size() > 0`,
	} {
		f.Add(text)
	}
	r := reader(f)
	largest := expr.About(largestAlert(), noon)
	f.Fuzz(func(t *testing.T, text string) {
		x, err := r.Compile(text)
		if err != nil {
			_, ok := errors.AsType[expr.Problems](err)
			require.True(t, ok, "%q: %v", text, err)
			return
		}
		if _, err = x.Match(largest); err != nil {
			require.NotContains(t, err.Error(), "internal error", text)
		}
		cost, err := expr.Cost(r, x, largest)
		require.NoError(t, err, text)
		require.LessOrEqual(t, cost, uint64(expr.MaxCost), text)
	})
}

func largestAlert() alerts.Alert {
	a := alerts.Alert{
		Source: "generic", Status: alerts.Firing,
		Labels: map[string]string{}, Annotations: map[string]string{},
	}
	for i := range alerts.MaxLabels {
		key := string(rune('a'+i%26)) + strings.Repeat("n", i)
		a.Labels[key] = strings.Repeat("a", alerts.MaxLabelValue)
		a.Annotations[key] = strings.Repeat("b", alerts.MaxAnnotationValue)
	}
	return a
}

func BenchmarkMatch(b *testing.B) {
	for name, text := range map[string]string{
		"equal":   `labels.service == "payments"`,
		"three":   `labels.service == "search" && labels.severity in ["warning", "info"] && !has(labels.team)`,
		"pattern": `name.matches("^(Disk|Memory)(Full|Low)$")`,
		"during":  `during("office")`,
	} {
		b.Run(name, func(b *testing.B) {
			x, err := reader(b).Compile(text)
			require.NoError(b, err)
			s := expr.About(diskFull(), noon)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = x.Match(s)
			}
		})
	}
}
