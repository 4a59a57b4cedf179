// Package settings reads what a process is set up with from one table: each
// setting has a name, an environment variable, and a place in the process' own
// structure. The environment wins over the YAML file.
package settings

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Setting is one thing of a C that can be configured.
type Setting[C any] struct {
	// Name is the key in the YAML file; the environment variable is
	// TOCSIN_ and the name in upper case, and for secrets the same with _FILE
	// names a file that holds it.
	Name   string
	Help   string
	Secret bool
	// Set takes the text of a value, which is not empty, in. Its error says
	// what is wrong without repeating a secret.
	Set func(c *C, value string) error
}

// Env returns the environment variable of the setting.
func (s Setting[C]) Env() string { return "TOCSIN_" + strings.ToUpper(s.Name) }

// Text is a setting that is taken as it is.
func Text[C any](name, help string, secret bool, field func(c *C) *string) Setting[C] {
	return Setting[C]{Name: name, Help: help, Secret: secret, Set: func(c *C, v string) error {
		*field(c) = v
		return nil
	}}
}

// Load reads the settings of a table into c: environment over the YAML file,
// which may be "". An unknown key in the file is an error that lists the keys
// there are.
func Load[C any](c *C, table []Setting[C], file string, env func(string) string) error {
	values, err := readFile(table, file)
	if err != nil {
		return err
	}
	for _, s := range table {
		v, err := s.value(values[s.Name], env)
		if err != nil {
			return err
		}
		if v == "" {
			continue
		}
		if err := s.Set(c, v); err != nil {
			return fmt.Errorf("%s (%s): %w", s.Name, s.Env(), err)
		}
	}
	return nil
}

func (s Setting[C]) value(fromFile string, env func(string) string) (string, error) {
	path := env(s.Env() + "_FILE")
	if !s.Secret || path == "" {
		return cmp.Or(env(s.Env()), fromFile), nil
	}
	data, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return "", fmt.Errorf("read the file that %s_FILE names: %w", s.Env(), err)
	}
	return strings.TrimSpace(string(data)), nil
}

func readFile[C any](table []Setting[C], path string) (map[string]string, error) {
	if path == "" {
		return map[string]string{}, nil
	}
	data, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	var values map[string]string
	if err := yaml.Unmarshal(data, &values); err != nil {
		return nil, fmt.Errorf("%s: a list of `key: value` is expected: %w", path, err)
	}
	var names []string
	for _, s := range table {
		names = append(names, s.Name)
	}
	for key := range values {
		if !slices.Contains(names, key) {
			return nil, fmt.Errorf("%s: unknown key %q; the keys are %s", path, key, strings.Join(names, ", "))
		}
	}
	return values, nil
}
