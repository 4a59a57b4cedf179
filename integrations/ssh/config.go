// Package ssh runs the commands that the systems file has for a host. The words
// of a command come from that file; the values that a run brings fill in words,
// are allow-listed, and reach the host's shell in quotes. A host whose key is not
// the known one is not spoken to.
package ssh

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/secret"
	"github.com/tocsinhq/tocsin/integrations/values"
)

// Config says which host it is, and what may be run there.
type Config struct {
	// Name is what runbooks call it.
	Name string `yaml:"name"`
	// Addr is its HOST:PORT, User who signs in, with the private key in KeyFile,
	// which has no passphrase.
	Addr    string `yaml:"addr"`
	User    string `yaml:"user"`
	KeyFile string `yaml:"key_file"`
	// KnownHostsFile holds the host's public key as OpenSSH writes it.
	KnownHostsFile string    `yaml:"known_hosts_file"`
	Commands       []Command `yaml:"commands"`
}

// Command is one command that may be run.
type Command struct {
	Name string `yaml:"name"`
	// Run are its words; {queue} in one stands for the value of that name.
	Run []string `yaml:"run"`
	// Values are what a run brings.
	Values []values.Config `yaml:"values"`
	// Changes says that it changes something.
	Changes bool `yaml:"changes"`
	// Timeout is how long it may run; zero is 5 seconds, at most 10 minutes.
	Timeout time.Duration `yaml:"timeout"`
	// Exit lists the statuses that mean success; none is 0. Unchanged lists
	// those after which nothing was changed.
	Exit      []int `yaml:"exit"`
	Unchanged []int `yaml:"unchanged"`
	// Expects must hold before it is run, Done holds once it was run.
	Expects []Check `yaml:"expects"`
	Done    *Check  `yaml:"done"`
	// Undo names the command that takes it back, with the same values.
	Undo string `yaml:"undo"`
}

// Check is what another command, which only reads, should put out.
type Check struct {
	Command string `yaml:"command"`
	Is      string `yaml:"is"`
}

const (
	defaultTimeout = 5 * time.Second
	// quick is the longest a command may run without being a slow one.
	quick      = defaultTimeout
	maxTimeout = 10 * time.Minute
	// slack is what connecting and ending may take beside the command.
	slack = 2 * time.Second
	// maxShown is the longest command that changes something: an approval shows
	// it whole, with what undoes it.
	maxShown = 350
)

// System is one host. It is safe for concurrent use. It keeps no connection:
// each command has one of its own.
type System struct {
	config   Config
	signer   ssh.Signer
	check    ssh.HostKeyCallback
	commands map[string]command
}

// New returns the configured host. It fails with Invalid, saying what to
// correct.
func New(config Config) (*System, error) {
	if _, _, err := net.SplitHostPort(config.Addr); err != nil {
		return nil, incident.Errorf(incident.Invalid, "correct addr: it is no HOST:PORT")
	}
	if config.User == "" || config.KeyFile == "" || config.KnownHostsFile == "" {
		return nil, incident.Errorf(incident.Invalid, "user, key_file and known_hosts_file are all needed")
	}
	key, err := secret.Read("key_file", config.KeyFile)
	if err != nil {
		return nil, err
	}
	s := &System{config: config, commands: map[string]command{}}
	if s.signer, err = ssh.ParsePrivateKey([]byte(key)); err != nil {
		return nil, incident.Errorf(incident.Invalid, "key_file holds no private key without a passphrase")
	}
	if s.check, err = knownhosts.New(filepath.Clean(config.KnownHostsFile)); err != nil {
		return nil, incident.Errorf(incident.Invalid, "known_hosts_file cannot be read as what OpenSSH writes")
	}
	if len(config.Commands) == 0 {
		return nil, incident.Errorf(incident.Invalid, "list its commands: no others are run")
	}
	for n, c := range config.Commands {
		compiled, err := compile(c)
		if err != nil {
			return nil, fmt.Errorf("correct commands[%d]: %w", n, err)
		}
		if _, twice := s.commands[c.Name]; twice {
			return nil, incident.Errorf(incident.Invalid, "correct commands[%d]: there is a %s before it", n, c.Name)
		}
		s.commands[c.Name] = compiled
	}
	return s, s.agree()
}

// agree returns an Invalid error when a command names another that is not there
// or does not fit.
func (s *System) agree() error {
	for _, name := range slices.Sorted(maps.Keys(s.commands)) {
		one := s.commands[name]
		checks := slices.Clone(one.Expects)
		if one.Done != nil {
			checks = append(checks, *one.Done)
		}
		for _, c := range checks {
			if other, there := s.commands[c.Command]; !there || other.Changes || other.limit() > quick || !one.takes.Covers(other.takes) {
				return incident.Errorf(incident.Invalid, "correct %s: %q is no quick command that only reads and takes the same values", name, c.Command)
			}
		}
		if one.Undo == "" {
			continue
		}
		if other, there := s.commands[one.Undo]; !there || !other.Changes || !one.takes.Covers(other.takes) {
			return incident.Errorf(incident.Invalid, "correct %s: its undo %q is no command that changes something and takes the same values", name, one.Undo)
		} else if one.length()+other.length() > maxShown {
			return incident.Errorf(incident.Invalid, "correct %s: with its undo it is longer than %d bytes, which no approval shows whole", name, maxShown)
		}
	}
	return nil
}

// listed names what there is.
func (s *System) listed() string {
	return strings.Join(slices.Sorted(maps.Keys(s.commands)), ", ")
}

// limit is how long a command may run.
func (c Command) limit() time.Duration { return cmp.Or(c.Timeout, defaultTimeout) }

// length is about how long it is when it is shown.
func (c Command) length() int { return len(strings.Join(c.Run, "' '")) }

// succeeds reports whether an exit status means success.
func (c Command) succeeds(status int) bool {
	if len(c.Exit) == 0 {
		return status == 0
	}
	return slices.Contains(c.Exit, status)
}
