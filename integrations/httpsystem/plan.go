package httpsystem

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/systems"
)

// request is one that may be made.
type request struct {
	method, path string
	query        url.Values
	body         []byte
	expect       []int
	// holds is what the answer to a verification holds.
	holds string
	call  call
	with  map[string]string
}

// Plan says which request would be made. It fails with Forbidden when the file
// lists none that fits, with Invalid when a path or a body is none.
func (s *System) Plan(r systems.HTTPRequest) (systems.HTTPPlan, error) {
	req, err := s.request(r)
	if err != nil {
		return systems.HTTPPlan{}, err
	}
	plan := systems.HTTPPlan{
		Line: req.line(), Body: string(req.body), Keyed: s.config.HonoursKeys, Slow: s.config.Timeout > quick, Covers: req.covers(s),
	}
	if r.Part == "" {
		plan.Undone = req.call.Undo != nil
		plan.Verify, err = req.verified()
	}
	return plan, err
}

// request is what the file allows that fits.
func (s *System) request(r systems.HTTPRequest) (request, error) {
	path, err := split(r.Path)
	if err != nil {
		return request{}, incident.Errorf(incident.Invalid, "the path %w", err)
	}
	for _, c := range s.calls {
		with, fits := c.match(path)
		if !fits || c.Method != r.Method {
			continue
		}
		with[theIncident] = r.Incident
		req, err := c.request(path, with, r)
		switch {
		case err != nil:
			return request{}, err
		case r.Part == "":
			return req, nil
		case r.Part == systems.HTTPVerify && c.Verify != nil:
			return req.verification()
		case r.Part == systems.HTTPUndo && c.Undo != nil:
			return req.undo()
		}
		return request{}, incident.Errorf(incident.Invalid, "the systems file says no %s of this call of %s", r.Part, s.config.Name)
	}
	return request{}, incident.Errorf(incident.Forbidden, "the systems file allows no such %s of %s: list it among its calls", r.Method, s.config.Name)
}

func (c call) request(path []string, with map[string]string, r systems.HTTPRequest) (request, error) {
	req := request{method: c.Method, path: escaped(path), query: queryOf(c.Query, with), expect: c.Expect, call: c, with: with}
	switch {
	case r.Body != "" && !c.TakesBody:
		return req, incident.Errorf(incident.Invalid, "this call takes no body: the systems file says what is sent")
	case c.TakesBody && !json.Valid([]byte(r.Body)):
		return req, incident.Errorf(incident.Invalid, "this call takes a body, which must be JSON")
	case c.TakesBody:
		req.body = []byte(r.Body)
		return req, nil
	}
	var err error
	req.body, err = bodyOf(c.Body, with)
	return req, err
}

func (r request) verification() (request, error) {
	v := r.call.Verify
	path, err := pathOf(v.Path, r.with)
	return request{method: http.MethodGet, path: path, query: queryOf(v.Query, r.with), holds: fill(v.Holds, r.with)}, err
}

// verified says what holds once the request took effect, or nothing.
func (r request) verified() (string, error) {
	if r.call.Verify == nil {
		return "", nil
	}
	v, err := r.verification()
	return fmt.Sprintf("%s answers with %s", v.line(), v.holds), err
}

func (r request) undo() (request, error) {
	u := r.call.Undo
	path, err := pathOf(u.Path, r.with)
	if err != nil {
		return request{}, err
	}
	body, err := bodyOf(u.Body, r.with)
	return request{method: u.Method, path: path, query: queryOf(u.Query, r.with), body: body, expect: u.Expect}, err
}

// pathOf fills in each part of a path of the file by itself, so that none
// becomes two.
func pathOf(pattern string, with map[string]string) (string, error) {
	segments, err := split(pattern)
	if err != nil {
		return "", incident.Errorf(incident.Invalid, "a path of the systems file %w", err)
	}
	for n, s := range segments {
		segments[n] = fill(s, with)
	}
	return escaped(segments), nil
}

func queryOf(query, with map[string]string) url.Values {
	out := url.Values{}
	for key, value := range query {
		out.Set(key, fill(value, with))
	}
	return out
}

func bodyOf(body any, with map[string]string) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	data, err := json.Marshal(filled(body, with))
	if err != nil {
		return nil, incident.Errorf(incident.Invalid, "the body in the systems file cannot be put as JSON")
	}
	return data, nil
}

func (r request) line() string {
	if len(r.query) == 0 {
		return r.method + " " + r.path
	}
	return r.method + " " + r.path + "?" + r.query.Encode()
}

// covers identifies the request and how its answer is judged and its effect
// verified, with where it goes: what an approval was given for.
func (r request) covers(s *System) string {
	sum := sha256.New()
	verified, _ := r.verified() // what is none was never planned
	for _, part := range []string{s.base, r.line(), string(r.body), fmt.Sprint(r.expect), fmt.Sprint(s.config.HonoursKeys), verified} {
		fmt.Fprintf(sum, "%d %s\n", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}

// expects reports whether a status means that the request was obeyed.
func (r request) expects(status int) bool {
	if len(r.expect) == 0 {
		return status >= 200 && status <= 299
	}
	return slices.Contains(r.expect, status)
}
