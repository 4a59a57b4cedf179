package watchdog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// State is what outlives a restart. Its times are by the clock on the wall,
// which may have been set since: only what an alarm needs is believed.
type State struct {
	LastBeat time.Time `json:"last_beat,omitzero"`
	// Raised is since when there is an alarm; zero while there is none.
	Raised time.Time `json:"raised,omitzero"`
	// Paged is when somebody was last reached about it, and Rounds how often
	// it was tried.
	Paged  time.Time `json:"paged,omitzero"`
	Rounds int       `json:"rounds,omitempty"`
}

// Alarm reports whether beats are known to be missing.
func (s State) Alarm() bool { return !s.Raised.IsZero() }

// LoadState reads a file. One that is not there is the state of a new
// watchdog; an error says that the file is of no use.
func LoadState(path string) (State, error) {
	data, err := os.ReadFile(filepath.Clean(path))
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, nil
	}
	if err != nil {
		return State{}, fmt.Errorf("read the state: %w", err)
	}
	var s State
	if err := json.Unmarshal(data, &s); err != nil {
		return State{}, fmt.Errorf("read the state in %s: %w", path, err)
	}
	return s, nil
}

// Save replaces a file as a whole: a crash leaves the old one or the new one.
func (s State) Save(path string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the state: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("keep the state: %w", err)
	}
	_, err = file.Write(append(data, '\n'))
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("keep the state: %w", errors.Join(err, os.Remove(file.Name())))
	}
	return nil
}
