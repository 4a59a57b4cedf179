// Package redis counts and deletes the keys of a Redis that begin with a prefix,
// of those that the systems file allows. It speaks to one server that is no part
// of a cluster.
package redis

import (
	"cmp"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	client "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/secret"
)

// Config says which Redis it is, and what may be deleted there.
type Config struct {
	// Name is what runbooks call it.
	Name string `yaml:"name"`
	// Addr is its HOST:PORT, Database the number of the database there.
	Addr     string `yaml:"addr"`
	Database int    `yaml:"database"`
	// Username and the password in a file sign in; without a file nothing does.
	Username     string `yaml:"username"`
	PasswordFile string `yaml:"password_file"`
	// TLS encrypts the connection; CAFile holds the certificates that the
	// server's is verified by, in PEM, instead of the system's.
	TLS    bool   `yaml:"tls"`
	CAFile string `yaml:"ca_file"`
	// Prefixes are what a prefix that is given must begin with.
	Prefixes []string `yaml:"prefixes"`
	// MaxKeys is the most that one run may delete; zero is 10,000.
	MaxKeys int `yaml:"max_keys"`
	// KeysPerSecond is how fast; zero is 1,000.
	KeysPerSecond int `yaml:"keys_per_second"`
}

const (
	defaultMax  = 10_000
	defaultRate = 1_000
	// longest is how long one deletion may take at most.
	longest = 10 * time.Minute
	// minPrefix is the least that an allowed prefix has.
	minPrefix = 2
	// maxPrefix is the longest prefix that is taken.
	maxPrefix = 256
	timeout   = 3 * time.Second
)

// System is one Redis. It is safe for concurrent use.
type System struct {
	config Config
	client *client.Client
}

// New returns the configured Redis. It fails with Invalid, saying what to
// correct.
func New(config Config) (*System, error) {
	config.MaxKeys = cmp.Or(config.MaxKeys, defaultMax)
	config.KeysPerSecond = cmp.Or(config.KeysPerSecond, defaultRate)
	if problem := config.problem(); problem != "" {
		return nil, incident.Errorf(incident.Invalid, "%s", problem)
	}
	password, err := secret.Read("password_file", config.PasswordFile)
	if err != nil {
		return nil, err
	}
	trust, err := config.trust()
	if err != nil {
		return nil, err
	}
	return &System{config: config, client: client.NewClient(&client.Options{
		Addr: config.Addr, DB: config.Database, Username: config.Username, Password: password, TLSConfig: trust,
		DialTimeout: timeout, ReadTimeout: timeout, WriteTimeout: timeout, ContextTimeoutEnabled: true,
		// What was not answered is not sent again behind our back.
		MaxRetries: -1, DialerRetries: 1, PoolSize: 2, ConnMaxIdleTime: time.Minute, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})}, nil
}

func (c Config) problem() string {
	_, _, err := net.SplitHostPort(c.Addr)
	switch {
	case err != nil:
		return "correct addr: it is no HOST:PORT"
	case c.Database < 0:
		return "correct database: it is a number from 0"
	case c.CAFile != "" && !c.TLS:
		return "ca_file goes with tls: true"
	case len(c.Prefixes) == 0:
		return "list the prefixes that may be deleted: no others are"
	case slices.ContainsFunc(c.Prefixes, func(p string) bool { return len(p) < minPrefix || wrong(p) != "" }):
		return fmt.Sprintf("correct prefixes: each has at least %d characters, without spaces", minPrefix)
	case c.MaxKeys < 1 || c.KeysPerSecond < 1:
		return "correct max_keys and keys_per_second: at least 1"
	case time.Duration(c.MaxKeys/c.KeysPerSecond)*time.Second > longest:
		return "correct max_keys and keys_per_second: so many keys at that pace take longer than 10 minutes"
	}
	return ""
}

func (c Config) trust() (*tls.Config, error) {
	if !c.TLS {
		return nil, nil //nolint:nilnil // no TLS is no error
	}
	host, _, _ := net.SplitHostPort(c.Addr)
	trust, err := secret.Trust(c.CAFile)
	if err != nil {
		return nil, err
	}
	if trust == nil {
		trust = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	trust.ServerName = host
	return trust, nil
}

// wrong says what is wrong with a prefix, or nothing.
func wrong(prefix string) string {
	switch {
	case prefix == "" || len(prefix) > maxPrefix:
		return fmt.Sprintf("must have from 1 to %d bytes", maxPrefix)
	case strings.ContainsFunc(prefix, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "must be printable ASCII without spaces"
	}
	return ""
}

// allows returns Invalid for what is no prefix, and Forbidden for one that the
// file does not allow.
func (s *System) allows(prefix string) error {
	if problem := wrong(prefix); problem != "" {
		return incident.Errorf(incident.Invalid, "the prefix %s", problem)
	}
	if !slices.ContainsFunc(s.config.Prefixes, func(p string) bool { return strings.HasPrefix(prefix, p) }) {
		return incident.Errorf(incident.Forbidden, "the systems file allows prefixes of %s that begin with %s only",
			s.config.Name, strings.Join(s.config.Prefixes, ", "))
	}
	return nil
}

// covers identifies the server, and how fast it is worked on.
func (s *System) covers() string {
	c := s.config
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d %d", c.Addr, c.Database, c.MaxKeys, c.KeysPerSecond))
	return hex.EncodeToString(sum[:12])
}

// literal has Redis take a prefix for what it is, and not for a pattern.
var literal = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `^`, `\^`)
