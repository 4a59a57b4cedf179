package devstack

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/deployments"
	"github.com/tocsinhq/tocsin/integrations/kubernetes"
)

// Config says where a Stack listens and what it keeps. The zero value keeps
// everything in memory and listens on free ports of the loopback interface.
type Config struct {
	// Dir keeps the databases, the sandbox and the tokens; empty keeps
	// nothing.
	Dir string
	// The addresses; an empty one is a free port. UI listens nowhere when it
	// is empty.
	API, Sandbox, SMTP, Temporal, UI string
	// Database is Dir's own SQLite file when empty.
	Database string
	// Push is the push server that pages go to; the sandbox's phones when
	// empty.
	Push string
	// ForgetfulSandbox keeps the sandbox in memory, even with a Dir.
	ForgetfulSandbox bool
	// Catalog makes the catalog; the shipped example when nil.
	Catalog func() (*catalog.Catalog, error)
	// Adjust changes the catalog before it is applied, such as its durations.
	Adjust func(*catalog.Catalog)
	// Apart leaves Temporal and Tocsin to other processes: Start prepares the
	// database, which must not be in memory then, and starts the sandbox.
	Apart bool
	// LongRun is after how many events a run is advised to continue as a new
	// one; zero leaves that to Temporal.
	LongRun int
	// Beat is the time between two beats; zero is a minute.
	Beat time.Duration
	// RunbooksVersion is that of the workers of runbooks; empty is none.
	RunbooksVersion string
	// Clusters are those of Kubernetes that runbooks act on.
	Clusters map[string]*kubernetes.Cluster
	Log      *slog.Logger
}

func (c Config) orDefaults() Config {
	free := "127.0.0.1:0"
	c.API, c.Sandbox, c.SMTP = cmp.Or(c.API, free), cmp.Or(c.Sandbox, free), cmp.Or(c.SMTP, free)
	c.Temporal = cmp.Or(c.Temporal, free)
	if c.Log == nil {
		c.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	return c
}

// file returns a path in Dir, or "" when nothing is kept.
func (c Config) file(name string) string {
	if c.Dir == "" {
		return ""
	}
	return filepath.Join(c.Dir, name)
}

// secret returns a random secret that stays the same over restarts.
func (c Config) secret(name string) (string, error) {
	path := c.file(name)
	if path != "" {
		data, err := os.ReadFile(filepath.Clean(path))
		if err == nil {
			return strings.TrimSpace(string(data)), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("read %s: %w", name, err)
		}
	}
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails: see crypto/rand
	text := base64.RawURLEncoding.EncodeToString(random)
	if path == "" {
		return text, nil
	}
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep %s: %w", name, err)
	}
	return text, nil
}

// exampleSandbox is the address of the sandbox that the shipped catalog names.
const exampleSandbox = "http://127.0.0.1:8090"

// ExampleCatalog reads the shipped catalog, with the sandbox where it really
// is.
func ExampleCatalog(sandbox string) (*catalog.Catalog, error) {
	folder := deployments.ExampleCatalog()
	names, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return nil, err
	}
	var files []catalog.File
	for _, name := range names {
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, err
		}
		data = []byte(strings.ReplaceAll(string(data), exampleSandbox, sandbox))
		files = append(files, catalog.File{Name: name, Data: data})
	}
	return catalog.Parse(files...)
}
