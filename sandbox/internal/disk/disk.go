// Package disk keeps the state of one part of the sandbox in one JSON file,
// replaced as a whole so that a crash leaves either the old or the new one.
package disk

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// File is the state file of one part. A nil File keeps nothing, so that parts
// need not ask whether their state is to survive.
type File struct {
	path     string
	snapshot func() ([]byte, error)

	wanted  atomic.Uint64
	mu      sync.Mutex
	written uint64
}

// Open reads dir/name.json into state, where the file exists, and returns the
// File that keeps what snapshot returns from then on. With an empty dir it
// returns nil. It fails when the file cannot be read or is not JSON of the
// state's shape.
func Open(dir, name string, state any, snapshot func() ([]byte, error)) (*File, error) {
	if dir == "" {
		return nil, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the sandbox's directory: %w", err)
	}
	path := filepath.Join(dir, name+".json")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &File{path: path, snapshot: snapshot}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the sandbox's state: %w", err)
	}
	if err := json.Unmarshal(data, state); err != nil {
		return nil, fmt.Errorf("read the sandbox's state, remove %s to start afresh: %w", path, err)
	}
	return &File{path: path, snapshot: snapshot}, nil
}

// Sync returns when everything that was changed before the call is in the
// file. Calls that wait at the same moment share one write.
func (f *File) Sync() error {
	if f == nil {
		return nil
	}
	mine := f.wanted.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.written >= mine {
		return nil
	}
	covers := f.wanted.Load()
	data, err := f.snapshot()
	if err != nil {
		return fmt.Errorf("encode the sandbox's state: %w", err)
	}
	if err := replace(f.path, data); err != nil {
		return fmt.Errorf("keep the sandbox's state: %w", err)
	}
	f.written = covers
	return nil
}

func replace(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}
