package settings_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/cmd/tocsin/settings"
)

type outer struct {
	List  []inner          `yaml:"list"`
	Named map[string]inner `yaml:"named"`
	Any   any              `yaml:"any"`
}

type inner struct {
	Shared `yaml:",inline"`
	Wait   time.Duration `yaml:"wait"`
	Plain  string
	Hidden string `yaml:"-"`
	Deep   *inner `yaml:"deep"`
}

// Shared is inline.
type Shared struct {
	Name string `yaml:"name"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, wrong string }{
		"nothing":           {},
		"all":               {text: "list: [{name: a, wait: 2s, plain: x, deep: {name: b}}]\nnamed: {k: {name: c}}\nany: {what: ever}\n"},
		"anchors":           {text: "list:\n  - &a {name: a}\n  - *a\n"},
		"unknown":           {text: "lists: []\n", wrong: `line 1: unknown key "lists"; the keys are any, list, named`},
		"unknown in a list": {text: "list:\n  - name: a\n    nam: b\n", wrong: `line 3: unknown key "nam"; the keys are deep, name, plain, wait`},
		"unknown in a map":  {text: "named: {k: {nam: c}}\n", wrong: `unknown key "nam"`},
		"unknown below":     {text: "list: [{deep: {hidden: c}}]\n", wrong: `unknown key "hidden"`},
		"two of them":       {text: "a: 1\nb: 2\n", wrong: `unknown key "b"`},
		"twice":             {text: "any: 1\nany: 2\n", wrong: "already defined"},
		"no YAML":           {text: "list: [", wrong: "it is no YAML"},
		"two documents":     {text: "any: 1\n---\nany: 2\n", wrong: "more than one document"},
		"another shape":     {text: "list: {name: a}\n", wrong: "cannot unmarshal"},
		"another type":      {text: "list: [{wait: soon}]\n", wrong: "cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out outer
			err := settings.Decode([]byte(test.text), &out)
			if test.wrong != "" {
				require.ErrorContains(t, err, test.wrong)
				return
			}
			require.NoError(t, err)
			if name == "all" {
				require.Equal(t, "b", out.List[0].Deep.Name)
				require.Equal(t, 2*time.Second, out.List[0].Wait)
				require.Equal(t, "c", out.Named["k"].Name)
			}
			if name == "anchors" {
				require.Equal(t, "a", out.List[1].Name)
			}
		})
	}
}
