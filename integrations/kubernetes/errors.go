package kubernetes

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
)

// maxReason bounds what the cluster says of an error.
const maxReason = 300

// fail gives the error of a request its kind. What was being done begins it.
func (c *Cluster) fail(doing string, err error) error {
	if err == nil || incident.KindOf(err) != "" {
		return err
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return unreached(doing, err)
	}
	kind := kindOf(status.Status())
	if kind == incident.Unavailable {
		failed := &incident.Error{Kind: kind, Message: doing + ": the cluster cannot answer now: " + reason(status.Status())}
		if seconds, ok := apierrors.SuggestsClientDelay(err); ok {
			failed.RetryAfter = time.Duration(seconds) * time.Second
		}
		return failed
	}
	return incident.Errorf(kind, "%s: %s", doing, c.said(status.Status()))
}

// kindOf says what an answer of the cluster means. Whatever it rejected it did
// not do.
func kindOf(s metav1.Status) incident.Kind {
	switch {
	case s.Code == http.StatusUnauthorized || s.Code == http.StatusForbidden:
		return incident.Forbidden
	case s.Code == http.StatusNotFound || s.Code == http.StatusGone:
		return incident.NotFound
	case s.Code == http.StatusConflict:
		return incident.Conflict
	case s.Code >= 400 && s.Code < 500 && s.Code != http.StatusTooManyRequests && s.Code != http.StatusRequestTimeout:
		return incident.Permanent
	}
	return incident.Unavailable
}

// reason is what the cluster calls its error. Its message may hold the address
// of what it could not reach.
func reason(s metav1.Status) string {
	if s.Reason == "" || s.Reason == metav1.StatusReasonUnknown {
		return strings.ToLower(http.StatusText(int(s.Code)))
	}
	return string(s.Reason)
}

// said is how the cluster explains a rejection, which the one who has to
// correct it needs: cut, on one line, and without the cluster's address.
func (c *Cluster) said(s metav1.Status) string {
	if s.Code == http.StatusUnauthorized {
		return "the cluster refuses the credentials"
	}
	text := strings.Join(strings.Fields(s.Message), " ")
	for _, host := range c.hidden {
		if host != "" {
			text = strings.ReplaceAll(text, host, "the cluster")
		}
	}
	if i := strings.Index(text, "://"); i >= 0 || text == "" {
		return "the cluster says " + reason(s)
	}
	return cut(text, maxReason)
}

// cut shortens a text to about n bytes without breaking a character.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}

// unreached is a request without an answer: what it asked for may have been
// done all the same.
func unreached(doing string, err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return incident.Errorf(incident.Unavailable, "%s: the cluster did not answer in time", doing)
	}
	return incident.Errorf(incident.Unavailable, "%s: the cluster cannot be reached: %s", doing, rest.Reason(err))
}

// mayDeployment returns an error when a Deployment is none that the systems
// file allows.
func (c *Cluster) mayDeployment(namespace, name string) error {
	switch {
	case !subdomain(name):
		return incident.Errorf(incident.Invalid, "%.63q is no name of a Deployment", name)
	case !slices.Contains(c.config.Namespaces, namespace):
		return incident.Errorf(incident.Forbidden, "the namespace %.63q is none of those that the systems file allows: %s",
			namespace, strings.Join(c.config.Namespaces, ", "))
	}
	return nil
}

// mayNode is mayDeployment for a node.
func (c *Cluster) mayNode(name string) error {
	switch {
	case !subdomain(name):
		return incident.Errorf(incident.Invalid, "%.63q is no name of a node", name)
	case !c.config.Nodes:
		return incident.Errorf(incident.Forbidden, "the systems file does not allow to change nodes of this cluster: set nodes to true")
	}
	return nil
}

// subdomain reports whether a name is one that objects can have.
func subdomain(name string) bool {
	if len(name) > 253 {
		return false
	}
	for part := range strings.SplitSeq(name, ".") {
		if !label.MatchString(part) {
			return false
		}
	}
	return true
}

// within bounds one request.
func (c *Cluster) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.config.Timeout)
}
