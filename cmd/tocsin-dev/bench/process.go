package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// loadAverage is the machine's over the last minute; 0 where it does not tell.
func loadAverage() float64 {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(data), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return load
}

// ticks is how many of the kernel's ticks are a second.
const ticks = 100

// cpuTime is the processor time that this process has used; 0 where the
// machine does not tell.
func cpuTime() time.Duration {
	data, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	var sum int64
	for _, field := range fields[11:13] { // user and system
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0
		}
		sum += n
	}
	return time.Duration(sum) * time.Second / ticks
}

// startProfile begins a CPU profile in a folder, unless it is "".
func startProfile(folder, name string) (stop func() error, err error) {
	if folder == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(filepath.Join(folder, name+".cpu.pprof")) //nolint:gosec // the folder was asked for
	if err != nil {
		return nil, fmt.Errorf("make the profile: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}

// Counts are what a process counted of itself that should not have
// happened.
type Counts struct {
	// NonEager starts were answered without their first task.
	NonEager int `json:"non_eager_starts"`
	// FailedTasks are workflow tasks that failed and ran again.
	FailedTasks int `json:"failed_workflow_tasks"`
	// WithoutStore starts did not wait for the store.
	WithoutStore int `json:"starts_without_store"`
	// Resent rows of the outbox had been sent before.
	Resent int `json:"resent"`
	// Renumbered incidents gave their number up; Gone ones were believed to
	// have no workflow any more.
	Renumbered int `json:"renumbered"`
	Gone       int `json:"gone"`
}

// add adds what another process counted.
func (c *Counts) add(o Counts) {
	c.NonEager += o.NonEager
	c.FailedTasks += o.FailedTasks
	c.WithoutStore += o.WithoutStore
	c.Resent += o.Resent
	c.Renumbered += o.Renumbered
	c.Gone += o.Gone
}

// read adds what a registry counted.
func (c *Counts) read(registry prometheus.Gatherer) error {
	families, err := registry.Gather()
	if err != nil {
		return fmt.Errorf("read the metrics: %w", err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			n := int(m.GetCounter().GetValue())
			label := map[string]string{}
			for _, l := range m.GetLabel() {
				label[l.GetName()] = l.GetValue()
			}
			switch name := strings.TrimSuffix(family.GetName(), "_total"); {
			case name == "tocsin_intake_starts" && label["eager"] == "false":
				c.NonEager += n
			case name == "temporal_workflow_task_execution_failed":
				c.FailedTasks += n
			case name == "tocsin_intake_database_away_starts":
				c.WithoutStore += n
			case name == "tocsin_intake_resent":
				c.Resent += n
			case name == "tocsin_intake_renumbered":
				c.Renumbered += n
			case name == "tocsin_intake_workflows_gone":
				c.Gone += n
			}
		}
	}
	return nil
}

// steps are how long the steps on the way of an alert took on average, in
// milliseconds, as the process itself counted: the claim, the calls to the
// engine, and each local activity.
func steps(registry prometheus.Gatherer) (map[string]float64, error) {
	families, err := registry.Gather()
	if err != nil {
		return nil, fmt.Errorf("read the metrics: %w", err)
	}
	out := map[string]float64{}
	for _, family := range families {
		name := strings.TrimSuffix(family.GetName(), "_seconds")
		switch name {
		case "tocsin_intake_take", "tocsin_intake_claim", "tocsin_intake_engine", "temporal_local_activity_execution_latency":
		default:
			continue
		}
		for _, m := range family.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "call" || l.GetName() == "activity_type" {
					name = l.GetValue()
				}
			}
			if h := m.GetHistogram(); h.GetSampleCount() > 0 {
				out[name] = 1000 * h.GetSampleSum() / float64(h.GetSampleCount())
			}
		}
	}
	return out, nil
}
