package bench

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Print writes the report as one table for people.
func (r *Report) Print(out io.Writer) error {
	_, err := fmt.Fprintf(out, "Tocsin bench, %s, %s, %d CPUs, took %s. Milliseconds unless marked; load is the machine's before each.\n",
		r.Began.Format(time.DateTime+" MST"), r.Go, r.CPUs, r.Took.Round(time.Second))
	if err != nil {
		return err
	}
	sections := []func(row){r.printWays, r.printRest}
	if r.Open != nil {
		sections = append(sections, r.Open.printMemory)
	}
	for _, section := range append(sections, r.printAims) {
		_, _ = fmt.Fprintln(out)
		t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		section(func(format string, args ...any) { _, _ = fmt.Fprintf(t, format+"\n", args...) })
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// row prints one line, with a tab between two columns.
type row func(format string, args ...any)

func (r *Report) printWays(row row) {
	row("alert to page\tn\tp50\tp95\tp99\tlast\tall after\tlost\tdoubled\tPOST p50 / p99\tCPU each\tload")
	for _, w := range r.Ways {
		w.print(row)
	}
}

func (r *Report) printAims(row row) {
	for _, a := range r.Aims {
		row("aim: %s\t%.4g\tat most %.4g\t%s", a.What, a.Got, a.Limit, verdict(a.Met()))
	}
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "MISSED"
}

func (w Way) print(row row) {
	for _, r := range []struct {
		name string
		Volley
	}{{w.Name + ": Tocsin", w.Tocsin}, {w.Name + ": floor", w.Floor}} {
		l := r.Latency
		row("%s\t%d\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f s\t%d\t%d\t%.1f / %.1f\t%.1f\t%.1f",
			r.name, r.Sent, l.P50, l.P95, l.P99, l.Last, r.AllAfter/1000, r.Lost, r.Doubled, r.Answer.P50, r.Answer.P99, r.CPU, w.Load)
	}
	a, b := w.Tocsin.Latency, w.Floor.Latency
	row("%s: times the floor\t\t%.1f\t%.1f\t%.1f\t%.1f", w.Name, over(a.P50, b.P50), over(a.P95, b.P95), over(a.P99, b.P99), over(a.Last, b.Last))
	row("%s: tickets behind them\t%d\tafter %.1f s more; CPU each with them %.1f; %d events so far in a history; %d POSTs and %d starts of the floor refused",
		w.Name, w.Tickets, w.Drained/1000, w.CPU, total(w.Events), w.Tocsin.Refused, w.Floor.Refused)
	row("%s: steps on average\t%s", w.Name, w.steps())
	for _, twice := range w.Twice[:min(len(w.Twice), 10)] {
		row("doubled: %s", twice)
	}
}

func (w Way) steps() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(w.Steps)) {
		parts = append(parts, fmt.Sprintf("%s %.1f", strings.TrimPrefix(name, "tocsin_intake_"), w.Steps[name]))
	}
	return strings.Join(parts, ", ")
}

func over(a, b float64) float64 { return a / cmp.Or(b, 1) }

func (r *Report) printRest(row row) {
	for _, s := range r.Storms {
		row("storm of one key in "+s.How+"\t%d alerts\t%d incidents, %d page, %d alerts kept, %d events, %.1f s, POST p50 / p99 %.1f / %.1f, %d refused, load %.1f",
			s.Alerts, s.Incidents, s.Pages, s.Kept, s.Events, s.Took/1000, s.Answer.P50, s.Answer.P99, s.Refused, s.Load)
	}
	if c := r.Crowd; c != nil {
		row("incidents for one person\t%d\t%d messages, the first after %.1f, the last after %.1f; %d of whose page is not known, load %.1f",
			c.Incidents, c.Messages, c.First, c.Last, c.Lost, c.Load)
	}
	if o := r.OnCall; o != nil {
		row("who is on call\t\t%.0f answers a second on one processor, 20 people in 3 layers", o.PerSecond)
	}
	if o := r.Open; o != nil {
		row("open incidents\t%d\topened in %.1f s, %d tickets; lateness p50 %.0f, p95 %.0f, p99 %.0f, max %.0f; %d lost, %d doubled, load %.1f",
			o.Incidents, o.Opened/1000, o.Tickets, o.Lateness.P50, o.Lateness.P95, o.Lateness.P99, o.Lateness.Last, o.Lost, o.Doubled, o.Load)
		for _, twice := range o.Twice[:min(len(o.Twice), 10)] {
			row("doubled: %s", twice)
		}
	}
	if s := r.Steps; s != nil {
		row("steps of runbooks\t\tin a row %.1f each, a bare activity %.1f (%.2f times); %.1f events each, and %.0f for a run; load %.1f",
			s.Step, s.Activity, over(s.Step, s.Activity), s.Events, s.Fixed, s.Load)
		row("runs at once\t%d\t%d steps each: %.0f steps a second on one worker, bare activities %.0f a second; %d failed, %d calls too many",
			s.Runs, s.PerRun, s.PerSecond, s.BarePerSecond, s.Failed, s.Extra)
	}
	if w := r.Whole; w != nil {
		row("events of one incident\t%d\tfrom alert to closing, as the demo plays it", w.Events)
	}
	row("starts not eager\t%d\tfailed workflow tasks %d, starts without the store %d, sent again %d, renumbered %d, believed gone %d",
		r.Counts.NonEager, r.Counts.FailedTasks, r.Counts.WithoutStore, r.Counts.Resent, r.Counts.Renumbered, r.Counts.Gone)
}

func (o *Open) printMemory(row row) {
	row("memory of each process, MB\tbefore\twith %d open\tafter collecting\tof it the program, shared\tpeak", o.Incidents)
	for _, m := range o.Memory {
		row("%s\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f", m.Process, m.Before, m.With, m.Settled, m.Files, m.Peak)
	}
}
