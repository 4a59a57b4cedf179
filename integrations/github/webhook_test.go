package github_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/changes"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/github"
)

func signed(event, body string) http.Header {
	mac := hmac.New(sha256.New, []byte("s3cret"))
	mac.Write([]byte(body))
	h := http.Header{}
	h.Set("X-GitHub-Event", event)
	h.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	return h
}

const status = `{"action": "created",
	"deployment_status": {"state": "STATE", "created_at": "2026-03-01T01:57:00Z", "environment": "production", "target_url": "https://github.com/acme/payments/actions/runs/1"},
	"deployment": {"id": 42, "sha": "4711aaaabbbbccccdddd", "ref": "v2.4.0", "description": "Release", "environment": "production", "creator": {"login": "alice"}},
	"repository": {"full_name": "acme/payments", "default_branch": "main"}}`

var at = time.Date(2026, 3, 1, 1, 57, 0, 0, time.UTC)

func TestADeploymentCountsFromWhenItIsUnderWay(t *testing.T) {
	for state, counts := range map[string]bool{
		"in_progress": true, "success": true, "failure": true, "error": true, "queued": false, "pending": false, "inactive": false,
	} {
		body := strings.Replace(status, "STATE", state, 1)
		event, err := github.ParseWebhook("s3cret", signed("deployment_status", body), []byte(body))
		require.NoError(t, err)
		if !counts {
			require.Equal(t, changes.InRepository{}, event, state)
			continue
		}
		require.Equal(t, changes.InRepository{Repository: "acme/payments", Environment: "production", Change: changes.Change{
			ID: "deployment-42", Source: "github", Kind: changes.Deployment, Title: "Release to production", Version: "v2.4.0 4711aaaabbbb",
			Author: "alice", Link: "https://github.com/acme/payments/actions/runs/1", At: at,
		}}, event)
	}
}

func TestWhereADeploymentGoesIsTold(t *testing.T) {
	body := strings.NewReplacer("STATE", "success", `"environment": "production", "target`, `"environment": "", "target`,
		`"environment": "production", "creator"`, `"environment": "eu", "production_environment": true, "creator"`).Replace(status)
	event, err := github.ParseWebhook("s3cret", signed("deployment_status", body), []byte(body))
	require.NoError(t, err)
	require.Equal(t, "eu", event.Environment)
	require.True(t, event.Production)
	require.Equal(t, "Release to eu", event.Change.Title)
}

func TestAnOddAddressLosesTheLinkAndNotTheChange(t *testing.T) {
	for _, address := range []string{"https://", "https:///runs/1", "https://ci.example.org/%zz"} {
		body := strings.NewReplacer("STATE", "success", "https://github.com/acme/payments/actions/runs/1", address).Replace(status)
		event, err := github.ParseWebhook("s3cret", signed("deployment_status", body), []byte(body))
		require.NoError(t, err)
		c := event.Change
		c.Service = "payments"
		require.NoError(t, c.Check(at), address)
	}
}

func TestALongNameLosesItsEndAndNotTheChange(t *testing.T) {
	for _, body := range []string{
		strings.NewReplacer("STATE", "success", "v2.4.0", strings.Repeat("v", 199)).Replace(status),
		strings.NewReplacer("STATE", "success", "4711aaaabbbbccccdddd", "4711aaaabbbä").Replace(status),
	} {
		event, err := github.ParseWebhook("s3cret", signed("deployment_status", body), []byte(body))
		require.NoError(t, err)
		c := event.Change
		c.Service = "payments"
		require.NoError(t, c.Check(at))
	}
}

func TestAPushCountsOnTheDefaultBranch(t *testing.T) {
	body := `{"ref": "refs/heads/main", "after": "4711aaaabbbbccccdddd", "before": "0815bbbb0815bbbb", "deleted": false,
		"compare": "https://github.com/acme/payments/compare/a...b", "repository": {"full_name": "acme/payments", "default_branch": "main", "pushed_at": 1772330220},
		"sender": {"login": "alice"}, "head_commit": {"message": "Retry\u001b[31m less\nand more", "timestamp": "2026-02-22T02:57:00+01:00"}}`
	event, err := github.ParseWebhook("s3cret", signed("push", body), []byte(body))
	require.NoError(t, err)
	require.Equal(t, changes.Change{
		ID: "push-4711aaaabbbbccccdddd", Source: "github", Kind: changes.Push, Title: "Retry[31m less", Version: "4711aaaabbbb", Before: "0815bbbb0815",
		Author: "alice", Link: "https://github.com/acme/payments/compare/a...b", At: at,
	}, event.Change, "an old commit that is pushed now is as new as its push")
	unsaid := strings.Replace(body, "1772330220", `"2026-03-01T01:57:00Z"`, 1)
	event, err = github.ParseWebhook("s3cret", signed("push", unsaid), []byte(unsaid))
	require.NoError(t, err)
	require.Zero(t, event.Change.At)
	for _, other := range []string{
		strings.Replace(body, "heads/main", "heads/feature", 1), strings.Replace(body, `"deleted": false`, `"deleted": true`, 1),
		strings.Replace(body, "refs/heads/main", "refs/tags/v1", 1),
	} {
		event, err := github.ParseWebhook("s3cret", signed("push", other), []byte(other))
		require.NoError(t, err)
		require.Equal(t, changes.InRepository{}, event)
	}
}

func TestWhatIsNotGitHubsIsRefused(t *testing.T) {
	body := strings.Replace(status, "STATE", "success", 1)
	for name, test := range map[string]struct {
		secret string
		header http.Header
		body   string
		want   incident.Kind
	}{
		"no secret":     {"", signed("push", body), body, incident.Unauthenticated},
		"no signature":  {"s3cret", http.Header{}, body, incident.Unauthenticated},
		"other body":    {"s3cret", signed("push", body), body + " ", incident.Unauthenticated},
		"another's":     {"other", signed("push", body), body, incident.Unauthenticated},
		"no JSON":       {"s3cret", signed("push", "payload=x"), "payload=x", incident.Invalid},
		"empty":         {"s3cret", signed("push", "{}"), "{}", incident.Invalid},
		"no deployment": {"s3cret", signed("deployment_status", "{}"), "{}", incident.Invalid},
	} {
		_, err := github.ParseWebhook(test.secret, test.header, []byte(test.body))
		require.Equal(t, test.want, incident.KindOf(err), name)
		require.NotContains(t, err.Error(), "s3cret")
	}
	event, err := github.ParseWebhook("s3cret", signed("ping", "{}"), []byte("{}"))
	require.NoError(t, err)
	require.Equal(t, changes.InRepository{}, event)
}

func FuzzParseWebhook(f *testing.F) {
	f.Add("push", `{"ref": "refs/heads/main"}`)
	f.Add("deployment_status", status)
	f.Fuzz(func(t *testing.T, event, body string) {
		got, err := github.ParseWebhook("s3cret", signed(event, body), []byte(body))
		if err != nil || got.Repository == "" {
			return
		}
		c := got.Change
		c.Service = "payments"
		if c.At.IsZero() || c.At.After(at) {
			c.At = at
		}
		require.NoError(t, c.Check(at), "whatever GitHub sends can be kept: %q", body)
	})
}
