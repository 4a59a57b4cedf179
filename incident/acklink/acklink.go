// Package acklink signs and verifies the tokens of acknowledge links. A token
// names the incident, the page and the person, expires, and can be made only
// with the key: whoever holds the link may acknowledge as that person, and
// nothing else. It is pure.
package acklink

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The errors of Verify.
var (
	// ErrForged says that the token was not made with this key, or was cut or
	// changed on its way.
	ErrForged = errors.New("the link is not genuine")
	// ErrExpired says that the token was genuine, and is too old.
	ErrExpired = errors.New("the link has expired")
)

// MinKey is the number of bytes that a signing key needs.
const MinKey = 32

// DefaultTTL is how long a link works when the Signer does not say.
const DefaultTTL = 24 * time.Hour

// maxToken bounds what Verify looks at.
const maxToken = 1000

// purpose keeps signatures of links apart from other uses of the same key.
const purpose = "tocsin acknowledge link 1\x00"

// Claims are what a token says.
type Claims struct {
	// Incident is the number, such as "INC-1042".
	Incident string
	// Page is the key of the page that carried the link.
	Page string
	// Also names the other incidents of a page that was sent for several: at
	// most as many as Fitting says.
	Also []string
	// Person is the id of whom the page was for.
	Person string
	// Expires is when the link stops working; Sign sets it.
	Expires time.Time
}

// Signer signs with a key that every process shares.
type Signer struct {
	// Key has at least MinKey bytes.
	Key []byte
	// TTL is how long a link works; zero means DefaultTTL.
	TTL time.Duration
}

type payload struct {
	Incident string `json:"i"`
	Page     string `json:"k"`
	Also     string `json:"a,omitempty"`
	Person   string `json:"p"`
	Expires  int64  `json:"x"`
}

// Validate says what is wrong with the signer's key, if anything.
func (s Signer) Validate() error {
	if len(s.Key) < MinKey {
		return fmt.Errorf("the key of acknowledge links has %d bytes: it needs at least %d", len(s.Key), MinKey)
	}
	return nil
}

// Sign returns a token for the claims, made only of letters, digits and "-_.".
// Equal claims at an equal time give the same token.
func (s Signer) Sign(c Claims, now time.Time) string {
	ttl := s.TTL
	if ttl == 0 {
		ttl = DefaultTTL
	}
	// A struct of strings and a number always encodes.
	body, _ := json.Marshal(payload{c.Incident, c.Page, pack(c.Also), c.Person, now.Add(ttl).Unix()})
	return encode(body) + "." + encode(s.mac(body))
}

// Verify returns what a genuine token says. Its error is ErrForged, or
// ErrExpired together with the claims. A signer without a proper key finds
// every token forged.
func (s Signer) Verify(token string, now time.Time) (Claims, error) {
	left, right, found := strings.Cut(token, ".")
	if !found || len(token) > maxToken || s.Validate() != nil {
		return Claims{}, ErrForged
	}
	body, err := decode(left)
	if err != nil {
		return Claims{}, ErrForged
	}
	sum, err := decode(right)
	if err != nil || !hmac.Equal(sum, s.mac(body)) {
		return Claims{}, ErrForged
	}
	var p payload
	if err := json.Unmarshal(body, &p); err != nil || p.Incident == "" || p.Person == "" {
		return Claims{}, ErrForged
	}
	claims := Claims{Incident: p.Incident, Page: p.Page, Also: unpack(p.Also), Person: p.Person, Expires: time.Unix(p.Expires, 0).UTC()}
	if !now.Before(claims.Expires) {
		return claims, ErrExpired
	}
	return claims, nil
}

func (s Signer) mac(body []byte) []byte {
	h := hmac.New(sha256.New, s.Key)
	h.Write([]byte(purpose))
	h.Write(body)
	return h.Sum(nil)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// decode is strict, so that no second spelling of a token is accepted.
func decode(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") { // which base64 would pass over
		return nil, ErrForged
	}
	return base64.RawURLEncoding.Strict().DecodeString(text)
}
