package catalog

import (
	"errors"
	"fmt"

	"github.com/tocsinhq/tocsin/catalog/expr"
)

// rule is a route that is ready to be asked.
type rule struct {
	*Route
	when *expr.Expr
	// wrong says why the condition cannot be used: an earlier release took
	// it. The route never matches then, and the rest of the catalog works.
	wrong error
}

func (r *rule) match(s *expr.Subject) (bool, error) {
	if r.when == nil {
		return false, r.wrong
	}
	return r.when.Match(s)
}

// reader returns what compiles the conditions of a catalog.
func (c *Catalog) reader() (*expr.Reader, error) {
	hours := make(expr.Hours, len(c.AllHours))
	for _, h := range c.AllHours {
		hours[h.ID] = h.Clock().Holds
	}
	r, err := expr.NewReader(hours)
	if err != nil {
		return nil, fmt.Errorf("routes: %w", err)
	}
	return r, nil
}

// addRules compiles the routes.
func (x *index) addRules(c *Catalog) error {
	if len(c.Routes) == 0 {
		return nil
	}
	reader, err := c.reader()
	if err != nil {
		return err
	}
	x.rules = make([]rule, len(c.Routes))
	for i := range c.Routes {
		r := rule{Route: &c.Routes[i]}
		r.when, r.wrong = reader.Compile(r.When)
		x.rules[i] = r
	}
	return nil
}

// maxRoutes bounds what is asked about each alert.
const maxRoutes = 200

// routes checks the rules about alerts.
func (k *checker) routes() {
	if len(k.c.Routes) == 0 {
		return
	}
	if n := len(k.c.Routes); n > maxRoutes {
		k.report("routes", "has %d routes: write at most %d", n, maxRoutes)
		return
	}
	reader, err := k.c.reader()
	k.wrong("routes", err)
	seen := map[string]bool{}
	for i, r := range k.c.Routes {
		key := fmt.Sprintf("routes[%d]", i)
		switch {
		case !idForm.MatchString(r.Name):
			k.report(key+".name", "must be 1 to 63 letters, digits, dots, dashes and underscores")
		case seen[r.Name]:
			k.report(key+".name", "there is another route %q", r.Name)
		}
		seen[r.Name] = true
		k.route(key, r)
		if err == nil {
			k.condition(key+".when", reader, r)
		}
	}
}

// condition reports all that is wrong with a route's condition, in one line.
func (k *checker) condition(key string, reader *expr.Reader, r Route) {
	when, err := reader.Compile(r.When)
	if problems, ok := errors.AsType[expr.Problems](err); ok {
		k.report(key, "%s", problems)
		return
	}
	k.wrong(key, err)
	if err == nil && when.Varies() && (r.Service != "" || len(r.GroupBy) > 0) {
		k.report(key, "looks at now, during or status, and the route sets service or group_by: "+
			"the end of an alert would not find the incident that its beginning opened")
	}
}

func (k *checker) route(key string, r Route) {
	if r.Service != "" {
		k.refer(key+".service", "service", r.Service)
	}
	if r.Urgency != "" {
		oneOf(k, key+".urgency", r.Urgency, Urgent, Ordinary, NotPaged)
	}
	if r.Severity != "" {
		oneOf(k, key+".severity", r.Severity, Levels()...)
	}
	for j, label := range r.GroupBy {
		k.demand(fmt.Sprintf("%s.group_by[%d]", key, j), label)
	}
	if r.Page != nil && !*r.Page && r.Urgency != "" && r.Urgency != NotPaged {
		k.report(key+".page", "is false, and the urgency is %s: leave one of them out", r.Urgency)
	}
	if r.decides() == 0 {
		k.report(key, "decides nothing: set service, urgency, severity, group_by, page or hold")
	}
}

// decides counts what a route names.
func (r Route) decides() int {
	n := 0
	for _, named := range []bool{
		r.Service != "", r.Urgency != "", r.Severity != "", len(r.GroupBy) > 0, r.Page != nil, r.Hold != nil,
	} {
		if named {
			n++
		}
	}
	return n
}
