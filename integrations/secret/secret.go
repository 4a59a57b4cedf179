// Package secret reads the files that hold the credentials of systems, and the
// certificates that they are known by.
package secret

import (
	"crypto/tls"
	"crypto/x509"
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

// Trust returns how the certificate of a server is verified, by those of a file
// in PEM that the key ca_file names; nil is by the system's, for no path. It
// fails with Invalid as Read does, and when there is no certificate.
func Trust(path string) (*tls.Config, error) {
	pem, err := Read("ca_file", path)
	if err != nil || pem == "" {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(pem)) {
		return nil, incident.Errorf(incident.Invalid, "ca_file holds no certificate in PEM")
	}
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}
