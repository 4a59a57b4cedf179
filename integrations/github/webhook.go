// Package github reads the webhooks of GitHub: what was deployed, and what was
// pushed to the branch that is deployed from.
package github

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/changes"
	"github.com/tocsinhq/tocsin/incident"
)

// Source is what changes that GitHub reports have as their source.
const Source = "github"

// ParseWebhook checks the signature of a webhook over its raw body and says
// what was changed. Of the events it reads deployment_status and push; any other
// is an empty one. It fails with Unauthenticated when the signature is not
// that of the secret, or when there is no secret, and with Invalid when the body
// is not what GitHub sends.
//
// The events are described in GitHub's documentation, "Webhook events and
// payloads".
func ParseWebhook(secret string, header http.Header, body []byte) (changes.InRepository, error) {
	if secret == "" {
		return changes.InRepository{}, incident.Errorf(incident.Unauthenticated, "set TOCSIN_GITHUB_WEBHOOK_SECRET to take webhooks from GitHub")
	}
	if !isSigned(secret, header.Get("X-Hub-Signature-256"), body) {
		return changes.InRepository{}, incident.Errorf(incident.Unauthenticated,
			"the webhook's X-Hub-Signature-256 is not that of TOCSIN_GITHUB_WEBHOOK_SECRET")
	}
	read := map[string]func([]byte) (changes.InRepository, error){"deployment_status": deployment, "push": push}[header.Get("X-GitHub-Event")]
	if read == nil {
		return changes.InRepository{}, nil
	}
	out, err := read(body)
	if err != nil {
		return changes.InRepository{}, incident.Errorf(incident.Invalid, "the webhook is no %s of GitHub: send it as application/json", header.Get("X-GitHub-Event"))
	}
	return out, nil
}

func isSigned(secret, signature string, body []byte) bool {
	given, isSHA256 := strings.CutPrefix(signature, "sha256=")
	sum, err := hex.DecodeString(given)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return isSHA256 && err == nil && hmac.Equal(sum, mac.Sum(nil))
}

type repository struct {
	FullName      string `json:"full_name"`
	DefaultBranch string `json:"default_branch"`
}

type user struct {
	Login string `json:"login"`
}

// deployment reads a status of a deployment. It counts from the first status
// that says it is under way or over: from then on it may have broken something,
// also when it failed.
func deployment(body []byte) (changes.InRepository, error) {
	var in struct {
		Repository repository `json:"repository"`
		Status     struct {
			State       string    `json:"state"`
			CreatedAt   time.Time `json:"created_at"`
			TargetURL   string    `json:"target_url"`
			Environment string    `json:"environment"`
		} `json:"deployment_status"`
		Deployment struct {
			ID          int64  `json:"id"`
			SHA         string `json:"sha"`
			Ref         string `json:"ref"`
			Description string `json:"description"`
			Environment string `json:"environment"`
			Production  bool   `json:"production_environment"`
			Creator     user   `json:"creator"`
		} `json:"deployment"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return changes.InRepository{}, fmt.Errorf("decode a deployment status: %w", err)
	}
	d := in.Deployment
	if d.ID == 0 || in.Repository.FullName == "" || in.Status.State == "" {
		return changes.InRepository{}, incident.Errorf(incident.Invalid, "something is missing")
	}
	if !slices.Contains([]string{"in_progress", "success", "failure", "error"}, in.Status.State) {
		return changes.InRepository{}, nil
	}
	where := cmp.Or(in.Status.Environment, d.Environment)
	title := line(d.Description)
	if where != "" {
		title = strings.TrimSpace(title + " to " + line(where))
	}
	return changes.InRepository{Repository: in.Repository.FullName, Environment: where, Production: d.Production, Change: changes.Change{
		ID: fmt.Sprintf("deployment-%d", d.ID), Source: Source, Kind: changes.Deployment, Title: title,
		Version: version(d.Ref, d.SHA), Author: line(d.Creator.Login), Link: changes.Link(in.Status.TargetURL), At: in.Status.CreatedAt,
	}}, nil
}

// push reads a push, which counts when it is to the default branch, and from when
// it was pushed: a commit is as old as it was written, by the clock of whoever
// did. Where GitHub does not say when, it has no time.
func push(body []byte) (changes.InRepository, error) {
	var in struct {
		Ref        string `json:"ref"`
		After      string `json:"after"`
		Before     string `json:"before"`
		Deleted    bool   `json:"deleted"`
		Compare    string `json:"compare"`
		Repository struct {
			repository
			// PushedAt is a number of seconds here, and a text in other events.
			PushedAt any `json:"pushed_at"`
		} `json:"repository"`
		Sender user `json:"sender"`
		Head   struct {
			Message string `json:"message"`
		} `json:"head_commit"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return changes.InRepository{}, fmt.Errorf("decode a push: %w", err)
	}
	if in.Ref == "" || in.After == "" || in.Repository.FullName == "" {
		return changes.InRepository{}, incident.Errorf(incident.Invalid, "something is missing")
	}
	if in.Deleted || in.Ref != "refs/heads/"+in.Repository.DefaultBranch {
		return changes.InRepository{}, nil
	}
	var pushed time.Time
	if seconds, ok := in.Repository.PushedAt.(float64); ok && seconds > 0 {
		pushed = time.Unix(int64(seconds), 0).UTC()
	}
	return changes.InRepository{Repository: in.Repository.FullName, Change: changes.Change{
		ID: "push-" + changes.Line(in.After, maxSHA), Source: Source, Kind: changes.Push, Title: line(in.Head.Message),
		Version: short(in.After), Before: short(in.Before), Author: line(in.Sender.Login), Link: changes.Link(in.Compare), At: pushed,
	}}, nil
}

// version is what a deployment deploys: the name of a tag, else the commit.
func version(ref, sha string) string {
	if ref == "" || strings.Contains(sha, ref) {
		return short(sha)
	}
	return strings.TrimSpace(changes.Line(ref, maxRef) + " " + short(sha))
}

func short(sha string) string { return changes.Line(sha, maxShort) }

// How much is kept of what somebody else wrote, in characters.
const (
	maxLine  = 200
	maxRef   = 180 // before the commit
	maxSHA   = 64
	maxShort = 12
)

// line is the first line of a text that somebody else wrote, cut to what a
// change holds.
func line(text string) string { return changes.Line(text, maxLine) }
