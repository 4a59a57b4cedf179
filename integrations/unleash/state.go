package unleash

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
	"github.com/tocsinhq/tocsin/systems"
)

// feature is a flag as Unleash describes it.
type feature struct {
	Name         string
	Project      string
	Type         string
	Stale        bool
	Archived     bool
	Environments []environment
}

type environment struct {
	Name       string
	Enabled    bool
	LastSeen   *time.Time `json:"lastSeenAt"`
	Strategies []json.RawMessage
}

// strategy is what is shown of one.
type strategy struct {
	Name        string
	Disabled    bool
	Parameters  map[string]any
	Constraints []any
	Segments    []any
	Variants    []any
}

const (
	// maxRules is how many strategies are named, maxWords how long a word of
	// Unleash's is, in bytes.
	maxRules = 10
	maxWords = 40
)

// State says how a flag stands in the environment. It fails with Invalid or
// Forbidden for a flag that the file does not allow, with NotFound when the
// project has no such flag or the flag no such environment, with Refused when it
// is archived, with Forbidden when the token does not suffice, and with
// Unavailable when that cannot be said.
func (s *System) State(ctx context.Context, flag string) (systems.FlagState, error) {
	if err := s.allows(flag); err != nil {
		return systems.FlagState{}, err
	}
	var f feature
	err := s.client.JSON(ctx, rest.Call{Method: http.MethodGet, URL: s.base + flag, Header: s.header}, &f)
	if incident.KindOf(err) == incident.Unavailable {
		return systems.FlagState{}, err
	}
	if err != nil {
		return systems.FlagState{}, judged(err)
	}
	return s.read(flag, f)
}

func (s *System) read(flag string, f feature) (systems.FlagState, error) {
	at := slices.IndexFunc(f.Environments, func(e environment) bool { return e.Name == s.config.Environment })
	switch {
	case f.Name != flag || f.Project != s.config.Project:
		return systems.FlagState{}, incident.Errorf(incident.Unavailable, "%s answered of something else than %s, check its address", s.config.Name, flag)
	case f.Archived:
		return systems.FlagState{}, incident.Errorf(incident.Refused, "%s is archived", flag)
	case at < 0:
		return systems.FlagState{}, incident.Errorf(incident.NotFound, "%s has no environment %s: the project has it disabled, or there is none", flag, s.config.Environment)
	}
	e := f.Environments[at]
	state := systems.FlagState{
		On: e.Enabled, Kind: word(f.Type), Stale: f.Stale, Environment: s.config.Environment, Project: s.config.Project, Covers: s.covers(),
	}
	if e.LastSeen != nil {
		state.Seen = e.LastSeen.UTC()
	}
	var err error
	state.Rules, state.Digest, err = rules(e.Strategies)
	if err != nil {
		return systems.FlagState{}, incident.Errorf(incident.Unavailable, "%s answered a strategy that cannot be understood", s.config.Name)
	}
	return state, nil
}

// rules are the strategies that are in force, and what identifies all that they
// say.
func rules(all []json.RawMessage) (shown []string, digest string, err error) {
	sum, count := sha256.New(), 0
	for _, raw := range all {
		var rule strategy
		var whole any // has its keys in one order, however they come
		if json.Unmarshal(raw, &rule) != nil || json.Unmarshal(raw, &whole) != nil {
			return nil, "", fmt.Errorf("a strategy is none")
		}
		if rule.Disabled {
			continue
		}
		same, err := json.Marshal(whole)
		if err != nil {
			return nil, "", err
		}
		fmt.Fprintf(sum, "%d %s\n", len(same), same)
		if count++; count <= maxRules {
			shown = append(shown, rule.String())
		}
	}
	if count == 0 {
		return nil, "", nil
	}
	if more := count - maxRules; more > 0 {
		shown = append(shown, fmt.Sprintf("%d more", more))
	}
	return shown, hex.EncodeToString(sum.Sum(nil)[:4]), nil
}

// String is a strategy in few words, without the values of its constraints, which
// may be people.
func (s strategy) String() string {
	first := word(s.Name)
	if share, ok := s.Parameters["rollout"]; ok {
		first += " " + word(fmt.Sprint(share)) + " %"
	}
	parts := []string{first}
	for _, part := range []struct {
		what string
		of   []any
	}{{"constraint", s.Constraints}, {"segment", s.Segments}, {"variant", s.Variants}} {
		switch n := len(part.of); n {
		case 0:
		case 1:
			parts = append(parts, "1 "+part.what)
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", n, part.what))
		}
	}
	return strings.Join(parts, ", ")
}

// word is a word of Unleash's on one line.
func word(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return strings.ToValidUTF8(text[:min(len(text), maxWords)], "")
}
