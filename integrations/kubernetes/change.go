package kubernetes

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/changes"
)

// Source is the source of the changes that rollouts are.
const Source = "kubernetes"

// maxVersion bounds what is shown of images, maxTitle what is said of a rollout,
// in characters.
const (
	maxVersion = 120
	maxTitle   = 500
)

// Path is where the Deployment is, as the catalog names it: main/shop/payments.
func (r Rollout) Path(cluster string) string {
	return strings.Join([]string{cluster, r.Namespace, r.Name}, "/")
}

// Change is a rollout in a named cluster as a change of a service, heard of at
// a time: the clock of the cluster may be ahead. It says how it is undone where
// what ran before is known.
func (r Rollout) Change(cluster, service string, heard time.Time) changes.Change {
	c := changes.Change{
		ID: r.ID, Source: Source, Kind: changes.Deployment, Service: service, At: r.At,
		Title:   fmt.Sprintf("rollout %d of %s", r.Revision, r.Path(cluster)),
		Version: shown(r.Images, r.ImagesBefore, r.Revision), Before: shown(r.ImagesBefore, r.Images, r.Before),
	}
	if cause := changes.Line(r.Cause, keptText); cause != "" {
		c.Title = changes.Line(c.Title+": "+cause, maxTitle)
	}
	if c.At.After(heard) {
		c.At = heard
	}
	if r.Before != 0 {
		c.Undo = changes.Undo{Runbook: "kubernetes-rollback", Params: map[string]string{
			"cluster": cluster, "namespace": r.Namespace, "deployment": r.Name, "revision": strconv.FormatInt(r.Before, 10),
		}}
	}
	return c
}

// shown is what tells one revision from another: its images that the other has
// not, without their registry, or else its number.
func shown(images, others []string, revision int64) string {
	var own []string
	for _, image := range images {
		if !slices.Contains(others, image) {
			own = append(own, changes.Line(image[strings.LastIndex(image, "/")+1:], keptText))
		}
	}
	if revision == 0 {
		return ""
	}
	text := cmp.Or(strings.Join(own, ", "), fmt.Sprintf("revision %d", revision))
	if r := []rune(text); len(r) > maxVersion {
		return string(r[:maxVersion-1]) + "…"
	}
	return text
}
