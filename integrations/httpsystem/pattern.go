package httpsystem

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tocsinhq/tocsin/incident"
)

// call is a Call whose patterns are compiled.
type call struct {
	Call
	segments []string
	where    map[string]*regexp.Regexp
}

var (
	braced   = regexp.MustCompile(`\{([a-z][a-z0-9_]*)\}`)
	anything = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)
)

// theIncident is the one placeholder that is not of the path.
const theIncident = "incident"

func compile(c Call) (call, error) {
	if problem := c.problem(); problem != "" {
		return call{}, incident.Errorf(incident.Invalid, "%s", problem)
	}
	out := call{Call: c, where: map[string]*regexp.Regexp{}}
	segments, err := split(c.Path)
	if err != nil {
		return call{}, incident.Errorf(incident.Invalid, "its path %w", err)
	}
	out.segments = segments
	for _, s := range segments {
		name, is := placeholder(s)
		switch {
		case !is && strings.ContainsAny(s, "{}"):
			return call{}, incident.Errorf(incident.Invalid, "its path has braces that are not a whole part, such as /{name}/")
		case is && (name == theIncident || out.where[name] != nil):
			return call{}, incident.Errorf(incident.Invalid, "its path has {%s}, which means something already", name)
		case is:
			out.where[name] = anything
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Where)) {
		if out.where[name] == nil {
			return call{}, incident.Errorf(incident.Invalid, "where says what {%s} is, and its path has none", name)
		}
		if out.where[name], err = regexp.Compile(`^(?:` + c.Where[name] + `)$`); err != nil {
			return call{}, incident.Errorf(incident.Invalid, "where says of {%s} what is no regular expression", name)
		}
	}
	return out, out.knows()
}

// knows returns an Invalid error when a field names what the path does not
// have.
func (c call) knows() error {
	texts := leaves(c.Body)
	texts = append(texts, values(c.Query)...)
	if c.Verify != nil {
		texts = append(append(texts, c.Verify.Path, c.Verify.Holds), values(c.Verify.Query)...)
	}
	if c.Undo != nil {
		texts = append(append(append(texts, c.Undo.Path), leaves(c.Undo.Body)...), values(c.Undo.Query)...)
	}
	for _, text := range texts {
		for _, found := range braced.FindAllStringSubmatch(text, -1) {
			if c.where[found[1]] == nil && found[1] != theIncident {
				return incident.Errorf(incident.Invalid, "{%s} is not in its path", found[1])
			}
		}
	}
	return nil
}

func values(m map[string]string) []string { return slices.Collect(maps.Values(m)) }

// leaves lists the texts in a value of YAML.
func leaves(value any) []string {
	var out []string
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		for _, item := range v {
			out = append(out, leaves(item)...)
		}
	case map[string]any:
		for _, item := range v {
			out = append(out, leaves(item)...)
		}
	}
	return out
}

// match returns what stands in a path for each placeholder.
func (c call) match(path []string) (map[string]string, bool) {
	if len(path) != len(c.segments) {
		return nil, false
	}
	found := map[string]string{}
	for n, segment := range c.segments {
		name, is := placeholder(segment)
		switch {
		case !is && segment != path[n]:
			return nil, false
		case is && !c.where[name].MatchString(path[n]):
			return nil, false
		case is:
			found[name] = path[n]
		}
	}
	return found, true
}

func placeholder(segment string) (name string, is bool) {
	found := braced.FindStringSubmatch(segment)
	if found == nil || found[0] != segment {
		return "", false
	}
	return found[1], true
}

// split takes a path apart. None of its parts can lead elsewhere.
func split(path string) ([]string, error) {
	rest, rooted := strings.CutPrefix(path, "/")
	if !rooted {
		return nil, incident.Errorf(incident.Invalid, "must begin with /")
	}
	parts := strings.Split(rest, "/")
	for _, part := range parts {
		switch {
		case part == "" || part == "." || part == "..":
			return nil, incident.Errorf(incident.Invalid, "must not have empty parts, nor . or ..")
		case !utf8.ValidString(part) || strings.ContainsFunc(part, unicode.IsControl) || strings.ContainsAny(part, `?#\`):
			return nil, incident.Errorf(incident.Invalid, "must not hold ?, #, a backslash or what cannot be printed")
		}
	}
	return parts, nil
}

// fill puts in a text what its placeholders stand for.
func fill(text string, with map[string]string) string {
	return braced.ReplaceAllStringFunc(text, func(found string) string { return with[strings.Trim(found, "{}")] })
}

// filled is a value of YAML whose texts are filled in: what is filled in stays
// text, whatever it holds.
func filled(value any, with map[string]string) any {
	switch v := value.(type) {
	case string:
		return fill(v, with)
	case []any:
		out := make([]any, len(v))
		for n, item := range v {
			out[n] = filled(item, with)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[key] = filled(item, with)
		}
		return out
	default:
		return value
	}
}
