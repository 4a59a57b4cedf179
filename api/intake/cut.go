package intake

import (
	"cmp"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/tocsinhq/tocsin/alerts"
)

// The bounds of what enters a workflow. 50 alerts of this size stay well
// below the 256 KB that the state of an incident may have.
const (
	maxAlerts    = 50
	maxLabels    = 16
	maxValue     = 128
	maxSentence  = 300
	maxAddress   = 500
	maxTitle     = 120
	summaryNote  = "summary"
	titleNote    = "title"
	describeNote = "description"
)

// part is what one start or signal carries.
type part struct {
	alerts []alerts.Alert
	// more counts the firing alerts that are left out.
	more int
}

// parts cuts alerts to what an incident may carry, in their order: resolved
// ones may come first to make room. Firing alerts beyond the bound are
// counted; resolved ones end something, so all of them are carried, in as many
// parts as it takes. There is always one, which brings the count.
func parts(list []alerts.Alert, more int) []part {
	var carried []alerts.Alert
	firing := 0
	for _, a := range list {
		if a.Status == alerts.Firing {
			if firing++; firing > maxAlerts {
				more++
				continue
			}
		}
		carried = append(carried, cutAlert(a))
	}
	out := []part{{more: more}}
	for n, a := range carried {
		if n > 0 && n%maxAlerts == 0 {
			out = append(out, part{more: more})
		}
		last := &out[len(out)-1]
		last.alerts = append(last.alerts, a)
	}
	return out
}

func firingOf(list []alerts.Alert) int {
	n := 0
	for _, a := range list {
		if a.Status == alerts.Firing {
			n++
		}
	}
	return n
}

// cutAlert keeps the labels that route first, then the others by name.
func cutAlert(a alerts.Alert) alerts.Alert {
	a.Labels = cutMap(a.Labels, maxLabels, maxValue)
	notes := make(map[string]string, 3)
	for _, name := range []string{summaryNote, titleNote, describeNote} {
		if text := a.Annotations[name]; text != "" {
			notes[name] = cut(text, maxSentence)
		}
	}
	a.Annotations = notes
	a.Group = cutMap(a.Group, maxLabels, maxValue)
	if len(a.GeneratorURL) > maxAddress {
		a.GeneratorURL = "" // half an address leads nowhere
	}
	return a
}

func cutMap(labels map[string]string, limit, value int) map[string]string {
	names := slices.SortedFunc(maps.Keys(labels), func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
	out := make(map[string]string, min(len(names), limit))
	for _, name := range names[:min(len(names), limit)] {
		out[name] = cut(labels[name], value)
	}
	return out
}

func rank(label string) int {
	switch label {
	case "alertname", "severity", "service", "team":
		return 0
	}
	return 1
}

// cut shortens text to a number of runes, the last of them an ellipsis.
func cut(text string, runes int) string {
	if utf8.RuneCountInString(text) <= runes {
		return text
	}
	return string([]rune(text)[:runes-1]) + "…"
}

// dated gives alerts whose source did not say when they began the time at
// which they were received. The claim is made without it: a repeat would
// otherwise look like a new fact.
func dated(list []alerts.Alert, received time.Time) []alerts.Alert {
	out := slices.Clone(list)
	for i := range out {
		if out[i].StartsAt.IsZero() {
			out[i].StartsAt = received
		}
	}
	return out
}

// distinct joins lists and drops repeats of a fact.
func distinct(lists ...[]alerts.Alert) []alerts.Alert {
	var out []alerts.Alert
	seen := map[alerts.Fact]bool{}
	for _, list := range lists {
		for _, a := range list {
			if !seen[a.Fact()] {
				seen[a.Fact()] = true
				out = append(out, a)
			}
		}
	}
	return out
}
