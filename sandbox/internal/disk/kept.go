package disk

import (
	"encoding/json"
	"sync"
)

// Kept is the state of one part of the sandbox: read and changed under one
// lock, and in its file, if it has one, before a change returns.
type Kept[S any] struct {
	file *File

	mu    sync.Mutex
	state S
}

// Keep returns the state that dir/name.json holds, and begin where there is no
// such file, or no dir: then nothing is kept. It fails as Open does.
func Keep[S any](dir, name string, begin S) (*Kept[S], error) {
	k := &Kept[S]{state: begin}
	file, err := Open(dir, name, &k.state, k.snapshot)
	if err != nil {
		return nil, err
	}
	k.file = file
	return k, nil
}

// Look calls read with the state as it is, none of which may be changed or kept.
func (k *Kept[S]) Look(read func(*S)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	read(&k.state)
}

// Change calls edit, and fails when the outcome is not in the file.
func (k *Kept[S]) Change(edit func(*S)) error {
	k.Look(edit)
	return k.file.Sync()
}

func (k *Kept[S]) snapshot() (data []byte, err error) {
	k.Look(func(s *S) { data, err = json.MarshalIndent(s, "", " ") })
	return data, err
}

// Select returns what fits of a list that is kept, in its order; nothing is an
// empty list.
func Select[S, T any](k *Kept[S], list func(*S) []T, fits func(T) bool) []T {
	found := []T{}
	k.Look(func(s *S) {
		for _, one := range list(s) {
			if fits(one) {
				found = append(found, one)
			}
		}
	})
	return found
}
