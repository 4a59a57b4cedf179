package ssh

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
)

// connect signs in to the host, for as long as a command may run. The
// connection ends with the context.
func (s *System) connect(ctx context.Context, limit time.Duration) (*ssh.Client, error) {
	dialing, cancel := context.WithTimeout(ctx, slack)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(dialing, "tcp", s.config.Addr)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(slack)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	transport, channels, requests, err := ssh.NewClientConn(conn, s.config.Addr, &ssh.ClientConfig{
		User: s.config.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(s.signer)},
		HostKeyCallback: s.check, HostKeyAlgorithms: s.algorithms(conn.RemoteAddr()),
	})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	client := ssh.NewClient(transport, channels, requests)
	if err := conn.SetDeadline(time.Now().Add(limit + slack)); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return client, nil
}

// algorithms are those of the keys that are known of the host: asked for any, it
// might show a key that is not known beside one that is.
func (s *System) algorithms(remote net.Addr) []string {
	none, err := ssh.NewPublicKey(make(ed25519.PublicKey, ed25519.PublicKeySize))
	if err != nil {
		return nil
	}
	var known *knownhosts.KeyError
	if !errors.As(s.check(s.config.Addr, remote, none), &known) {
		return nil
	}
	var out []string
	for _, k := range known.Want {
		kinds := []string{k.Key.Type()}
		if kinds[0] == ssh.KeyAlgoRSA {
			kinds = []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
		}
		out = append(out, kinds...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// failure gives an error before the command was sent its kind: nothing was
// changed. It repeats nothing that names the address or the user.
func (s *System) failure(ctx context.Context, err error) error {
	var wrong *knownhosts.KeyError
	var revoked *knownhosts.RevokedError
	switch {
	case errors.As(err, &wrong) && len(wrong.Want) == 0:
		return incident.Errorf(incident.Forbidden, "the key of %s is not known: put it into its known_hosts_file once you have checked it", s.config.Name)
	case errors.As(err, &wrong):
		return incident.Errorf(incident.Forbidden, "%s shows another key than is known of it: it may be another host; find out before you change its known_hosts_file", s.config.Name)
	case errors.As(err, &revoked):
		return incident.Errorf(incident.Forbidden, "%s shows a key that was revoked", s.config.Name)
	case strings.Contains(err.Error(), "unable to authenticate"):
		return incident.Errorf(incident.Forbidden, "%s refuses the sign-in, check its user and key_file", s.config.Name)
	case strings.Contains(err.Error(), "no common algorithm"):
		return incident.Errorf(incident.Forbidden, "%s shows no key of a kind that is known of it, check its known_hosts_file", s.config.Name)
	}
	why := rest.Reason(err)
	if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
		why = "no answer in time"
	}
	return incident.Errorf(incident.Unavailable, "%s cannot be reached: %s", s.config.Name, why)
}
