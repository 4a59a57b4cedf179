package githubactions

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
	"github.com/tocsinhq/tocsin/systems"
)

const (
	// perPage and maxPages bound how many runs are looked through for one key.
	perPage  = 50
	maxPages = 4
	// skew is how far the clocks of GitHub and of a worker may be apart.
	skew = 5 * time.Minute
	// maxJobs is how many jobs that failed are named, maxName how long a name is,
	// in bytes.
	maxJobs = 20
	maxName = 100
)

// run is one as GitHub describes it.
type run struct {
	ID         int64     `json:"id"`
	Number     int       `json:"run_number"`
	Title      string    `json:"display_title"`
	Event      string    `json:"event"`
	Status     string    `json:"status"`
	Conclusion string    `json:"conclusion"`
	Created    time.Time `json:"created_at"`
}

func (r run) plain() systems.WorkflowRun {
	return systems.WorkflowRun{ID: r.ID, Number: r.Number, State: word(r.Status), Conclusion: word(r.Conclusion)}
}

var words = regexp.MustCompile(`^[a-z_]{0,40}$`)

// word is a state as GitHub has them.
func word(text string) string {
	if !words.MatchString(text) {
		return "unknown"
	}
	return text
}

// State says whether a workflow is active. It fails with NotFound, Forbidden or
// Unavailable.
func (s *System) State(ctx context.Context, r systems.WorkflowRequest) (string, error) {
	a, err := s.find(r)
	if err != nil {
		return "", err
	}
	var w struct{ State string }
	err = s.get(ctx, "/workflows/"+a.File, &w)
	return word(w.State), err
}

// FindRun looks for the run that shows a key, among those that were dispatched
// since a time. It is nil when there is none to be seen, which need not mean that
// there is none: a run shows some time after it was dispatched.
func (s *System) FindRun(ctx context.Context, r systems.WorkflowRequest, key string, since time.Time) (*systems.WorkflowRun, error) {
	a, err := s.find(r)
	if err != nil {
		return nil, err
	}
	if a.KeyInput == "" || key == "" {
		return nil, incident.Errorf(incident.Invalid, "%s shows no key: give it a key_input in the systems file", a.Name)
	}
	since = since.Add(-skew)
	for page := 1; page <= maxPages; page++ {
		var found struct {
			Runs []run `json:"workflow_runs"`
		}
		// No filter of GitHub's: those look in an index that lags behind.
		if err := s.get(ctx, fmt.Sprintf("/workflows/%s/runs?per_page=%d&page=%d", a.File, perPage, page), &found); err != nil {
			return nil, err
		}
		for _, r := range found.Runs {
			if r.Event == "workflow_dispatch" && !r.Created.Before(since) && shows(r.Title, key) {
				return new(r.plain()), nil
			}
		}
		if n := len(found.Runs); n < perPage || found.Runs[n-1].Created.Before(since) {
			return nil, nil //nolint:nilnil // there is none
		}
	}
	return nil, incident.Errorf(incident.Unavailable, "there are more than %d runs since", perPage*maxPages)
}

// shows reports whether a title holds a key, and not a longer one.
func shows(title, key string) bool {
	for {
		before, after, found := strings.Cut(title, key)
		if !found {
			return false
		}
		if !strings.ContainsAny(last(before)+first(after), keyLetters) {
			return true
		}
		title = after
	}
}

// keyLetters are those that keys are made of.
const keyLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-_"

func first(text string) string { return text[:min(1, len(text))] }

func last(text string) string { return text[len(text)-min(1, len(text)):] }

// Run says how a run stands.
func (s *System) Run(ctx context.Context, id int64) (systems.WorkflowRun, error) {
	var r run
	err := s.get(ctx, fmt.Sprintf("/runs/%d", id), &r)
	return r.plain(), err
}

// FailedJobs lists the jobs of a run, at its last attempt, that did not end well.
func (s *System) FailedJobs(ctx context.Context, id int64) ([]systems.WorkflowJob, error) {
	var found struct {
		Jobs []struct {
			Name, Conclusion string
			Steps            []struct{ Name, Conclusion string }
		}
	}
	if err := s.get(ctx, fmt.Sprintf("/runs/%d/jobs?filter=latest&per_page=100", id), &found); err != nil {
		return nil, err
	}
	var out []systems.WorkflowJob
	for _, j := range found.Jobs {
		if well(j.Conclusion) || len(out) == maxJobs {
			continue
		}
		job := systems.WorkflowJob{Name: named(j.Name), Conclusion: word(j.Conclusion)}
		for _, step := range j.Steps {
			if !well(step.Conclusion) {
				job.Step = named(step.Name)
				break
			}
		}
		out = append(out, job)
	}
	return out, nil
}

func well(conclusion string) bool {
	switch conclusion {
	case "", "success", "skipped", "neutral":
		return true
	}
	return false
}

// named is a name on one line.
func named(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
	return strings.ToValidUTF8(text[:min(len(text), maxName)], "")
}

func (s *System) get(ctx context.Context, path string, out any) error {
	err := s.client.JSON(ctx, rest.Call{Method: http.MethodGet, URL: s.base + path, Header: s.header}, out)
	if incident.KindOf(err) == incident.Unavailable {
		return err
	}
	return judged(err)
}
