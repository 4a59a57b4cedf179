// Package secret reads the files that hold the credentials of systems.
package secret

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/tocsinhq/tocsin/incident"
)

// Read returns what a file holds, without the white space around it, and "" for
// no path. Setting is the key that names the file. It fails with Invalid when
// the file cannot be read or holds nothing.
func Read(setting, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	data, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return "", incident.Errorf(incident.Invalid, "%s names a file that cannot be read: %w", setting, err)
	}
	text := strings.TrimSpace(string(data))
	if text == "" {
		return "", incident.Errorf(incident.Invalid, "%s names a file that holds nothing", setting)
	}
	return text, nil
}
