package devserver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	schema "go.temporal.io/server/schema/sqlite"
)

// prepareStore makes sure that the database exists and knows the namespace,
// and returns how to reach it.
func prepareStore(ctx context.Context, cfg Config) (*config.SQL, error) {
	store := memoryStore()
	if cfg.SQLiteFile != "" {
		path, err := filepath.Abs(cfg.SQLiteFile)
		if err != nil {
			return nil, fmt.Errorf("find %s: %w", cfg.SQLiteFile, err)
		}
		if err := createFile(path); err != nil {
			return nil, fmt.Errorf("create %s: %w", path, err)
		}
		store = fileStore(path)
	}
	if err := registerNamespace(ctx, cfg, store); err != nil {
		return nil, fmt.Errorf("register namespace %s: %w", cfg.Namespace, err)
	}
	return store, nil
}

// memoryStore is a new database that all connections of this process share.
func memoryStore() *config.SQL {
	return &config.SQL{
		PluginName:        sqlite.PluginName,
		DatabaseName:      rand.Text(),
		ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
	}
}

// fileStore writes ahead and does not wait for the disk at each commit: a
// commit survives the end of the process, and of the machine but for the last
// moment. Waiting would halve the server's speed.
func fileStore(path string) *config.SQL {
	return &config.SQL{
		PluginName:   sqlite.PluginName,
		DatabaseName: escape(path),
		ConnectAttributes: map[string]string{
			"mode":         "rw",
			"journal_mode": "wal",
			"synchronous":  "normal",
			"busy_timeout": "10000",
		},
	}
}

// createFile makes a database with the server's tables, unless it is there. It
// takes its name only when complete: a process killed in between must not
// leave half a database to the next.
func createFile(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	unfinished := fmt.Sprintf("%s.%s", path, rand.Text())
	err := schema.SetupSchema(&config.SQL{
		PluginName:        sqlite.PluginName,
		DatabaseName:      escape(unfinished),
		ConnectAttributes: map[string]string{"mode": "rwc"},
	})
	if err != nil {
		return errors.Join(err, os.RemoveAll(unfinished))
	}
	return os.Rename(unfinished, path)
}

// escape makes a path safe inside the "file:" address that the server builds.
func escape(path string) string { return (&url.URL{Path: path}).EscapedPath() }
