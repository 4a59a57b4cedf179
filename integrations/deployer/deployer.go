// Package deployer speaks to a deploy target: whatever tells over HTTP what
// of a service is deployed, and goes back to an earlier revision when it is
// told to. The interface is three operations that exchange JSON, below a base
// address and with a bearer token:
//
//	GET  {base}/services/{name}
//	POST {base}/services/{name}/rollback
//	GET  {base}/operations/{id}
//
// Package sandbox/deployer defines their bodies and answers, and is one that
// works.
package deployer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
)

// Config says where the deploy target is.
type Config struct {
	// URL is the base address of the interface.
	URL string
	// Token is sent as a bearer token; empty sends none.
	Token string
	// Timeout bounds one request; zero is 10 seconds.
	Timeout time.Duration
}

// Deployer is a deploy target. It is safe for concurrent use.
type Deployer struct {
	base   string
	header http.Header
	client *rest.Client
}

// New returns the configured deploy target. It fails with Invalid when its
// address is none.
func New(config Config) (*Deployer, error) {
	base, err := rest.ParseBase(config.URL)
	if err != nil {
		return nil, fmt.Errorf("correct TOCSIN_DEPLOYER_URL: %w", err)
	}
	d := &Deployer{
		base: strings.TrimRight(base.String(), "/"), header: http.Header{},
		client: rest.New(rest.Config{
			Name: "the deploy target", Timeout: config.Timeout, Credentials: "TOCSIN_DEPLOYER_TOKEN",
			Explain: explain, Secrets: []string{config.Token, base.Host},
		}),
	}
	if config.Token != "" {
		d.header.Set("Authorization", "Bearer "+config.Token)
	}
	return d, nil
}

// explain is the detail of a problem (RFC 9457).
func explain(body []byte) string {
	var problem struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}
	if json.Unmarshal(body, &problem) != nil {
		return ""
	}
	if problem.Detail == "" {
		return problem.Title
	}
	return problem.Detail
}

type deployed struct {
	Service    string     `json:"service"`
	Revision   string     `json:"revision"`
	Version    string     `json:"version"`
	DeployedAt time.Time  `json:"deployed_at"`
	DeployedBy string     `json:"deployed_by"`
	Previous   []revision `json:"previous"`
}

type revision struct {
	Revision   string    `json:"revision"`
	Version    string    `json:"version"`
	DeployedAt time.Time `json:"deployed_at"`
}

// Deployed says what runs at a target and what ran before. A target that the
// other side does not know is NotFound.
func (d *Deployer) Deployed(ctx context.Context, target string) (incident.Deployment, error) {
	var answer deployed
	err := d.call(ctx, http.MethodGet, []string{"services", target}, nil, &answer)
	if err == nil && (answer.Service != target || answer.Revision == "") {
		err = incident.Errorf(incident.Unavailable, "the deploy target answered no deployment, check TOCSIN_DEPLOYER_URL")
	}
	if err != nil {
		return incident.Deployment{}, fmt.Errorf("read what is deployed: %w", err)
	}
	out := incident.Deployment{
		Target: target, Revision: answer.Revision, Version: answer.Version,
		At: answer.DeployedAt, By: answer.DeployedBy,
	}
	for _, p := range answer.Previous {
		out.Previous = append(out.Previous, incident.Revision{Revision: p.Revision, Version: p.Version, At: p.DeployedAt})
	}
	return out, nil
}

type rollback struct {
	To       string `json:"to_revision"`
	Expected string `json:"expected_revision"`
	Key      string `json:"idempotency_key"`
	Reason   string `json:"reason"`
}

// Rollback orders a target back. A repeat with the same key is answered with
// the same operation, as it now is. It fails with Conflict when another
// revision than expected runs, or something else is being done to the target;
// with Unavailable when it may or may not have been ordered.
func (d *Deployer) Rollback(ctx context.Context, r incident.Rollback) (incident.Operation, error) {
	if r.To == "" || r.Expected == "" || r.Key == "" {
		return incident.Operation{}, incident.Errorf(incident.Invalid, "a rollback names a revision to go to, the one expected and a key")
	}
	order := rollback{To: r.To, Expected: r.Expected, Key: r.Key, Reason: r.Reason}
	op, err := d.operation(ctx, http.MethodPost, r.Target, []string{"services", r.Target, "rollback"}, order)
	if err != nil {
		return incident.Operation{}, fmt.Errorf("order the rollback: %w", err)
	}
	return op, nil
}

// Operation says how far a rollback of a target is.
func (d *Deployer) Operation(ctx context.Context, target, id string) (incident.Operation, error) {
	op, err := d.operation(ctx, http.MethodGet, target, []string{"operations", id}, nil)
	if err != nil {
		return incident.Operation{}, fmt.Errorf("read the rollback: %w", err)
	}
	return op, nil
}

func (d *Deployer) operation(ctx context.Context, method, target string, path []string, body any) (incident.Operation, error) {
	var answer struct {
		Service string `json:"service"`
		incident.Operation
	}
	if err := d.call(ctx, method, path, body, &answer); err != nil {
		return incident.Operation{}, err
	}
	known := slices.Contains([]string{"running", "done", "failed"}, answer.State)
	if answer.ID == "" || answer.Service != target || !known {
		return incident.Operation{}, incident.Errorf(incident.Unavailable,
			"the deploy target answered no operation of this service, check TOCSIN_DEPLOYER_URL")
	}
	return answer.Operation, nil
}

func (d *Deployer) call(ctx context.Context, method string, path []string, body, out any) error {
	parts := []string{d.base}
	for _, part := range path {
		if part == "" || part == "." || part == ".." {
			return incident.Errorf(incident.Invalid, "%q names nothing at the deploy target", part)
		}
		parts = append(parts, url.PathEscape(part))
	}
	err := d.client.JSON(ctx, rest.Call{Method: method, URL: strings.Join(parts, "/"), Header: d.header, Body: body}, out)
	if status, ok := errors.AsType[*rest.StatusError](err); ok && status.Code == http.StatusNotFound {
		return incident.Errorf(incident.NotFound, "%w", err)
	}
	return err
}
