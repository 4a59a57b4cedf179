package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
)

// EnvBinaries names the environment variable that holds the directory of
// initdb and postgres, for machines that keep them in an unusual place.
const EnvBinaries = "TOCSIN_TEST_POSTGRES_BIN"

// ErrNoBinaries says that this machine has no PostgreSQL to test on, and what
// to do about it.
var ErrNoBinaries = errors.New("no PostgreSQL binaries (initdb, postgres) found: " +
	"install PostgreSQL (Debian: apt-get install postgresql), or name their directory in " + EnvBinaries +
	", or a running server in " + EnvDSN)

// findBinaries returns the directory that holds initdb and postgres: the one
// on the PATH, else the newest of the usual places.
func findBinaries() (string, error) {
	if dir := os.Getenv(EnvBinaries); dir != "" {
		if !holdsServer(dir) {
			return "", fmt.Errorf("%s is %s: %w", EnvBinaries, dir, ErrNoBinaries)
		}
		return dir, nil
	}
	if path, err := exec.LookPath("initdb"); err == nil && holdsServer(filepath.Dir(path)) {
		return filepath.Dir(path), nil
	}
	var found []string
	for _, pattern := range usualPlaces() {
		dirs, _ := filepath.Glob(pattern) // the patterns are constants, and well-formed
		found = append(found, slices.DeleteFunc(dirs, func(dir string) bool { return !holdsServer(dir) })...)
	}
	if len(found) == 0 {
		return "", ErrNoBinaries
	}
	return slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }), nil
}

func usualPlaces() []string {
	return []string{
		"/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
		"/usr/pgsql-*/bin",                                   // PostgreSQL's own RPMs
		"/usr/libexec/postgresql*",                           // Alpine
		"/usr/local/pgsql/bin",                               // built from source
		"/usr/local/bin",                                     // FreeBSD and others
		"/usr/local/opt/postgresql*/bin",                     // Homebrew on Intel
		"/opt/homebrew/opt/postgresql*/bin",                  // Homebrew on Apple silicon
		"/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
	}
}

func holdsServer(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// version returns the major version that a directory's path names, or 0.
func version(dir string) int {
	digits := regexp.MustCompile(`[0-9]+`).FindString(dir)
	major, err := strconv.Atoi(digits)
	if err != nil {
		return 0 // a place without a version in its name comes last
	}
	return major
}

// unprivileged returns the account a server runs as when we are root, which
// PostgreSQL refuses to run as; otherwise nil, our own.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, fmt.Errorf("look up user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as")
}
