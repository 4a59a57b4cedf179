package spec_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook/spec"
)

type params struct {
	Target        spec.NameText `about:"the deploy target" from:"service"`
	Pod           spec.NameText `about:"the pod" from:"label:pod" optional:"true"`
	Below         float64       `about:"the limit" min:"0" max:"1"`
	Copies        int           `about:"how many" default:"3" min:"1"`
	Force         bool          `about:"even so" default:"false"`
	ApproveWithin time.Duration `about:"how long" default:"15m"`
	Zone          string        `about:"where" oneof:"eu us" from:"label:zone" default:"eu"`
	Why           string        `about:"the reason" optional:"true"`
}

func restart(t *testing.T) spec.Spec {
	t.Helper()
	fields, err := spec.Fields(reflect.TypeFor[params]())
	require.NoError(t, err)
	return spec.Spec{Name: "restart", About: "Restarts.", Fits: "Always.", Params: fields, Target: "deploy/{zone}/{target}"}
}

func TestAStructSaysWhatTheParametersAre(t *testing.T) {
	s := restart(t)
	require.Empty(t, s.Problems())
	values, err := s.Resolve(
		map[string]string{"below": "0.5", "copies": "2", "why": "it hangs"},
		map[string]string{"approve_within": "5m", "below": "0.9"},
		spec.Facts{Service: "payments", Labels: map[string]string{"pod": "web-1", "zone": "us", "other": "x"}},
	)
	require.NoError(t, err)
	var got params
	require.NoError(t, spec.Fill(values, &got))
	require.Equal(t, params{
		Target: "payments", Pod: "web-1", Below: 0.5, Copies: 2, ApproveWithin: 5 * time.Minute, Zone: "us", Why: "it hangs",
	}, got)
	require.Equal(t, "deploy/us/payments", s.TargetOf(values))
	s.Target = "deploy/{zone}/{target} deploy/{target} deploy/{zone}/{target}"
	require.Equal(t, []string{"deploy/payments", "deploy/us/payments"}, s.TargetsOf(values))
	require.Equal(t, map[string]string{"zone": "us", "target": "payments"}, s.Aim(values))
	require.Equal(t, `approve_within=5m below=0.5 copies=2 force=false pod=web-1 (from the alert's label pod) `+
		`target=payments why="it hangs" zone=us (from the alert's label zone)`, values.String())
	require.Equal(t, spec.Value{Text: "5m", Origin: spec.Offered}, values["approve_within"])
	require.Equal(t, spec.Value{Text: "false", Origin: spec.Defaulted}, values["force"])
}

func TestValuesThatDoNotFitAreNamedAndNotRepeated(t *testing.T) {
	const hostile = "web;rm -rf $HOME"
	_, err := restart(t).Resolve(
		map[string]string{"below": "1.5", "copies": "two", "force": "yes", "approve_within": "-1m", "color": "red"}, nil,
		spec.Facts{Labels: map[string]string{"pod": hostile, "zone": "mars"}},
	)
	require.Equal(t, incident.Invalid, incident.KindOf(err))
	require.EqualError(t, err, "the parameters do not fit: target is required (the deploy target); "+
		"pod must be a name: letters, digits, dots, hyphens and underscores, with a letter or digit at both ends (taken from label:pod; give another); "+
		"below must be at most 1; copies must be a whole number, such as 3; force must be true or false; "+
		"approve_within must be a positive duration, such as 2m; zone must be one of eu, us (taken from label:zone; give another); "+
		`"color" is not a parameter of restart`)
	require.NotContains(t, err.Error(), hostile)
}

func TestWhatAnAuthorGotWrongIsSaid(t *testing.T) {
	one := 1.0
	sound := spec.Param{Name: "why", About: "the reason", Type: spec.Text}
	tests := map[string]struct {
		change func(s *spec.Spec)
		want   string
	}{
		"name":      {func(s *spec.Spec) { s.Name = "Do it" }, "its name is not lower-case words joined by hyphens"},
		"silent":    {func(s *spec.Spec) { s.Fits = "" }, "it says not what it does (About) or when it fits (Fits)"},
		"no target": {func(s *spec.Spec) { s.Target = " " }, "its target is a blank"},
		"approval":  {func(s *spec.Spec) { s.Target, s.Approval = "", &spec.Approval{} }, "it wants an approval, and changes nothing (Target)"},
		"people": {
			func(s *spec.Spec) { s.Approval = &spec.Approval{By: []catalog.Standing{catalog.TeamLead}, People: 9} },
			"its approval by 9 people is not between 1 and 5",
		},
		"limit": {func(s *spec.Spec) { s.Limit.Percent = 101 }, "its limit is not a count and a percentage"},
		"target": {
			func(s *spec.Spec) { s.Target = "deploy/{why}" },
			"its target names {why}, which is no parameter that has to be there and is more than free text",
		},
		"twice":      {func(s *spec.Spec) { s.Params = append(s.Params, sound) }, "its parameter why is there twice"},
		"param name": {func(s *spec.Spec) { s.Params[0].Name = "Why" }, "its parameter Why has a name that is not lower-case words joined by underscores"},
		"about":      {func(s *spec.Spec) { s.Params[0].About = "" }, "its parameter why says not what it is for"},
		"type":       {func(s *spec.Spec) { s.Params[0].Type = "list" }, "its parameter why is of no known type"},
		"match":      {func(s *spec.Spec) { s.Params[0].Match = "(" }, "its parameter why has a Match that is no regular expression"},
		"bounds":     {func(s *spec.Spec) { s.Params[0].Min = &one }, "its parameter why has bounds, and is no number"},
		"from":       {func(s *spec.Spec) { s.Params[0].From = "label:" }, "its parameter why is taken from nowhere that an incident has"},
		"label": {
			func(s *spec.Spec) { s.Params[0].From = "label:summary" },
			"its parameter why takes any text from a label, which anybody can write who can raise an alert: make it a name, or say what it may be",
		},
		"default": {
			func(s *spec.Spec) { s.Params[0].Type, s.Params[0].Default = spec.Number, "low" },
			"its parameter why has a default that must be a number, such as 0.05",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := spec.Spec{Name: "do-it", About: "Does it.", Fits: "Always.", Target: "it", Params: []spec.Param{sound}}
			require.Empty(t, s.Problems())
			test.change(&s)
			require.Contains(t, s.Problems(), test.want)
		})
	}
}

func TestNamesCanDoNoHarm(t *testing.T) {
	p := spec.Param{Name: "host", About: "the host", Type: spec.Name}
	for _, bad := range []string{"-rf", "a b", "a;b", "$(id)", "a/b", "..", "a..b", "http://x", "a\nb", "a'b", `a"b`, "ä", "a-", "", strings.Repeat("a", 254)} {
		require.NotEmpty(t, p.Problem(bad), "%q", bad)
	}
	for _, good := range []string{"a", "web-1.example.org", "payments_v2", "10.0.0.1", "r42"} {
		require.Empty(t, p.Problem(good), good)
	}
}

func TestATextShowsAllThatItHolds(t *testing.T) {
	p := spec.Param{Name: "why", About: "x", Type: spec.Text}
	for _, value := range []string{"a\u202Eb", "a\u200Bb", "a\u2028b", "a\nb", "a\xffb"} {
		require.Equal(t, "holds characters that are not printable", p.Problem(value), "%q", value)
	}
	require.Empty(t, p.Problem("élan vital: 東京 → ok"))
}

func TestADurationIsBounded(t *testing.T) {
	p := spec.Param{Name: "settle", About: "x", Type: spec.Duration, From: "label:for"}
	require.Equal(t, "must be at most 720h0m0s", p.Problem("2540400h"))
	require.Empty(t, p.Problem("720h"))
}

// Runs exclude each other by the spelling of what they change.
func TestOneThingIsOneTarget(t *testing.T) {
	for kind, spellings := range map[spec.Type]map[string][]string{
		spec.Integer:  {"3": {"3", "03", "+3"}, "0": {"0", "-0"}},
		spec.Number:   {"1": {"1", "1.0", "+1", "1e0", "0x1p0"}, "0": {"0", "-0"}, "0.05": {"0.05", ".05", "5e-2"}, "1000000": {"1e6"}},
		spec.Duration: {"1m": {"1m", "60s", "1m0s"}, "10m": {"600s"}, "1h": {"60m"}, "1h30m": {"90m"}, "1h0m5s": {"3605s"}, "1.5s": {"1500ms"}},
		spec.Boolean:  {"true": {"true"}},
		spec.Name:     {"03": {"03"}},
	} {
		s := spec.Spec{Name: "shards", About: "x", Fits: "x", Target: "shard/{n}", Params: []spec.Param{{Name: "n", About: "which", Type: kind}}}
		require.Empty(t, s.Problems())
		for want, texts := range spellings {
			for _, text := range texts {
				values, err := s.Resolve(map[string]string{"n": text}, nil, spec.Facts{})
				require.NoError(t, err)
				require.Equal(t, "shard/"+want, s.TargetOf(values), text)
				require.Equal(t, "n="+want, values.String(), "what people see")
			}
		}
	}
}

func TestAParameterIsOfAnAllowedType(t *testing.T) {
	for name, of := range map[string]reflect.Type{
		"list":   reflect.TypeFor[struct{ All []string }](),
		"hidden": reflect.TypeFor[struct{ all string }](),
		"bound": reflect.TypeFor[struct {
			N int `min:"few"`
		}](),
		"no struct": reflect.TypeFor[string](),
	} {
		_, err := spec.Fields(of)
		require.Error(t, err, name)
	}
	fields, err := spec.Fields(reflect.TypeFor[struct {
		URLPath, ID string
		HTTPStatus  int
	}]())
	require.NoError(t, err)
	require.Equal(t, "url_path", fields[0].Name)
	require.Equal(t, "id", fields[1].Name)
	require.Equal(t, "http_status", fields[2].Name)
}

func TestASpecSurvivesJSON(t *testing.T) {
	s := restart(t)
	s.Approval = &spec.Approval{By: []catalog.Standing{catalog.TeamLead}, People: 2, Within: time.Minute}
	text, err := json.Marshal(s)
	require.NoError(t, err)
	var back spec.Spec
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, s, back)
}
