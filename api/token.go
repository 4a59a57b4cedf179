package api

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// The scopes of a token. ScopeAdmin includes all the others.
const (
	ScopeAlerts  = "alerts"
	ScopeRead    = "read"
	ScopeRespond = "respond"
	ScopeCatalog = "catalog"
	ScopeMetrics = "metrics"
	ScopeAdmin   = "admin"
)

// MintToken makes a new token. Its text goes to its owner and nowhere else;
// the store keeps HashToken of it.
func MintToken() string { return mintSecret("toc_") }

// mintSecret makes 256 random bits, with a prefix that says what they open.
func mintSecret(prefix string) string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: see crypto/rand
	return prefix + base64.RawURLEncoding.EncodeToString(b)
}

// HashToken returns what the store keeps of a token: its SHA-256 in
// hexadecimal. A token is 256 random bits, so that a slow hash would protect
// nothing more.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
