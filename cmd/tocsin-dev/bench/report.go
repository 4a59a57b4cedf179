package bench

import (
	"errors"
	"fmt"
	"time"
)

// Report is what was measured. Durations that are numbers are milliseconds.
type Report struct {
	Began  time.Time     `json:"began"`
	Took   time.Duration `json:"took_ns"`
	Go     string        `json:"go"`
	CPUs   int           `json:"cpus"`
	Quick  bool          `json:"quick,omitempty"`
	Ways   []Way         `json:"ways"`
	Storms []Storm       `json:"storms,omitempty"`
	Crowd  *Crowd        `json:"crowd,omitempty"`
	OnCall *OnCall       `json:"on_call,omitempty"`
	Open   *Open         `json:"open,omitempty"`
	Steps  *Steps        `json:"steps,omitempty"`
	Whole  *Whole        `json:"whole,omitempty"`
	Counts Counts        `json:"counts"`
	Aims   []Aim         `json:"aims"`
}

// Way is the way from alerts to pages in one scenario.
type Way struct {
	Name string `json:"name"`
	// Load is the machine's load average before it.
	Load   float64 `json:"load"`
	Floor  Volley  `json:"floor"`
	Tocsin Volley  `json:"tocsin"`
	// Steps are how long parts of Tocsin's way took on average, in
	// milliseconds, warming up included.
	Steps map[string]float64 `json:"steps"`
	// Twice names the pages that had come before, over the whole measure.
	Twice []string `json:"twice,omitempty"`
	// Events of one incident whose pages nobody has answered yet, by type.
	Events map[string]int `json:"events"`
	// Tickets were open so long after the last page.
	Tickets int     `json:"tickets"`
	Drained float64 `json:"drained_ms"`
	// CPU is that of one alert with all that was done until the tickets were
	// open.
	CPU float64 `json:"cpu_ms"`
}

// Volley is one load on one system.
type Volley struct {
	Sent int `json:"sent"`
	// Latency is from the POST, or in an open loop from when it was due, to
	// the first page that names the alert.
	Latency Figures `json:"latency"`
	// Answer is how long an accepted POST took.
	Answer  Figures `json:"answer,omitzero"`
	Refused int     `json:"refused,omitempty"`
	// CPU is the processor time of the whole process for one alert, from the
	// first POST to the last page.
	CPU float64 `json:"cpu_ms"`
	// AllAfter is from the first POST to the last page.
	AllAfter float64 `json:"all_after_ms"`
	Lost     int     `json:"lost"`
	Doubled  int     `json:"doubled"`
}

// Storm is many alerts of one key.
type Storm struct {
	// How they came: in posts of their own, or in one payload.
	How       string  `json:"how"`
	Load      float64 `json:"load"`
	Alerts    int     `json:"alerts"`
	Refused   int     `json:"refused,omitempty"`
	Incidents int     `json:"incidents"`
	// Pages came for the person on call, who expects one.
	Pages int `json:"pages"`
	// Kept is how many of the alerts the store has a row of: those that came
	// while it was too slow went to the incident alone.
	Kept   int     `json:"kept"`
	Events int     `json:"events"`
	Took   float64 `json:"took_ms"`
	Answer Figures `json:"answer"`
}

// Open is many open incidents, each waiting for the time of its page.
type Open struct {
	Load      float64 `json:"load"`
	Incidents int     `json:"incidents"`
	Refused   int     `json:"refused,omitempty"`
	Tickets   int     `json:"tickets"`
	Opened    float64 `json:"opened_ms"`
	// Memory is that of each process.
	Memory []Memory `json:"memory"`
	// Lateness is from when a page was due to its arrival.
	Lateness Figures  `json:"lateness"`
	Lost     int      `json:"lost"`
	Doubled  int      `json:"doubled"`
	Twice    []string `json:"twice,omitempty"`
}

// Memory is that of one process, in MB of a million bytes; 0 where the machine
// does not tell.
type Memory struct {
	Process string `json:"process"`
	// What is resident: before, with all open, the same after the collector
	// gave back what it could, and the most that ever was.
	Before  float64 `json:"rss_before_mb"`
	With    float64 `json:"rss_open_mb"`
	Settled float64 `json:"rss_open_settled_mb"`
	Peak    float64 `json:"rss_peak_mb"`
	// Files is what of Settled stands in the program's file and others:
	// the processes share it.
	Files float64 `json:"rss_open_settled_files_mb"`
}

// Crowd is many incidents that page one person at once.
type Crowd struct {
	Load      float64 `json:"load"`
	Incidents int     `json:"incidents"`
	// Messages came by push, First after the first alert and Last the last one.
	Messages int     `json:"messages"`
	First    float64 `json:"first_ms"`
	Last     float64 `json:"last_ms"`
	// Lost are the incidents of whose page the ledger does not say that it was
	// handed over.
	Lost int `json:"lost"`
}

// OnCall is how often a second can be asked who is on call, on one processor.
type OnCall struct {
	PerSecond float64 `json:"per_second"`
}

// Whole is the history of one incident from alert to closing.
type Whole struct {
	Events int            `json:"events"`
	ByType map[string]int `json:"by_type"`
}

// Aim is a figure and the most that it should be.
type Aim struct {
	What  string  `json:"what"`
	Got   float64 `json:"got"`
	Limit float64 `json:"limit"`
}

// Met reports whether the aim is met.
func (a Aim) Met() bool { return a.Got <= a.Limit }

func (r *Report) aim(what string, got, limit float64) {
	r.Aims = append(r.Aims, Aim{What: what, Got: got, Limit: limit})
}

// Failed returns what must never happen and did: a page that was lost or came
// twice, a start that was not eager, a workflow task that failed, a storm that
// was more than one incident or one page. A missed aim is none of these.
func (r *Report) Failed() error {
	var problems []error
	never := func(n int, what string) {
		if n != 0 {
			problems = append(problems, fmt.Errorf("%d %s", n, what))
		}
	}
	for _, w := range r.Ways {
		never(w.Tocsin.Lost, w.Name+": pages lost")
		never(w.Tocsin.Doubled, w.Name+": pages doubled")
	}
	for _, s := range r.Storms {
		never(s.Incidents-1, "storm in "+s.How+": incidents too many")
		never(s.Pages-1, "storm in "+s.How+": pages too many")
	}
	if c := r.Crowd; c != nil {
		never(c.Lost, "crowd: incidents that nobody was told of")
	}
	if o := r.Open; o != nil {
		never(o.Lost, "open incidents: pages lost")
		never(o.Doubled, "open incidents: pages doubled")
	}
	if s := r.Steps; s != nil {
		never(s.Failed, "runs of steps that failed")
		never(s.Extra, "calls of steps beyond one for each")
	}
	never(r.Counts.NonEager, "starts that were not eager")
	never(r.Counts.FailedTasks, "failed workflow tasks")
	never(r.Counts.Renumbered, "incidents that gave their number up")
	never(r.Counts.Gone, "incidents believed to have no workflow")
	return errors.Join(problems...)
}
