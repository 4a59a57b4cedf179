package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/labstack/echo/v4"

	"github.com/tocsinhq/tocsin/incident"
)

const (
	// defaultBody is how large a body may be where the contract does not say.
	defaultBody = 256 << 10
	// patience is how long a request may take, unless it is a stream.
	patience = 10 * time.Second
)

// operation is what the contract says of one operation.
type operation struct {
	route   *routers.Route
	open    bool
	basic   bool
	scope   string
	persons bool
	body    int64
	raw     bool
	stream  bool
	// keyed says that it takes an Idempotency-Key.
	keyed bool
	// away is what a caller is told who gets no answer.
	away string
}

// readContract returns every operation of the document by its id.
func readContract() (map[string]operation, error) {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	out := map[string]operation{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			route := &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: op}
			if out[op.OperationID], err = readOperation(route); err != nil {
				return nil, fmt.Errorf("read the contract: %s %s: %w", method, path, err)
			}
		}
	}
	return out, nil
}

// readOperation fails when the document forgets to say who may call: nothing
// is open by mistake.
func readOperation(route *routers.Route) (operation, error) {
	op := route.Operation
	out := operation{route: route, body: defaultBody}
	out.persons, _ = op.Extensions["x-persons-only"].(bool)
	out.raw, _ = op.Extensions["x-raw-body"].(bool)
	if limit, ok := op.Extensions["x-body-limit"].(float64); ok {
		out.body = int64(limit)
	}
	if ok := op.Responses.Value("200"); ok != nil && ok.Value.Content["text/event-stream"] != nil {
		out.stream = true
	}
	out.open = op.Security != nil && len(*op.Security) == 0
	if op.Security != nil {
		for _, requirement := range *op.Security {
			_, basic := requirement["basic"]
			out.basic = out.basic || basic
		}
	}
	scope, said := op.Extensions["x-scope"].(string)
	if !said && !out.open {
		return out, errors.New("x-scope is missing")
	}
	out.scope = scope
	out.keyed = op.Parameters.GetByInAndName(openapi3.ParameterInHeader, idempotencyKey) != nil
	out.away = out.adviseWhenAway()
	return out, nil
}

// enforce holds a request against the contract, then lets it through.
func (s *server) enforce(op operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			who, err := s.admit(r, op)
			if err != nil {
				return err
			}
			ctx := context.WithValue(r.Context(), callerKey{}, who)
			if !op.stream {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, patience)
				defer cancel()
			}
			leave, err := s.makeRoom(ctx, op, r)
			if err != nil {
				return err
			}
			defer leave()
			r = r.WithContext(ctx)
			body, err := op.check(c, r)
			if err != nil {
				return err
			}
			if op.raw {
				who.target, who.body = c.Request().RequestURI, body
				r = r.WithContext(context.WithValue(ctx, callerKey{}, who))
			}
			if op.keyed {
				giveKey(r, c.Response())
			}
			c.SetRequest(r)
			return next(c)
		}
	}
}

// admit says who is asking, when they may.
func (s *server) admit(r *http.Request, op operation) (caller, error) {
	who := caller{via: "api", json: wantsJSON(r), away: op.away}
	if strings.HasPrefix(r.UserAgent(), "tocsin-cli/") {
		who.via = "cli"
	}
	if op.open {
		return who, nil
	}
	var err error
	who.identity, err = s.auth.identify(r, op.basic)
	switch {
	case err != nil:
		return who, err
	case !s.present(r.Context(), who.identity.actor()):
		return who, absent(who.identity.actor())
	case op.persons && !who.identity.person():
		return who, incident.Errorf(incident.Forbidden, "only a person can do this: of the commands, a machine may only write notes and add links")
	case !who.identity.has(op.scope):
		return who, incident.Errorf(incident.Forbidden, "the token needs the scope %q", op.scope)
	}
	return who, nil
}
